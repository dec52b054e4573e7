#include "samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::bench {
namespace {

std::string three_digits(double value) {
  const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

double Samples::quantile(double share) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  const std::size_t at = std::min(std::max<std::size_t>(rank, 1) - 1, sorted.size() - 1);
  std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(at));
  return sorted[at];
}

double Samples::median() const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

std::string show_time(double seconds) {
  if (seconds < 0) return "-" + show_time(-seconds);
  if (seconds < 0.9995e-3) return three_digits(seconds * 1e6) + " µs";
  if (seconds < 0.9995) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string show_memory(double bytes) {
  return three_digits(bytes / (1024.0 * 1024.0)) + " MiB";
}

std::string show_count(double count) {
  if (count < 100) return three_digits(count);
  // No more than three digits are known.
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(count)) - 2));
  std::string digits = fmt::format("{:.0f}", std::round(count / unit) * unit);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace hearth::bench
