// A BERT vocabulary read from text (vocab.txt): the lexicon of models that compute with their own token ids.
#pragma once

#include "wordpiece_algorithm.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::embed {

enum class LetterCase { lower, kept };  // lower: accents are dropped, too, as uncased models want it

// Immutable; any thread.
class Vocabulary {
 public:
  using Id = std::uint32_t;  // the line's number, from 0
  static constexpr Id kNone = 0xFFFFFFFF;

  // One token a line, "##ing" continues a word. invalid_argument: no [UNK], [CLS] or [SEP], more than a million tokens,
  // one longer than 500 bytes or not UTF-8.
  static Result<Vocabulary> parse(std::string_view text, LetterCase letters);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Id first_mark() const { return first_; }  // [CLS]
  [[nodiscard]] Id last_mark() const { return last_; }    // [SEP]

  // What BasicWordPiece asks.
  [[nodiscard]] Id unknown_row() const { return unknown_; }
  [[nodiscard]] static std::uint32_t max_word_chars() { return 100; }
  [[nodiscard]] std::uint16_t char_code(std::uint32_t code_point) const { return codes_[code_point]; }
  [[nodiscard]] const CharRecord& char_record(std::uint16_t code) const {
    return records_[static_cast<std::size_t>(code - kCharFirstRecord)];
  }
  [[nodiscard]] std::uint32_t trie_child(std::uint32_t node, unsigned char byte) const {
    const auto at = children_.find(std::uint64_t{node} << 8U | byte);
    return at == children_.end() ? 0 : at->second;
  }
  [[nodiscard]] Id trie_value(std::uint32_t node) const { return values_[node]; }

 private:
  Vocabulary() = default;
  void add(std::string_view token, Id id);
  void map_characters(const std::vector<bool>& known, LetterCase letters);

  std::size_t size_ = 0;
  Id unknown_ = kNone;
  Id first_ = kNone;
  Id last_ = kNone;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;
  std::vector<Id> values_;
  std::vector<std::uint16_t> codes_;
  std::vector<CharRecord> records_;
};

}  // namespace hearth::embed
