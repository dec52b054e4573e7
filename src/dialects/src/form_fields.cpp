#include "src/form_fields.h"

#include "src/ascii.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hearth::dialects {

namespace {

template <typename Number>
Decoded<Number> parse_number(const FormField& field, Number low, Number high, std::string_view what) {
  const std::string_view text = trim(field.value, " \t\r\n");
  Number number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc::invalid_argument || end != text.data() + text.size()) {
    return reject(ApiCode::invalid_type, fmt::format("`{}` must be {}.", field.name, what), field.name);
  }
  // Written so that NaN is refused too.
  if (code != std::errc() || !(number >= low && number <= high)) {
    return reject(ApiCode::invalid_value, fmt::format("`{}` must be between {} and {}.", field.name, low, high),
                  field.name);
  }
  return number;
}

}  // namespace

Decoded<std::string> form_text(const FormField& field) {
  if (!is_utf8(field.value)) {
    return reject(ApiCode::invalid_utf8, fmt::format("`{}` is not valid UTF-8.", field.name), field.name);
  }
  return std::string(trim(field.value, " \t\r\n"));
}

Decoded<bool> form_boolean(const FormField& field) {
  const std::string_view text = trim(field.value, " \t\r\n");
  if (iequals(text, "true") || text == "1") return true;
  if (iequals(text, "false") || text == "0" || text.empty()) return false;
  return reject(ApiCode::invalid_value, fmt::format("`{}` must be true or false.", field.name), field.name);
}

Decoded<double> form_number(const FormField& field, double low, double high) {
  return parse_number<double>(field, low, high, "a number");
}

Decoded<std::int64_t> form_integer(const FormField& field, std::int64_t low, std::int64_t high) {
  return parse_number<std::int64_t>(field, low, high, "an integer");
}

Decoded<void> refuse_duplicates(std::span<const FormField> fields, std::span<const std::string_view> single) {
  for (const std::string_view name : single) {
    if (std::ranges::count(fields, name, &FormField::name) > 1) {
      return reject(ApiCode::duplicate_field, fmt::format("`{}` is there twice; send it once.", name),
                    std::string(name));
    }
  }
  return {};
}

}  // namespace hearth::dialects
