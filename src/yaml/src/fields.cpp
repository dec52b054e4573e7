#include <hearth/core/nearest.h>
#include <hearth/core/units.h>
#include <hearth/core/utf8.h>
#include <hearth/yaml/fields.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace hearth::yaml {
namespace {

constexpr std::size_t kMaxText = 32 * 1024;

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", text.substr(0, 60));
}

bool printable(std::string_view text) {
  return is_utf8(text) && std::ranges::none_of(text, [](unsigned char c) { return c == 0; });
}

// yaml-cpp's parser calls itself for every level, so depth is bounded before it sees the text. Indentation, dashes and
// brackets each open at most one level.
bool too_deep(std::string_view yaml) {
  constexpr std::size_t kMaxDepth = 64;
  std::size_t flow = 0;
  std::size_t line_openers = 0;
  bool at_start = true;
  std::size_t indent = 0;
  for (const char c : yaml) {
    if (c == '\n') {
      at_start = true;
      indent = line_openers = 0;
      continue;
    }
    if (c == '[' || c == '{') ++flow;
    if ((c == ']' || c == '}') && flow > 0) --flow;
    if (at_start && c == ' ') ++indent;
    if (at_start && (c == '-' || c == '?' || c == ':')) ++line_openers;
    if (c != ' ' && c != '-' && c != '?' && c != ':' && c != '\t') at_start = false;
    if (flow > kMaxDepth || line_openers > kMaxDepth || indent > 8 * kMaxDepth) return true;
  }
  return false;
}

// Bounded in number and depth: an anchor may hold itself.
std::size_t count_nodes(const YAML::Node& node, std::size_t budget, std::size_t depth = 0) {
  constexpr std::size_t kMaxDepth = 128;
  if (depth > kMaxDepth) return budget;
  std::size_t count = 1;
  const auto add = [&](const YAML::Node& child) {
    if (count < budget) count += count_nodes(child, budget - count, depth + 1);
  };
  if (node.IsSequence()) {
    for (const auto& child : node) add(child);
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      add(entry.first);
      add(entry.second);
    }
  }
  return count;
}

}  // namespace

Result<YAML::Node> load(std::string_view text, std::string_view origin, std::size_t limit) {
  constexpr std::size_t kMaxNodes = 20'000;
  if (text.size() > limit)
    return fail(Errc::too_large, fmt::format("{}: has more than {}", origin, format_bytes(limit)));
  if (too_deep(text)) return fail(Errc::invalid_argument, fmt::format("{}: is nested too deeply", origin));
  try {
    YAML::Node root = YAML::Load(std::string(text));
    if (count_nodes(root, kMaxNodes) >= kMaxNodes)
      return fail(Errc::invalid_argument, fmt::format("{}: has too many values", origin));
    return root;
  } catch (const YAML::Exception& e) {
    const std::string place = e.mark.line >= 0 ? fmt::format("{}:{}", origin, e.mark.line + 1) : std::string(origin);
    return fail(Errc::invalid_argument, fmt::format("{}: is not YAML: {}", place, e.msg));
  }
}

Error wrong_at(const YAML::Node& node, std::string_view origin, std::string_view where, std::string_view what) {
  const int line = node.IsDefined() ? node.Mark().line : -1;
  const std::string place = line >= 0 ? fmt::format("{}:{}", origin, line + 1) : std::string(origin);
  const std::string subject = where.empty() ? "" : fmt::format("{}: ", where);
  return {Errc::invalid_argument, fmt::format("{}: {}{}", place, subject, what)};
}

Result<Fields> Fields::of(const YAML::Node& node, std::string_view origin, std::string_view where,
                          std::initializer_list<std::string_view> known) {
  if (!node.IsMap()) return fail(wrong_at(node, origin, where, "must be a mapping of keys to values"));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return fail(wrong_at(entry.first, origin, where, "a key must be a word"));
    const std::string& key = entry.first.Scalar();
    if (std::ranges::find(known, key) == known.end()) {
      const std::string_view near = nearest(key, known);
      const std::string hint = near.empty() ? "" : fmt::format("; did you mean {}?", quoted(near));
      return fail(wrong_at(entry.first, origin, where, fmt::format("unknown key {}{}", quoted(key), hint)));
    }
    if (!seen.insert(key).second)
      return fail(wrong_at(entry.first, origin, where, fmt::format("{} is given twice", quoted(key))));
  }
  return Fields(node, std::string(origin), std::string(where));
}

bool Fields::has(std::string_view key) const {
  return node(key).IsDefined();
}

YAML::Node Fields::node(std::string_view key) const {
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

Error Fields::wrong(std::string_view key, std::string_view what) const {
  const YAML::Node at = node(key);
  const std::string name = where_.empty() ? std::string(key) : fmt::format("{}.{}", where_, key);
  return wrong_at(at.IsDefined() ? at : node_, origin_, name, what);
}

Result<std::optional<std::string>> Fields::text(std::string_view key) const {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) return std::nullopt;
  if (!value.IsScalar()) return fail(wrong(key, "must be text"));
  if (value.Scalar().size() > kMaxText) return fail(wrong(key, "is too long"));
  if (!printable(value.Scalar())) return fail(wrong(key, "must be UTF-8 text without NUL characters"));
  return value.Scalar();
}

Result<std::string> Fields::required_text(std::string_view key) const {
  HEARTH_TRY_ASSIGN(auto value, text(key));
  if (!value || value->empty()) return fail(wrong(key, "is missing"));
  return *std::move(value);
}

Result<std::vector<std::string>> Fields::texts(std::string_view key, std::size_t max) const {
  const YAML::Node list = node(key);
  std::vector<std::string> values;
  if (!list.IsDefined()) return values;
  if (!list.IsSequence()) return fail(wrong(key, "must be a list"));
  if (list.size() > max) return fail(wrong(key, fmt::format("must have at most {} entries", max)));
  for (const auto& item : list) {
    if (!item.IsScalar() || item.Scalar().empty() || item.Scalar().size() > kMaxText || !printable(item.Scalar()))
      return fail(wrong(key, "every entry must be text"));
    values.push_back(item.Scalar());
  }
  return values;
}

Result<std::uint64_t> Fields::number(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                                     std::uint64_t high) const {
  HEARTH_TRY_ASSIGN(const auto value, text(key));
  if (!value) return fallback;
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (ec != std::errc() || end != value->data() + value->size() || number < low || number > high)
    return fail(wrong(key, fmt::format("must be a whole number from {} to {}, not {}", low, high, quoted(*value))));
  return number;
}

Result<std::uint64_t> Fields::size(std::string_view key, std::uint64_t fallback) const {
  HEARTH_TRY_ASSIGN(const auto value, text(key));
  if (!value) return fallback;
  const auto bytes = parse_bytes(*value);
  if (!bytes) return fail(wrong(key, bytes.error().message()));
  return *bytes;
}

Result<Millis> Fields::duration(std::string_view key, Millis fallback) const {
  HEARTH_TRY_ASSIGN(const auto value, text(key));
  if (!value) return fallback;
  const auto duration = parse_duration(*value);
  if (!duration) return fail(wrong(key, duration.error().message()));
  return *duration;
}

}  // namespace hearth::yaml
