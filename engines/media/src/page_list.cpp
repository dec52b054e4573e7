#include "page_list.h"

#include "errors.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace hearth::media {
namespace {

constexpr std::size_t kMaxText = 16 * 1024;

bool number(std::string_view text, std::uint32_t& value) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc() && end == text.data() + text.size();
}

std::unexpected<Error> too_many(std::uint32_t limit) {
  return fail(MediaErrc::too_many_pages,
              fmt::format("more than {} pages are asked for: ask for fewer at a time with pages", limit));
}

}  // namespace

Result<PageList> PageList::parse(std::string_view text) {
  PageList list;
  const auto wrong = [] { return fail(Errc::invalid_argument, "pages must look like 0-3,7 with 0 as the first page"); };
  if (text.empty() || text.size() > kMaxText) return wrong();
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t dash = part.find('-');
    Range range{0, 0};
    if (!number(part.substr(0, dash), range.first)) return wrong();
    range.last = range.first;
    if (dash != std::string_view::npos) {
      const std::string_view last = part.substr(dash + 1);
      range.last = kOpen;
      if (!last.empty() && !number(last, range.last)) return wrong();
    }
    if (range.last < range.first) return wrong();
    list.ranges_.push_back(range);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<std::uint32_t>> PageList::select(std::uint32_t count, std::uint32_t limit) const {
  std::set<std::uint32_t> pages;
  for (const Range& r : ranges_) {
    const std::uint32_t last = r.last == kOpen ? count - 1 : r.last;
    if (r.first >= count || last >= count)
      return fail(MediaErrc::page_out_of_range, fmt::format("page {} does not exist: the file has {} (0 to {})",
                                                            r.first >= count ? r.first : last, count, count - 1));
    for (std::uint32_t page = r.first; page <= last; ++page) {
      pages.insert(page);
      if (pages.size() > limit) return too_many(limit);
    }
  }
  return std::vector<std::uint32_t>(pages.begin(), pages.end());
}

Result<std::vector<std::uint32_t>> PageList::all(std::uint32_t count, std::uint32_t limit) {
  if (count > limit) return too_many(limit);
  std::vector<std::uint32_t> pages(count);
  for (std::uint32_t i = 0; i < count; ++i) pages[i] = i;
  return pages;
}

}  // namespace hearth::media
