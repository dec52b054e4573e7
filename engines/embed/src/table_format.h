// The embedding table's file, format 1. Little-endian; tools/distill/table_file.py writes it, docs/embedding-table.md
// describes it for people.
//
// A header of 256 bytes, then sections, each aligned to 64 bytes. Everything the engine looks up lies ready: nothing is
// parsed at start, only checked.
#pragma once

#include "char_code.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hearth::embed {

static_assert(std::endian::native == std::endian::little, "the data files are mapped as they are");

enum class Section : std::size_t {
  weights,         // int8[rows][dims]: a row of the table, its frequency weight folded in
  scales,          // float[rows]: what a row's integers are multiplied with
  trie_units,      // uint32[n]: base << 8 | label (see Trie)
  trie_values,     // uint16[n]: the row of the token that ends in this node, or kNoToken
  char_index,      // uint16[0x110000 / 64]: the page of each 64 code points
  char_pages,      // uint16[pages][64]: a CharCode
  char_records,    // CharRecord[]: what characters become
  string_offsets,  // uint32[rows + 1] into strings
  strings,         // the tokens' text, for people and tools
};
inline constexpr std::size_t kSections = 9;

struct SectionSpan {
  std::uint32_t offset;
  std::uint32_t bytes;
};

struct TableHeader {
  std::array<char, 8> magic;
  std::uint64_t checksum;  // of all that follows this field, to the end of the file
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t file_bytes;
  std::uint32_t rows;
  std::uint32_t dims;
  std::uint32_t unknown_row;     // the token that stands for a word nothing is known of
  std::uint32_t max_word_chars;  // longer words are unknown
  std::array<std::uint8_t, 32> teacher_sha256;
  std::array<char, 48> model;  // the model's id, padded with NUL
  std::array<SectionSpan, kSections> sections;
  std::array<std::uint8_t, 56> reserved;
};
static_assert(sizeof(TableHeader) == 256);

inline constexpr std::array<char, 8> kTableMagic{'H', 'E', 'M', 'B', 'T', 'A', 'B', '\0'};
inline constexpr std::size_t kChecksumEnd = 16;  // the checksum covers the file from here
inline constexpr std::uint32_t kTableVersion = 1;
inline constexpr std::uint16_t kNoToken = 0xFFFF;
inline constexpr std::size_t kMaxTableBytes = 64U << 20U;
inline constexpr std::uint32_t kMaxDims = 4096;

inline constexpr std::size_t kCharPage = 64;

}  // namespace hearth::embed
