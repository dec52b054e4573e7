// BERT's uncased tokeniser: text to rows of the table. Gives the same ids as Hugging Face's `tokenizers` with the same
// vocabulary and no special tokens (so text that spells "[CLS]" is text).
#pragma once

#include "table.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hearth::embed {

// Refers to the table, which must outlive it. Immutable after construction; any thread.
class WordPiece {
 public:
  explicit WordPiece(const TableView& table);

  // Appends the text's tokens to `ids`. Bytes that are not UTF-8 are dropped, as the reference drops U+FFFD.
  void tokenize(std::string_view text, std::vector<std::uint16_t>& ids) const;

 private:
  class Word;

  void add_code_point(std::uint32_t code_point, Word& word, std::vector<std::uint16_t>& ids) const;
  void apply(std::uint16_t code, Word& word, std::vector<std::uint16_t>& ids) const;
  void end_word(Word& word, std::vector<std::uint16_t>& ids) const;
  // Greedy longest match, first from the word root, then from the continuation root.
  void match(std::string_view word, std::vector<std::uint16_t>& ids) const;

  const TableView* table_;
  // The map of ASCII: the byte a character becomes, or one of the values below (no text byte is that small).
  static constexpr char kDrop = 0;
  static constexpr char kSpace = 1;
  static constexpr char kSlow = 2;  // punctuation, and whatever else the full map must decide
  std::array<char, 128> ascii_{};
};

}  // namespace hearth::embed
