#include "page_range.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace hearth::tool {
namespace {

constexpr int kMost = 10000;

std::optional<int> page_number(std::string_view text) {
  int n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc() || end != text.data() + text.size() || n < 1 || n > 1'000'000) return std::nullopt;
  return n;
}

}  // namespace

Result<std::vector<int>> parse_page_range(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::invalid_argument, fmt::format("'{}' is no list of pages; write it like 1-3,7", text));
  };
  std::vector<int> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    const std::size_t dash = part.find('-');
    const auto first = page_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : page_number(part.substr(dash + 1));
    if (!first || !last || *last < *first) return wrong();
    if (*last - *first >= kMost - static_cast<int>(out.size()))
      return fail(Errc::invalid_argument, fmt::format("'{}' are more than {} pages", text, kMost));
    for (int page = *first; page <= *last; ++page) out.push_back(page - 1);
  }
  if (out.empty()) return wrong();
  return out;
}

}  // namespace hearth::tool
