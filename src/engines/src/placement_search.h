// The search behind plan_placement(): small enough to be exact for what a box holds.
#pragma once

#include <hearth/engines/placement.h>

#include <optional>
#include <vector>

namespace hearth::engines {

struct Choice {
  std::size_t device = 0;  // index
  const Option* option = nullptr;
};

struct SearchItem {
  double weight = 0;
  double activity = 0;
  std::vector<Choice> choices;  // best alone first
};

struct SearchSpace {
  std::vector<std::uint64_t> device_memory;
  std::vector<std::size_t> device_pool;  // index into pool_memory
  std::vector<std::uint64_t> pool_memory;
  std::vector<SearchItem> items;
};

struct SearchResult {
  std::vector<std::optional<std::size_t>> chosen;  // index into choices, for each item
  bool best = true;
};

SearchResult search(const SearchSpace& space);
// Weighted waiting of a choice of places.
double cost_of(const SearchSpace& space, const std::vector<std::optional<std::size_t>>& chosen);

}  // namespace hearth::engines
