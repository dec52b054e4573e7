#include "src/header_params.h"

#include "src/ascii.h"

#include <hearth/core/utf8.h>

namespace hearth::dialects {

namespace {

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = ascii_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

HeaderParams::HeaderParams(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  head_ = trim(value.substr(0, semicolon));
  if (semicolon != std::string_view::npos) rest_ = value.substr(semicolon);
}

std::optional<HeaderParam> HeaderParams::next() {
  while (!rest_.empty() && (rest_.front() == ';' || rest_.front() == ' ' || rest_.front() == '\t')) {
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) return std::nullopt;
  malformed_ = true;  // until the parameter is complete
  const std::size_t equals = rest_.find('=');
  if (equals == std::string_view::npos || rest_.find(';') < equals) return std::nullopt;
  HeaderParam param{.name = to_lower(trim(rest_.substr(0, equals))), .value = {}};
  rest_.remove_prefix(equals + 1);
  rest_ = trim(rest_);

  if (!rest_.starts_with('"')) {
    const std::size_t end = rest_.find(';');
    param.value = trim(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
    malformed_ = false;
    return param;
  }
  // A backslash escapes a quote or a backslash only: browsers of old sent Windows paths as they were.
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '\\' && i + 1 < rest_.size() && (rest_[i + 1] == '"' || rest_[i + 1] == '\\'))
      ++i;
    else if (rest_[i] == '"') {
      rest_.remove_prefix(i + 1);
      malformed_ = false;
      return param;
    }
    param.value.push_back(rest_[i]);
  }
  return std::nullopt;
}

std::optional<std::string> decode_extended_value(std::string_view value) {
  const std::size_t charset_end = value.find('\'');
  if (charset_end == std::string_view::npos || !iequals(value.substr(0, charset_end), "UTF-8")) return std::nullopt;
  const std::size_t language_end = value.find('\'', charset_end + 1);
  if (language_end == std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t i = language_end + 1; i < value.size(); ++i) {
    if (value[i] != '%') {
      out.push_back(value[i]);
      continue;
    }
    if (i + 2 >= value.size()) return std::nullopt;
    const int high = hex_value(value[i + 1]);
    const int low = hex_value(value[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

}  // namespace hearth::dialects
