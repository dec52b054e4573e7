#include <hearth/core/units.h>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace hearth {
namespace {

struct Quantity {
  double value;
  std::string_view unit;
};

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

Result<Quantity> split(std::string_view text, std::string_view example) {
  text = trim(text);
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || value < 0 || !std::isfinite(value))
    return fail(Errc::invalid_argument, fmt::format("'{}' is not a quantity; write it like {}", text, example));
  return Quantity{value, trim(text.substr(static_cast<std::size_t>(end - text.data())))};
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  HEARTH_TRY_ASSIGN(const Quantity q, split(text, "64 MiB"));
  constexpr std::array<std::pair<std::string_view, double>, 10> kUnits{{{"", 1},
                                                                        {"B", 1},
                                                                        {"kB", 1e3},
                                                                        {"KB", 1e3},
                                                                        {"MB", 1e6},
                                                                        {"GB", 1e9},
                                                                        {"KiB", 1024.0},
                                                                        {"MiB", 1024.0 * 1024},
                                                                        {"GiB", 1024.0 * 1024 * 1024},
                                                                        {"TB", 1e12}}};
  for (const auto& [name, factor] : kUnits) {
    if (q.unit != name) continue;
    const double bytes = q.value * factor;
    if (bytes > 9e18) break;
    return static_cast<std::uint64_t>(std::llround(bytes));
  }
  return fail(Errc::invalid_argument, fmt::format("'{}' is not a size; write it like 64 MiB or 200 MB", text));
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  HEARTH_TRY_ASSIGN(const Quantity q, split(text, "30s"));
  constexpr std::array<std::pair<std::string_view, double>, 8> kUnits{
      {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}, {"sec", 1e3}}};
  for (const auto& [name, factor] : kUnits) {
    if (q.unit != name) continue;
    const double ms = q.value * factor;
    if (ms > 1e13) break;
    return std::chrono::milliseconds(std::llround(ms));
  }
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is not a duration; write it like 250ms, 30s, 5min or 2h", text));
}

std::string format_duration(std::chrono::duration<double> d) {
  const double s = d.count();
  if (s < 1) return fmt::format("{:.0f} ms", s * 1000);
  if (s < 60) return fmt::format("{:.2f} s", s);
  const auto whole = static_cast<std::int64_t>(std::llround(s));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace hearth
