// Small data files built in memory, right in every detail, for tests that then spoil one.
#pragma once

#include "table_format.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::embed::test {

// A file's bytes, aligned as a mapping is.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::string_view bytes);
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes(AlignedBytes&&) = default;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  AlignedBytes& operator=(AlignedBytes&&) = delete;
  ~AlignedBytes() = default;
  [[nodiscard]] std::span<std::byte> bytes() { return {start_, size_}; }
  [[nodiscard]] std::span<const std::byte> view() const { return {start_, size_}; }
  [[nodiscard]] TableHeader& header() { return *reinterpret_cast<TableHeader*>(start_); }
  // Makes the checksum fit the content again.
  void seal();
  void truncate(std::size_t size) { size_ = size; }

 private:
  std::vector<std::byte> storage_;
  std::byte* start_;
  std::size_t size_;
};

// A table of `dims` dimensions with the tokens [UNK], "red", "green", "gr", "##een", "##s" and "."; row r is 1 in
// dimension r % dims, and its scale is r + 1. It knows ASCII letters, space and ".", and drops all else.
AlignedBytes tiny_table(std::uint32_t dims = 8);
inline constexpr std::uint16_t kUnk = 0;
inline constexpr std::uint16_t kRed = 1;
inline constexpr std::uint16_t kGreen = 2;
inline constexpr std::uint16_t kGr = 3;
inline constexpr std::uint16_t kEen = 4;
inline constexpr std::uint16_t kS = 5;
inline constexpr std::uint16_t kDot = 6;

// A cl100k file with these tokens.
AlignedBytes tiny_cl100k(const std::vector<std::string>& tokens);

}  // namespace hearth::embed::test
