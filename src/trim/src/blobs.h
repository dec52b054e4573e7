// Files in the middle of a text, as base64: nothing that a model can read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

struct Blob {
  std::size_t offset = 0;  // in the text, of all that stands for the file: "data:…" included
  std::size_t length = 0;
  std::string bytes;        // decoded
  std::string_view type;    // "image/png", by its first bytes; else what was said of it; else empty
  std::string_view said{};  // of a data: URL
};

// Two kilobytes of base64 or more each, in one line or in lines of one length. Keys and certificates between their
// markers (PEM) are none. In order.
std::vector<Blob> find_blobs(std::string_view text);
// What remains of it: type, size and the beginning of its SHA-256.
std::string note_of(const Blob& blob);
// `text` with notes. nullopt: there are none.
std::optional<std::string> note_blobs(std::string_view text);

}  // namespace hearth::trim
