#include "normalise.h"

#include "chars.h"
#include "markup.h"
#include "rules.h"

namespace hearth::speech {
namespace {

constexpr std::size_t kLookahead = 96;  // bytes in which the first letter of a text is looked for

class Walker {
 public:
  Walker(std::string_view text, const NormaliseFor& languages)
      : text_(text), languages_(languages), rules_(languages.start) {
    out_.reserve(text.size() + text.size() / 4);
    // A number that opens the text belongs to what follows it; where Chinese is expected, a unit's "kg" is no proof of
    // English.
    for (std::size_t i = 0; i < text.size() && i < kLookahead && rules_ != Rules::chinese;) {
      const CodePoint c = code_point_at(text, i);
      if (hear(c.value)) break;
      i += c.length;
    }
  }

  std::string walk() {
    while (at_ < text_.size()) {
      if (const Match found = match()) {
        append(*found);
      } else {
        copy();
      }
    }
    return std::move(out_);
  }

 private:
  // Does this letter say which language goes on?
  bool hear(char32_t c) {
    switch (script_of(c)) {
      case Script::common:
        return false;
      case Script::latin:
        rules_ = languages_.latin;
        return true;
      case Script::han:
        rules_ = languages_.han;
        return true;
      default:
        rules_ = Rules::none;
        return true;
    }
  }

  [[nodiscard]] Match match() const {
    const Reader here(text_, at_);
    const char32_t c = here.next().value;
    const char32_t before = here.before();
    const bool inside_word = is_word(before) && script_of(before) != Script::han;
    if (is_letter(c) && script_of(c) == Script::latin) return inside_word ? std::nullopt : at_latin_letter(here);
    if (rules_ == Rules::none || is_blank(c)) return std::nullopt;
    return rules_ == Rules::chinese ? at_chinese_sign(here, inside_word) : at_english_sign(here, inside_word);
  }

  [[nodiscard]] Match at_latin_letter(const Reader& here) const {
    if (languages_.latin != Rules::english) return std::nullopt;
    if (auto found = address(here)) return found;
    if (auto found = english::abbreviation(here)) return found;
    if (auto found = english::month_and_day(here)) return found;
    if (auto found = english::version(here)) return found;
    return english::amount(here);  // "USD 5"
  }

  [[nodiscard]] static Match at_english_sign(const Reader& here, bool inside_word) {
    if (inside_word) return english::symbol(here);
    if (is_digit(here.peek())) {
      if (auto found = address(here)) return found;
      if (auto found = english::calendar_date(here)) return found;
      if (auto found = english::clock_time(here)) return found;
      if (auto found = english::telephone(here)) return found;
      if (auto found = english::version(here)) return found;
      if (auto found = english::day_and_month(here)) return found;
    } else if (here.peek() == '+' || here.peek() == '(') {
      return english::telephone(here);
    }
    if (auto found = english::amount(here)) return found;
    return english::symbol(here);
  }

  [[nodiscard]] static Match at_chinese_sign(const Reader& here, bool inside_word) {
    if (inside_word) return std::nullopt;
    if (auto found = chinese::calendar_date(here)) return found;
    if (auto found = chinese::clock_time(here)) return found;
    return chinese::amount(here);
  }

  void append(const Spoken& spoken) {
    for (std::size_t i = 0; i < spoken.words.size();) {
      const CodePoint c = code_point_at(spoken.words, i);
      hear(c.value);
      i += c.length;
    }
    out_ += spoken.words;
    at_ += spoken.length;
    // "21°C&" must not run into the next word.
    const char32_t next = code_point_at(text_, at_).value;
    const char32_t last = code_point_before(out_, out_.size());
    if (script_of(last) == Script::latin && (is_digit(next) || script_of(next) == Script::latin)) out_ += ' ';
  }

  // Copies one word, or one character that belongs to none.
  void copy() {
    CodePoint c = code_point_at(text_, at_);
    const bool word = is_word(c.value) && script_of(c.value) != Script::han;
    do {
      hear(c.value);
      out_.append(text_.substr(at_, c.length));
      at_ += c.length;
      c = code_point_at(text_, at_);
    } while (word && is_word(c.value) && script_of(c.value) != Script::han);
  }

  std::string_view text_;
  const NormaliseFor& languages_;
  Rules rules_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string normalise(std::string_view text, const NormaliseFor& languages) {
  const std::string plain = without_markup(text);
  return Walker(plain, languages).walk();
}

}  // namespace hearth::speech
