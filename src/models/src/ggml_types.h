// ggml's kinds of numbers, as GGUF and whisper.cpp's files store them (ggml.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::models {

struct GgmlType {
  std::uint32_t number;
  std::string_view name;
  std::uint32_t block;  // elements that are stored together; a row is a multiple of it
  std::uint32_t bytes;  // of a block
};
// nullptr: a newer ggml's, or nonsense.
const GgmlType* find_ggml_type(std::uint32_t number) noexcept;
const GgmlType* find_ggml_type(std::string_view name) noexcept;
// "Q4_K", or "type 41" for what is not known here.
std::string ggml_type_name(std::uint32_t number);

// What llama.cpp calls a file whose tensors are mostly of one kind ("Q4_K_M"); empty for an unknown number.
std::string_view file_type_name(std::uint32_t number) noexcept;

}  // namespace hearth::models
