#include <hearth/answers/cache_control.h>

#include <algorithm>
#include <charconv>

namespace hearth::answers {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, [](char a, char b) { return lower(a) == b; });
}

// Seconds, in quotes or not; a number past all bounds is a long time. nullopt: no number.
std::optional<Seconds> parse_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  constexpr std::uint32_t kLongest = 0x7fffffff;
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return Seconds(code == std::errc() ? std::min(seconds, kLongest) : kLongest);
}

}  // namespace

CacheControl parse_cache_control(std::string_view header) {
  CacheControl control;
  while (!header.empty()) {
    const auto comma = header.find(',');
    const std::string_view directive = trimmed(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
    const auto equals = directive.find('=');
    const std::string_view name = trimmed(directive.substr(0, equals));
    if (is(name, "no-store")) control.no_store = true;
    if (is(name, "no-cache")) control.no_cache = true;
    if (is(name, "max-age") && equals != std::string_view::npos) {
      // Of several the strictest holds; one that is no number means that nothing may be old.
      const Seconds age = parse_seconds(trimmed(directive.substr(equals + 1))).value_or(Seconds(0));
      control.max_age = std::min(age, control.max_age.value_or(age));
    }
  }
  return control;
}

CacheTerms cache_terms(bool cacheable, const CacheControl& control, DataClass data_class, Seconds lifetime) {
  if (!cacheable || control.no_store || data_class == DataClass::secret) return {};
  const Seconds age = std::min(lifetime, control.max_age.value_or(lifetime));
  return {.look = !control.no_cache && age > Seconds(0), .store = true, .max_age = age};
}

}  // namespace hearth::answers
