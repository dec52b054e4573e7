// Text of cl100k_base's token ids: clients written for OpenAI's models send those instead of text.
#pragma once

#include "mapped_file.h"

#include <hearth/core/error.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

namespace hearth::embed {

// The file's header, 64 bytes; tools/cl100k/pack.py writes the file. Then, back to back, each aligned to 4 bytes:
// uint32 starts[ceil(tokens / kBlock) + 1]: where a block's bytes begin; uint8 lengths[tokens]; the tokens' bytes.
struct Cl100kHeader {
  std::array<char, 8> magic;
  std::uint64_t checksum;  // of all that follows this field
  std::uint32_t version;
  std::uint32_t tokens;
  std::uint32_t text_bytes;
  std::array<std::uint8_t, 36> reserved;
};
static_assert(sizeof(Cl100kHeader) == 64);

// Views into the file's bytes, checked by parse(). Immutable; any thread.
class Cl100kView {
 public:
  static constexpr std::uint32_t kBlock = 16;
  static constexpr std::size_t kMaxTokenBytes = 255;

  // `bytes` must be aligned to 4 and outlive the view. corrupt, with what is wrong.
  static Result<Cl100kView> parse(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(lengths_.size()); }
  // A token's bytes (not always whole UTF-8 characters); nullopt for an id that is no text token.
  [[nodiscard]] std::optional<std::string_view> text(std::uint64_t id) const noexcept;

 private:
  std::span<const std::uint32_t> starts_;
  std::span<const std::uint8_t> lengths_;
  std::string_view text_;
};

// The vocabulary and the file it lies in.
class Cl100k {
 public:
  // not_found, io_error, too_large, corrupt.
  static Result<Cl100k> open(const std::filesystem::path& path);
  [[nodiscard]] const Cl100kView& view() const noexcept { return view_; }

 private:
  Cl100k(MappedFile file, const Cl100kView& view) : file_(std::move(file)), view_(view) {}
  MappedFile file_;
  Cl100kView view_;
};

}  // namespace hearth::embed
