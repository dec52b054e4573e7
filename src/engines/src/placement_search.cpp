#include "placement_search.h"

#include <algorithm>
#include <cmath>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxSteps = 200'000;  // some ten milliseconds

bool clearly_less(double a, double b) {
  return a < b - 1e-9 * std::max(1.0, std::abs(b));
}

// Depth first, best choice first, with what is certain to come as the lower bound.
class Search {
 public:
  explicit Search(const SearchSpace& space)
      : space_(space),
        device_left_(space.device_memory),
        pool_left_(space.pool_memory),
        load_(space.device_memory.size()),
        waiting_(space.device_memory.size()),
        now_(space.items.size()),
        least_(space.items.size() + 1),
        hopeless_(space.items.size() + 1) {
    for (std::size_t i = space.items.size(); i-- > 0;) {
      const SearchItem& item = space.items[i];
      least_[i] = least_[i + 1] + (item.choices.empty() ? 0 : item.weight * item.choices.front().option->seconds);
      hopeless_[i] = hopeless_[i + 1] + (item.choices.empty() ? item.weight : 0);
    }
  }

  SearchResult run() {
    descend(0, 0, 0);
    return {found_ ? best_ : now_, steps_ < kMaxSteps};
  }

 private:
  void descend(std::size_t i, double cost, double unplaced) {
    if (++steps_ >= kMaxSteps) {
      if (found_) return;  // one plan there must be: the rest of the first way down is short
    }
    if (found_) {
      const double at_least = unplaced + hopeless_[i];
      if (clearly_less(best_unplaced_, at_least)) return;
      if (!clearly_less(at_least, best_unplaced_) && !clearly_less(cost + least_[i], best_cost_)) return;
    }
    if (i == space_.items.size()) {
      found_ = true;
      best_ = now_;
      best_cost_ = cost;
      best_unplaced_ = unplaced;
      return;
    }
    const SearchItem& item = space_.items[i];
    for (std::size_t c = 0; c < item.choices.size(); ++c) {
      const Choice& choice = item.choices[c];
      const std::size_t d = choice.device;
      const std::size_t p = space_.device_pool[d];
      const std::uint64_t bytes = choice.option->memory;
      if (bytes > device_left_[d] || bytes > pool_left_[p]) continue;
      const double own = item.weight * choice.option->seconds;
      const double added = own * (1 + load_[d]) + waiting_[d] * item.activity;
      const double load_before = load_[d];
      const double waiting_before = waiting_[d];
      device_left_[d] -= bytes;
      pool_left_[p] -= bytes;
      load_[d] += item.activity;
      waiting_[d] += own;
      now_[i] = c;
      descend(i + 1, cost + added, unplaced);
      now_[i].reset();
      load_[d] = load_before;
      waiting_[d] = waiting_before;
      device_left_[d] += bytes;
      pool_left_[p] += bytes;
    }
    descend(i + 1, cost, unplaced + item.weight);
  }

  const SearchSpace& space_;
  std::vector<std::uint64_t> device_left_;
  std::vector<std::uint64_t> pool_left_;
  std::vector<double> load_;     // sum of activities on a device
  std::vector<double> waiting_;  // sum of weight × seconds on a device
  std::vector<std::optional<std::size_t>> now_;
  std::vector<double> least_;     // cost that items from here on add at least
  std::vector<double> hopeless_;  // weight from here on that no device can take
  std::vector<std::optional<std::size_t>> best_;
  double best_cost_ = 0;
  double best_unplaced_ = 0;
  bool found_ = false;
  std::size_t steps_ = 0;
};

}  // namespace

SearchResult search(const SearchSpace& space) {
  return Search(space).run();
}

double cost_of(const SearchSpace& space, const std::vector<std::optional<std::size_t>>& chosen) {
  double cost = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    const Choice& mine = space.items[i].choices[*chosen[i]];
    double shared = 1;
    for (std::size_t j = 0; j < chosen.size(); ++j) {
      if (j != i && chosen[j] && space.items[j].choices[*chosen[j]].device == mine.device)
        shared += space.items[j].activity;
    }
    cost += space.items[i].weight * mine.option->seconds * shared;
  }
  return cost;
}

}  // namespace hearth::engines
