#include "src/json_walk.h"

#include "src/characters.h"
#include "src/data_url.h"

#include <hearth/core/log.h>
#include <hearth/core/utf8.h>

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace hearth::privacy {

namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

// Of a 16-bit unit in hexadecimal at `i`; -1: there is none.
int unit_at(std::string_view raw, std::size_t i) {
  if (i + 4 > raw.size()) return -1;
  int value = 0;
  for (const char c : raw.substr(i, 4)) {
    if (!is_hex(c)) return -1;
    value = value * 16 + (is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  }
  return value;
}

// "\uXXXX" at `i`, which is behind the 'u'; returns where it ends.
std::size_t append_unit(std::string& out, std::string_view raw, std::size_t i) {
  const int first = unit_at(raw, i);
  if (first < 0) {
    out += "\\u";
    return i;
  }
  if (first >= 0xD800 && first <= 0xDFFF) {
    const int second = raw.substr(std::min(i + 4, raw.size())).starts_with("\\u") ? unit_at(raw, i + 6) : -1;
    if (first <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF) {
      append_utf8(out, static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)));
      return i + 10;
    }
    append_utf8(out, 0xFFFD);
  } else {
    append_utf8(out, static_cast<char32_t>(first));
  }
  return i + 4;
}

// The quote that ends a string whose text begins at `i`; the text's end if none does.
std::size_t closing_quote(std::string_view json, std::size_t i) {
  while (true) {
    const std::size_t quote = json.find('"', i);
    if (quote == kNowhere) return json.size();
    std::size_t slashes = 0;
    while (quote - slashes > i && json[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    i = quote + 1;
  }
}

// What a provider has encrypted or signed for itself, and gets back: thoughts of its models, and no file of anybody's.
bool is_sealed(std::string_view key) {
  return key == "encrypted_content" || key == "signature";
}

class Walk {
 public:
  Walk(TextVisitor& visitor, std::optional<Token> outer) : visitor_(visitor), outer_(outer) {}

  std::optional<std::string> over(std::string_view json) {
    std::size_t i = 0;
    while (i < json.size()) {
      const char c = json[i];
      if (c == '"') {
        i = string(json, i);
      } else if (is_digit(c)) {
        i = number(json, i);
      } else {
        if (c == '}') key_.clear();
        ++i;
      }
    }
    if (written_ == 0) return std::nullopt;
    out_.append(json.substr(written_));
    return std::move(out_);
  }

 private:
  std::size_t string(std::string_view json, std::size_t open) {
    const std::size_t close = closing_quote(json, open + 1);
    const std::size_t end = std::min(close + 1, json.size());
    const std::string_view raw = json.substr(open + 1, close - open - 1);
    std::size_t colon = end;
    while (is_blank(at(json, colon))) ++colon;
    const bool is_name = at(json, colon) == ':';

    const bool escaped = raw.contains('\\');
    const std::string decoded = escaped ? decode_json_string(raw) : std::string();
    const std::string_view text = escaped ? std::string_view(decoded) : raw;
    if (is_name) key_.clear();
    if (const auto replaced = edit(text, {open, end - open}, is_name)) {
      std::string quoted;
      log::append_json_string(quoted, *replaced);
      splice(json, {open, end - open}, quoted);
    }
    if (is_name) key_ = text.substr(0, kMaxKey);
    return end;
  }

  // An integer that could be a number of a person's; of others nothing is said.
  std::size_t number(std::string_view json, std::size_t begin) {
    constexpr std::size_t kShortest = 7;
    std::size_t end = begin;
    while (is_digit(at(json, end))) ++end;
    const char last = before(json, begin);
    const char next = at(json, end);
    const bool integer = next != '.' && next != 'e' && next != 'E' && last != '.' && last != '-' && last != '+';
    if (integer && end - begin >= kShortest) {
      const Token token{begin, end - begin};
      const Place place{outer_.value_or(token), key_, outer_.has_value(), false, true};
      if (const auto replaced = visitor_.text(json.substr(begin, end - begin), place)) {
        std::string quoted;
        log::append_json_string(quoted, *replaced);
        splice(json, token, quoted);
      }
    }
    return end;
  }

  std::optional<std::string> edit(std::string_view text, Token token, bool is_name) {
    Place place{outer_.value_or(token), is_name ? std::string_view() : std::string_view(key_), outer_.has_value(),
                false, false};
    const DataUrl url = read_data_url(text);
    if (url.content == DataUrlContent::file) visitor_.file();
    if (url.content == DataUrlContent::text) {
      place.data_url = true;
      visitor_.text(url.text, place);
    }
    if (url.content != DataUrlContent::none) return std::nullopt;
    if (is_long_base64(text)) {
      if (!is_sealed(place.key)) visitor_.file();
      return std::nullopt;
    }
    if (!outer_ && is_json(text)) return Walk(visitor_, token).over(text);
    return visitor_.text(text, place);
  }

  bool is_json(std::string_view text) {
    std::size_t i = 0;
    while (is_blank(at(text, i))) ++i;
    if (at(text, i) != '{' && at(text, i) != '[') return false;
    simdjson::dom::element unused;
    return parser_.parse(text.data(), text.size(), true).get(unused) == simdjson::SUCCESS;
  }

  void splice(std::string_view json, Token token, std::string_view replacement) {
    out_.append(json.substr(written_, token.offset - written_)).append(replacement);
    written_ = token.offset + token.length;
  }

  static constexpr std::size_t kMaxKey = 64;
  TextVisitor& visitor_;
  std::optional<Token> outer_;  // the string whose text this is
  simdjson::dom::parser parser_;
  std::string key_;
  std::string out_;
  std::size_t written_ = 0;  // bytes of the body that are in out_ already, or replaced
};

}  // namespace

std::string decode_json_string(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  std::size_t i = 0;
  while (i < raw.size()) {
    const std::size_t slash = std::min(raw.find('\\', i), raw.size());
    out.append(raw.substr(i, slash - i));
    i = slash + 1;
    if (i >= raw.size()) break;
    const char c = raw[i++];
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
      i = append_unit(out, raw, i);
    } else if (const std::size_t which = kFrom.find(c); which != kNowhere) {
      out.push_back(kTo[which]);
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::string> walk_json(std::string_view json, TextVisitor& visitor) {
  return Walk(visitor, std::nullopt).over(json);
}

}  // namespace hearth::privacy
