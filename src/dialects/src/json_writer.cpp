#include "src/json_writer.h"

#include <hearth/core/log.h>

#include <array>
#include <charconv>
#include <cmath>

namespace hearth::dialects::json {

void Writer::separate() {
  if (!after_key_ && !first_) out_.push_back(',');
  after_key_ = false;
  first_ = false;
}

Writer& Writer::open(char bracket) {
  separate();
  out_.push_back(bracket);
  first_ = true;
  return *this;
}

Writer& Writer::close(char bracket) {
  out_.push_back(bracket);
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  log::append_json_string(out_, name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  log::append_json_string(out_, text);
  return *this;
}

Writer& Writer::plain_string(std::string_view text) {
  separate();
  out_.push_back('"');
  out_.append(text);
  out_.push_back('"');
  return *this;
}

Writer& Writer::number(double value) {
  if (!std::isfinite(value)) return raw("0");
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return raw(std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

Writer& Writer::rounded(double value, int digits) {
  const double scale = std::pow(10.0, digits);
  const double rounded = std::round(value * scale) / scale;
  return number(rounded == 0 ? 0.0 : rounded);  // no "-0"
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace hearth::dialects::json
