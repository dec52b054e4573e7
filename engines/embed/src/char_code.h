// What the tokeniser knows of characters and where its tries begin: shared by the embedding table's file and by
// vocabularies that are read from text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hearth::embed {

// What becomes of a code point before words are looked up; from kCharFirstRecord on, the number of its record.
inline constexpr std::uint16_t kCharDrop = 0;           // control, format, combining mark
inline constexpr std::uint16_t kCharSpace = 1;          // ends a word
inline constexpr std::uint16_t kCharUnknownLetter = 2;  // its word is unknown
inline constexpr std::uint16_t kCharUnknownAlone = 3;   // punctuation or ideograph, a word of its own, unknown
inline constexpr std::uint16_t kCharHangul = 4;         // a syllable: taken apart by arithmetic
inline constexpr std::uint16_t kCharFirstRecord = 5;

struct CharRecord {
  std::uint8_t bytes;  // of text
  std::uint8_t chars;
  std::uint8_t alone;  // 1: a word of its own
  std::uint8_t reserved;
  std::array<char, 12> text;  // UTF-8
};
static_assert(sizeof(CharRecord) == 16);

inline constexpr std::uint32_t kWordRoot = 256;
inline constexpr std::uint32_t kContinuationRoot = 257;
inline constexpr std::size_t kCodePoints = 0x110000;

}  // namespace hearth::embed
