#include <hearth/core/file.h>
#include <hearth/egress/link_facts.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace hearth::egress {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTable = 4 << 20;
constexpr std::size_t kMaxState = 64;
constexpr std::size_t kMaxName = 15;  // IFNAMSIZ without its end
// Of a route: linux/route.h and linux/ipv6_route.h.
constexpr std::uint32_t kUp = 0x1;
constexpr std::uint32_t kReject = 0x200;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  constexpr std::string_view kSpace = " \t\r";
  for (std::size_t at = 0; (at = line.find_first_not_of(kSpace, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kSpace, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
  return fields;
}

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_zero(std::string_view digits) {
  return !digits.empty() && digits.find_first_not_of('0') == std::string_view::npos;
}

// A name that can stand in a path.
bool is_interface(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name != "." && name != ".." && name != "lo" &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

struct Layout {
  std::size_t fields;
  std::size_t destination;
  std::size_t mask;
  std::size_t flags;
  std::size_t interface;
};

std::vector<std::string> default_routes(std::string_view text, const Layout& layout) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> fields = fields_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields.size() < layout.fields) continue;
    const auto flags = hexadecimal(fields[layout.flags]);
    const std::string_view interface = fields[layout.interface];
    if (!flags || (*flags & kUp) == 0 || (*flags & kReject) != 0) continue;
    if (!is_zero(fields[layout.destination]) || !is_zero(fields[layout.mask]) || !is_interface(interface)) continue;
    if (std::ranges::find(found, interface) == found.end()) found.emplace_back(interface);
  }
  return found;
}

// An interface that is down, or gone, does not tell its carrier.
bool has_carrier(const fs::path& root, const std::string& interface) {
  std::error_code ignored;
  const fs::path all = root / "sys/class/net";
  if (!fs::exists(all, ignored)) return true;
  const auto carrier = read_file(all / interface / "carrier", kMaxState);
  return carrier && carrier->starts_with('1');
}

}  // namespace

std::vector<std::string> default_routes_v4(std::string_view text) {
  return default_routes(text, {.fields = 8, .destination = 1, .mask = 7, .flags = 3, .interface = 0});
}

std::vector<std::string> default_routes_v6(std::string_view text) {
  return default_routes(text, {.fields = 10, .destination = 0, .mask = 1, .flags = 8, .interface = 9});
}

bool has_way_out(const fs::path& root) {
  // /proc/self/net, not /proc/net: a confined service may see its own processes only.
  const auto v4 = read_file(root / "proc/self/net/route", kMaxTable);
  const auto v6 = read_file(root / "proc/self/net/ipv6_route", kMaxTable);
  if (!v4 && !v6) return true;
  const auto carried = [&](const std::string& interface) { return has_carrier(root, interface); };
  return (v4 && std::ranges::any_of(default_routes_v4(*v4), carried)) ||
         (v6 && std::ranges::any_of(default_routes_v6(*v6), carried));
}

}  // namespace hearth::egress
