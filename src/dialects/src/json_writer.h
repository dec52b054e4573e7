// Writes JSON front to back into one string. Private to this room; the caller keeps the structure right.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace hearth::dialects::json {

class Writer {
 public:
  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);
  // Bytes that are not UTF-8 become U+FFFD.
  Writer& string(std::string_view text);
  // For text of ours that needs no escaping (base64): copied as it is.
  Writer& plain_string(std::string_view text);
  template <std::integral T>
  Writer& number(T value) {
    return raw(std::to_string(value));
  }
  // The shortest text that reads back the same; JSON has no NaN or infinity: these become 0.
  Writer& number(double value);
  // Rounded to `digits` decimals: times, scores.
  Writer& rounded(double value, int digits);
  Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  Writer& null() { return raw("null"); }
  // A value that is JSON already.
  Writer& raw(std::string_view json);

  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  void separate();

  std::string out_;
  bool first_ = true;  // nothing stands before the next key or item in its container
  bool after_key_ = false;
};

}  // namespace hearth::dialects::json
