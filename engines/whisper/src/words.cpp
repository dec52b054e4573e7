#include "words.h"

#include <hearth/core/scripts.h>
#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>

namespace hearth::whisper {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What touches the word after it …
constexpr std::u32string_view kOpening = U"\"'(<[{«¿¡‘“„‹「『《〈【（［｛-";
// … and what touches the word before it.
constexpr std::u32string_view kClosing = U"\"'.,!?:;)>]}»’”›…、。，．！？：；」』》〉】）］｝%-";

// `text` is well-formed.
std::u32string characters(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    out += first_character(text);
    text.remove_prefix(n);
  }
  return out;
}

// May more bytes make a character of these? At most three bytes that begin well.
bool is_unfinished(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > 3) return false;
  constexpr std::array<std::string_view, 3> kTails{"\x80\x80\x80", "\x90\x80\x80", "\xA0\x80\x80"};
  return std::ranges::any_of(kTails, [&](std::string_view tail) {
    for (std::size_t n = 1; n <= tail.size(); ++n) {
      const std::string whole = std::string(bytes) + std::string(tail.substr(0, n));
      if (utf8_sequence_length(whole) == whole.size()) return true;
    }
    return false;
  });
}

// Tokens that together are whole characters.
struct Piece {
  Word word;
  int tokens = 0;
};

// Moves the whole characters from `pending` to the end of `out`; bytes that can never be one become U+FFFD.
void take_characters(std::string& pending, std::string& out) {
  std::string_view rest = pending;
  while (!rest.empty()) {
    const std::size_t n = utf8_sequence_length(rest);
    if (n > 0) {
      out += rest.substr(0, n);
      rest.remove_prefix(n);
    } else if (is_unfinished(rest)) {
      break;
    } else {
      out += kReplacement;
      rest.remove_prefix(1);
    }
  }
  pending = std::string(rest);
}

std::vector<Piece> pieces_of(std::span<const Token> tokens) {
  std::vector<Piece> pieces;
  std::string pending;
  Piece open;
  for (const Token& token : tokens) {
    if (token.bytes.empty()) continue;
    if (open.tokens == 0) open.word.start = token.start;
    open.word.end = std::max(token.end, open.word.start);
    open.word.probability += token.probability;
    ++open.tokens;
    pending += token.bytes;
    take_characters(pending, open.word.text);
    if (!pending.empty()) continue;
    pieces.push_back(std::move(open));
    open = {};
  }
  if (open.tokens == 0) return pieces;
  for (std::size_t i = 0; i < pending.size(); ++i) open.word.text += kReplacement;
  pieces.push_back(std::move(open));
  return pieces;
}

bool only(std::u32string_view wanted, std::u32string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [&](char32_t c) { return wanted.find(c) != std::u32string_view::npos; });
}

// Does `piece` go on with the word that ends in `before`?
bool joins(std::string_view before, std::string_view piece) {
  const std::u32string bare_before = characters(trimmed(before));
  const std::u32string bare = characters(trimmed(piece));
  if (bare.empty()) return true;
  if (only(kOpening, bare_before)) return !is_space(piece.front());
  if (is_space(piece.front()) || is_space(before.back())) return false;
  if (only(kClosing, bare)) return true;
  return !writes_without_spaces(bare.front()) && (bare_before.empty() || !writes_without_spaces(bare_before.back()));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<Word> words_of(std::span<const Token> tokens) {
  std::vector<Piece> words;
  for (Piece& piece : pieces_of(tokens)) {
    if (words.empty() || !joins(words.back().word.text, piece.word.text)) {
      words.push_back(std::move(piece));
      continue;
    }
    Piece& last = words.back();
    last.word.text += piece.word.text;
    last.word.end = std::max(last.word.end, piece.word.end);
    last.word.probability += piece.word.probability;
    last.tokens += piece.tokens;
  }
  std::vector<Word> out;
  for (Piece& piece : words) {
    if (trimmed(piece.word.text).empty()) continue;
    piece.word.probability /= piece.tokens;
    out.push_back(std::move(piece.word));
  }
  return out;
}

std::string text_of(std::span<const Word> words) {
  std::string text;
  for (const Word& word : words) text += word.text;
  return std::string(trimmed(text));
}

}  // namespace hearth::whisper
