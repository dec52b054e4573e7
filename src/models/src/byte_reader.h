// Reads a file of unknown honesty from front to back: little-endian numbers and texts, never past its end, never past a
// bound, in a buffer of fixed size.
//
// The first failure stays: from then on every read gives zero or nothing and `failed()` is true. So a parser checks
// once a loop, not once a number; a count that was read must be checked before it is used as a bound.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

// Where bytes come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  // Fills `into`, which lies inside. io_error; corrupt: the file has become shorter meanwhile.
  virtual Result<void> read(std::uint64_t offset, std::span<char> into) = 0;
};

class FileSource final : public ByteSource {
 public:
  // not_found, io_error; unsupported: not a regular file.
  static Result<FileSource> open(const std::filesystem::path& path);
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  Result<void> read(std::uint64_t offset, std::span<char> into) override;

 private:
  FileSource(Fd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}
  Fd fd_;
  std::uint64_t size_;
};

// Bytes that outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<void> read(std::uint64_t offset, std::span<char> into) override {
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return {};
  }

 private:
  std::string_view bytes_;
};

class ByteReader {
 public:
  // Reads [begin, end) of `source`, which outlives it and is at least `end` long; nothing when it ends before it
  // begins.
  ByteReader(ByteSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(source), buffer_(kBuffer), position_(begin), end_(end < begin ? begin : end) {}

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return failed() ? 0 : end_ - position_; }
  [[nodiscard]] bool at_end() const noexcept { return remaining() == 0; }
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  // Of the first failure; only when there was one.
  [[nodiscard]] std::unexpected<Error> failure() const { return std::unexpected(*error_); }
  // Marks what was read as wrong, at the byte `at` (by default: here).
  void fail_at(std::uint64_t at, std::string_view what);
  void fail_here(std::string_view what) { fail_at(position_, what); }

  template <std::integral T>
  T number() {
    std::array<char, sizeof(T)> raw{};
    fill(raw);
    T value{};
    std::memcpy(&value, raw.data(), sizeof(T));
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    return value;
  }
  float real32() { return std::bit_cast<float>(number<std::uint32_t>()); }
  double real64() { return std::bit_cast<double>(number<std::uint64_t>()); }

  // `length` bytes as a text; fails when that is over `most` or past the end. `what` names it in the message.
  std::string text(std::uint64_t length, std::uint64_t most, std::string_view what);
  // The first `most` bytes of `length`, the others skipped.
  std::string text_prefix(std::uint64_t length, std::uint64_t most, std::string_view what);
  void skip(std::uint64_t count, std::string_view what);
  // Protobuf's base-128 number.
  std::uint64_t varint();
  // Later reads end there; it may only move to the front.
  void set_end(std::uint64_t end) noexcept { end_ = end < end_ ? end : end_; }
  // Ends this part of a nested message: back to the end of the one around it.
  void restore_end(std::uint64_t end) noexcept { end_ = end; }

 private:
  static constexpr std::size_t kBuffer = 64 * 1024;
  void fill(std::span<char> into);
  bool load();  // makes the byte at position_ available in the buffer

  ByteSource& source_;
  std::vector<char> buffer_;
  std::uint64_t buffer_at_ = 0;
  std::size_t buffered_ = 0;
  std::uint64_t position_;
  std::uint64_t end_;
  std::optional<Error> error_;
};

}  // namespace hearth::models
