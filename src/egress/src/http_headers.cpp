#include <hearth/egress/http_headers.h>

#include <algorithm>
#include <charconv>

namespace hearth::egress {
namespace {

constexpr std::size_t kMaxFields = 64;
constexpr std::size_t kMaxLine = 8192;

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

}  // namespace

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 50U;
  return value <= kMost ? std::optional(value) : std::nullopt;
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  text = trim(text);
  if (lower(text.substr(0, 6)) != "bytes ") return std::nullopt;
  text = trim(text.substr(6));
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = parse_length(text.substr(0, dash));
  const auto last = parse_length(text.substr(dash + 1, slash - dash - 1));
  if (!first || !last || *last < *first) return std::nullopt;
  ContentRange range{*first, *last + 1, std::nullopt};
  if (const std::string_view total = text.substr(slash + 1); total != "*") {
    range.total = parse_length(total);
    if (!range.total || *range.total < range.end) return std::nullopt;
  }
  return range;
}

std::optional<std::string> strong_etag(std::string_view text) {
  text = trim(text);
  if (text.size() < 3 || text.size() > 256 || text.front() != '"' || text.back() != '"') return std::nullopt;
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (!printable(inner) || inner.find('"') != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

std::optional<std::uint64_t> parse_retry_after(std::string_view text) {
  return parse_length(trim(text));
}

std::optional<Challenge> parse_challenge(std::string_view text) {
  text = trim(text);
  if (text.size() > kMaxLine || lower(text.substr(0, 7)) != "bearer ") return std::nullopt;
  text.remove_prefix(7);
  Challenge challenge;
  while (!(text = trim(text)).empty()) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = lower(trim(text.substr(0, equals)));
    text = trim(text.substr(equals + 1));
    std::string_view value;
    if (text.starts_with('"')) {
      const auto close = text.find('"', 1);
      if (close == std::string_view::npos) return std::nullopt;
      value = text.substr(1, close - 1);
      text.remove_prefix(close + 1);
    } else {
      const auto comma = std::min(text.find(','), text.size());
      value = trim(text.substr(0, comma));
      text.remove_prefix(comma);
    }
    if (!printable(value)) return std::nullopt;
    if (name == "realm") challenge.realm = value;
    if (name == "service") challenge.service = value;
    if (name == "scope") challenge.scope = value;
    text = trim(text);
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  return challenge.realm.empty() ? std::nullopt : std::optional(std::move(challenge));
}

std::string next_link(std::string_view text) {
  while (!text.empty()) {
    const auto open = text.find('<');
    const auto close = text.find('>', open == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) return {};
    const auto comma = std::min(text.find(',', close), text.size());
    if (text.substr(close, comma - close).find("rel=\"next\"") != std::string_view::npos)
      return std::string(text.substr(open + 1, close - open - 1));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

void Headers::add(std::string_view line) {
  line = trim(line);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.size() > kMaxLine || fields_.size() >= kMaxFields) return;
  fields_.insert_or_assign(lower(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
}

std::string_view Headers::get(std::string_view name) const noexcept {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace hearth::egress
