#include "src/characters.h"

#include <hearth/trim/estimate.h>

#include <algorithm>

namespace hearth::trim {
namespace {

enum class Sort { letters, digits, blanks, marks, others };

Sort sort_of(char c) noexcept {
  if (is_letter(c)) return Sort::letters;
  if (is_digit(c)) return Sort::digits;
  if (is_blank(c) || c == '\n') return Sort::blanks;
  return static_cast<unsigned char>(c) < 0x80 ? Sort::marks : Sort::others;
}

// A vocabulary has most English words whole, other runs of letters in pieces, digits in threes, marks in twos; of other
// scripts about a token a character.
std::uint64_t tokens_of_run(Sort sort, std::size_t length) noexcept {
  constexpr std::size_t kWord = 7;
  constexpr std::size_t kPiece = 4;
  switch (sort) {
    case Sort::letters:
      return length <= kWord ? 1 : 1 + (length - kWord + kPiece - 1) / kPiece;
    case Sort::digits:
      return (length + 2) / 3;
    case Sort::marks:
      return (length + 1) / 2;
    case Sort::blanks:
      return length == 1 ? 0 : 1;  // one goes with the word behind it
    case Sort::others:
      return (length + 2) / 3;
  }
  return 1;
}

}  // namespace

std::uint64_t estimated_tokens(std::string_view text) noexcept {
  std::uint64_t tokens = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const Sort sort = sort_of(text[i]);
    std::size_t end = i + 1;
    while (end < text.size() && sort_of(text[end]) == sort) ++end;
    // In random letters and digits nothing is a word.
    tokens += text[i] == '\n' && end == i + 1 ? 1 : tokens_of_run(sort, end - i);
    i = end;
  }
  return tokens;
}

}  // namespace hearth::trim
