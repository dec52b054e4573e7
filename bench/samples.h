// Exact order statistics over every sample: no buckets, no means.
#pragma once

#include <string>
#include <vector>

namespace hearth::bench {

class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  void add(const Samples& other) { values_.insert(values_.end(), other.values_.begin(), other.values_.end()); }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  // The smallest sample that at least `share` (0 to 1) of all do not exceed (nearest rank); 0 when there are none.
  [[nodiscard]] double quantile(double share) const;
  // The middle sample, or what lies halfway between the two in the middle.
  [[nodiscard]] double median() const;
  [[nodiscard]] double min() const { return quantile(0); }
  [[nodiscard]] double max() const { return quantile(1); }

 private:
  std::vector<double> values_;
};

// "0.52 ms", "18 µs", "1.4 s": three digits.
std::string show_time(double seconds);
// "5.6 MiB"
std::string show_memory(double bytes);
// "1,130,000"
std::string show_count(double count);

}  // namespace hearth::bench
