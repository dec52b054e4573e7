// Writes the answer to POST /v1/embeddings: OpenAI's shape, built up in a string.
#pragma once

#include "embedder.h"
#include "request.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace hearth::embed {

// begin_list, then each vector with its index (from 0), then end_list.
void begin_list(std::string& out);
void append_vector(std::string& out, std::size_t index, std::span<const Component> vector, Encoding encoding);
void end_list(std::string& out, std::string_view model, std::size_t tokens);

// How many bytes append_vector() adds at most for `dims` components.
std::size_t vector_bytes(std::size_t dims, Encoding encoding);

}  // namespace hearth::embed
