// A place in a text that rules read on from. Copyable: a rule that does not match leaves its caller's copy alone.
#pragma once

#include "chars.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::speech {

// What a rule found: how many bytes of the text it takes and what is said instead.
struct Spoken {
  std::size_t length;
  std::string words;
};
using Match = std::optional<Spoken>;

class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), start_(at), at_(at) {}

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t length() const { return at_ - start_; }
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] CodePoint next() const { return code_point_at(text_, at_); }
  [[nodiscard]] char32_t before() const { return code_point_before(text_, at_); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  void skip(std::size_t bytes) { at_ += bytes; }
  void move_to(std::size_t at) { at_ = at; }

  bool accept(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  // The longest prefix wins only if the caller lists it first.
  std::optional<std::size_t> accept_any(std::initializer_list<std::string_view> words) {
    std::size_t index = 0;
    for (const std::string_view word : words) {
      if (accept(word)) return index;
      ++index;
    }
    return std::nullopt;
  }
  // One blank (ASCII, or a no-break one), if there is one.
  bool accept_blank() {
    const CodePoint c = next();
    if (c.value != ' ' && c.value != 0xA0 && c.value != 0x202F && c.value != 0x2009) return false;
    at_ += c.length;
    return true;
  }
  // Between `low` and `high` digits, and no further digit after them; else nothing is taken.
  std::optional<std::string_view> digits(std::size_t low, std::size_t high) {
    std::size_t n = 0;
    while (n <= high && is_digit(peek(n))) ++n;
    if (n < low || n > high) return std::nullopt;
    const std::string_view found = text_.substr(at_, n);
    at_ += n;
    return found;
  }
  // Does a word end here: is what follows neither letter nor digit? An underscore belongs to words.
  [[nodiscard]] bool at_word_end() const {
    const char32_t c = next().value;
    return !is_word(c) && c != '_';
  }
  // The same, where Han may follow: Chinese has no spaces between words.
  [[nodiscard]] bool at_loose_end() const {
    const CodePoint c = next();
    return at_word_end() || script_of(c.value) == Script::han;
  }

 private:
  std::string_view text_;
  std::size_t start_;
  std::size_t at_;
};

inline int to_int(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace hearth::speech
