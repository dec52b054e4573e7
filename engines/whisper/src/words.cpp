#include "words.h"

#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>

namespace hearth::whisper {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct Range {
  char32_t first;
  char32_t last;
};
bool in(std::span<const Range> ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](const Range& r) { return c >= r.first && c <= r.last; });
}

// Scripts that put no space between words.
constexpr std::array kUnspaced{Range{0x0E00, 0x0EFF},  Range{0x1000, 0x109F}, Range{0x1780, 0x17FF},
                               Range{0x2E80, 0x2FDF},  Range{0x3005, 0x3007}, Range{0x3040, 0x312F},
                               Range{0x3190, 0x31FF},  Range{0x3400, 0x4DBF}, Range{0x4E00, 0x9FFF},
                               Range{0xF900, 0xFAFF},  Range{0xFF66, 0xFF9D}, Range{0x1B000, 0x1B16F},
                               Range{0x20000, 0x3FFFF}};
// What touches the word after it …
constexpr std::u32string_view kOpening = U"\"'(<[{«¿¡‘“„‹「『《〈【（［｛-";
// … and what touches the word before it.
constexpr std::u32string_view kClosing = U"\"'.,!?:;)>]}»’”›…、。，．！？：；」』》〉】）］｝%-";

char32_t decode(std::string_view text, std::size_t length) {
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  if (length == 1) return at(0);
  char32_t c = at(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = (c << 6U) | (at(i) & 0x3FU);
  return c;
}

// `text` is well-formed.
std::u32string characters(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    out += decode(text, n);
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
  return !in(kUnspaced, bare.front()) && (bare_before.empty() || !in(kUnspaced, bare_before.back()));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool wants_space(std::string_view before, std::string_view after) {
  constexpr Range kWidePunctuation[]{{0x3000, 0x303F}, {0xFF00, 0xFF65}};
  const auto unspaced = [&](char32_t c) { return in(kUnspaced, c) || in(kWidePunctuation, c); };
  const std::u32string last = characters(before);
  const std::u32string first = characters(after);
  return !last.empty() && !first.empty() && !(unspaced(last.back()) && unspaced(first.front()));
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
