// BERT's tokeniser: text to token ids, over any lexicon: the embedding table's, or a vocabulary read from a file. Gives
// the same ids as Hugging Face's `tokenizers` with the same vocabulary and no special tokens (so text that spells
// "[CLS]" is text).
//
// A Lexicon has: `Id`, its tokens' type, and `kNone`, which is no token; char_code(code point), a CharCode, and
// char_record(code); trie_child(node, byte), 0 if there is none, and trie_value(node), from the nodes kWordRoot and
// kContinuationRoot on; unknown_row() and max_word_chars().
#pragma once

#include "char_code.h"

#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace hearth::embed {
namespace wordpiece_detail {

// Unicode 15, section 3.12: a Hangul syllable is a leading consonant, a vowel and perhaps a trailing consonant.
constexpr std::uint32_t kHangulFirst = 0xAC00;
constexpr std::uint32_t kHangulLead = 0x1100;
constexpr std::uint32_t kHangulVowel = 0x1161;
constexpr std::uint32_t kHangulTrail = 0x11A7;
constexpr std::uint32_t kVowels = 21;
constexpr std::uint32_t kTrails = 28;

// `text` begins with a well-formed sequence of `length` bytes.
inline std::uint32_t decode(std::string_view text, std::size_t length) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  switch (length) {
    case 1:
      return at(0);
    case 2:
      return (at(0) & 0x1FU) << 6U | (at(1) & 0x3FU);
    case 3:
      return (at(0) & 0x0FU) << 12U | (at(1) & 0x3FU) << 6U | (at(2) & 0x3FU);
    default:
      return (at(0) & 0x07U) << 18U | (at(1) & 0x3FU) << 12U | (at(2) & 0x3FU) << 6U | (at(3) & 0x3FU);
  }
}

// The word under construction: its bytes after mapping. Past the limits it only remembers that it is unknown.
class Word {
 public:
  explicit Word(std::uint32_t max_chars) : max_chars_(max_chars) {}

  void add(char byte) {
    ++chars_;
    if (size_ == bytes_.size()) {
      unknown_ = true;
    } else {
      bytes_[size_++] = byte;
    }
  }
  void add(const CharRecord& record) {
    chars_ += record.chars;
    if (bytes_.size() - size_ < record.bytes) {
      unknown_ = true;
    } else {
      std::memcpy(bytes_.data() + size_, record.text.data(), record.bytes);
      size_ += record.bytes;
    }
  }
  void add_unknown() {
    ++chars_;
    unknown_ = true;
  }
  [[nodiscard]] bool empty() const { return chars_ == 0; }
  [[nodiscard]] bool unknown() const { return unknown_ || chars_ > max_chars_; }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }
  void clear() {
    size_ = 0;
    chars_ = 0;
    unknown_ = false;
  }

 private:
  std::uint32_t max_chars_;
  std::size_t size_ = 0;
  std::size_t chars_ = 0;
  bool unknown_ = false;
  std::array<char, 4000> bytes_;  // NOLINT(cppcoreguidelines-pro-type-member-init): four for each of the 1000 allowed
};

}  // namespace wordpiece_detail

// Refers to the lexicon, which must outlive it. Immutable after construction; any thread.
template <typename Lexicon>
class BasicWordPiece {
 public:
  using Id = typename Lexicon::Id;
  explicit BasicWordPiece(const Lexicon& lexicon);

  // Appends the text's tokens to `ids`. Bytes that are not UTF-8 are dropped, as the reference drops U+FFFD.
  void tokenize(std::string_view text, std::vector<Id>& ids) const;

 private:
  void add_code_point(std::uint32_t code_point, wordpiece_detail::Word& word, std::vector<Id>& ids) const;
  void apply(std::uint16_t code, wordpiece_detail::Word& word, std::vector<Id>& ids) const;
  void end_word(wordpiece_detail::Word& word, std::vector<Id>& ids) const;
  // Greedy longest match, first from the word root, then from the continuation root.
  void match(std::string_view word, std::vector<Id>& ids) const;

  const Lexicon* lexicon_;
  // The map of ASCII: the byte a character becomes, or one of the values below (no text byte is that small).
  static constexpr char kDrop = 0;
  static constexpr char kSpace = 1;
  static constexpr char kSlow = 2;  // punctuation, and whatever else the full map must decide
  std::array<char, 128> ascii_{};
};

template <typename Lexicon>
BasicWordPiece<Lexicon>::BasicWordPiece(const Lexicon& lexicon) : lexicon_(&lexicon) {
  for (std::uint32_t c = 0; c < ascii_.size(); ++c) {
    const std::uint16_t code = lexicon.char_code(c);
    char& becomes = ascii_[c];
    becomes = kSlow;
    if (code == kCharDrop) becomes = kDrop;
    if (code == kCharSpace) becomes = kSpace;
    if (code < kCharFirstRecord) continue;
    const CharRecord& record = lexicon.char_record(code);
    if (record.bytes == 1 && record.alone == 0 && record.text[0] > kSlow) becomes = record.text[0];
  }
}

template <typename Lexicon>
void BasicWordPiece<Lexicon>::tokenize(std::string_view text, std::vector<Id>& ids) const {
  wordpiece_detail::Word word(lexicon_->max_word_chars());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < ascii_.size()) {
      text.remove_prefix(1);
      const char becomes = ascii_[first];
      if (becomes > kSlow) {
        word.add(becomes);
      } else if (becomes == kSpace) {
        end_word(word, ids);
      } else if (becomes == kSlow) {
        apply(lexicon_->char_code(first), word, ids);
      }
      continue;
    }
    const std::size_t length = utf8_sequence_length(text);
    if (length > 0) add_code_point(wordpiece_detail::decode(text, length), word, ids);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  end_word(word, ids);
}

template <typename Lexicon>
void BasicWordPiece<Lexicon>::add_code_point(std::uint32_t code_point, wordpiece_detail::Word& word,
                                             std::vector<Id>& ids) const {
  const std::uint16_t code = lexicon_->char_code(code_point);
  if (code != kCharHangul || code_point < wordpiece_detail::kHangulFirst) return apply(code, word, ids);
  const std::uint32_t syllable = code_point - wordpiece_detail::kHangulFirst;
  const std::uint32_t trail = syllable % wordpiece_detail::kTrails;
  apply(lexicon_->char_code(wordpiece_detail::kHangulLead +
                            syllable / (wordpiece_detail::kVowels * wordpiece_detail::kTrails)),
        word, ids);
  apply(lexicon_->char_code(wordpiece_detail::kHangulVowel +
                            syllable / wordpiece_detail::kTrails % wordpiece_detail::kVowels),
        word, ids);
  if (trail != 0) apply(lexicon_->char_code(wordpiece_detail::kHangulTrail + trail), word, ids);
}

template <typename Lexicon>
void BasicWordPiece<Lexicon>::apply(std::uint16_t code, wordpiece_detail::Word& word, std::vector<Id>& ids) const {
  switch (code) {
    case kCharDrop:
      return;
    case kCharSpace:
      return end_word(word, ids);
    case kCharHangul:  // only a damaged map says this of a part of a syllable
    case kCharUnknownLetter:
      return word.add_unknown();
    case kCharUnknownAlone:
      end_word(word, ids);
      return ids.push_back(static_cast<Id>(lexicon_->unknown_row()));
    default:
      break;
  }
  const CharRecord& record = lexicon_->char_record(code);
  if (record.alone != 0) end_word(word, ids);
  word.add(record);
  if (record.alone != 0) end_word(word, ids);
}

template <typename Lexicon>
void BasicWordPiece<Lexicon>::end_word(wordpiece_detail::Word& word, std::vector<Id>& ids) const {
  if (word.empty()) return;
  if (word.unknown()) {
    ids.push_back(static_cast<Id>(lexicon_->unknown_row()));
  } else {
    match(word.text(), ids);
  }
  word.clear();
}

template <typename Lexicon>
void BasicWordPiece<Lexicon>::match(std::string_view word, std::vector<Id>& ids) const {
  const std::size_t before = ids.size();
  std::uint32_t root = kWordRoot;
  for (std::size_t start = 0; start < word.size();) {
    Id longest = Lexicon::kNone;
    std::size_t end = start;
    std::uint32_t node = root;
    for (std::size_t i = start; i < word.size(); ++i) {
      node = lexicon_->trie_child(node, static_cast<unsigned char>(word[i]));
      if (node == 0) break;
      if (const Id value = lexicon_->trie_value(node); value != Lexicon::kNone) {
        longest = value;
        end = i + 1;
      }
    }
    if (longest == Lexicon::kNone) {  // one part that is unknown makes the whole word so
      ids.resize(before);
      return ids.push_back(static_cast<Id>(lexicon_->unknown_row()));
    }
    ids.push_back(longest);
    start = end;
    root = kContinuationRoot;
  }
}

}  // namespace hearth::embed
