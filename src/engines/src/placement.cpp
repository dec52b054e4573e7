#include "placement_search.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hearth::engines {
namespace {

using Chosen = std::vector<std::optional<std::size_t>>;

double within(double value, double low, double high) {
  return std::isfinite(value) ? std::clamp(value, low, high) : high;
}

std::string time_text(double seconds) {
  if (seconds < 0.01) return fmt::format("{:.2g} ms", seconds * 1000);
  return format_duration(std::chrono::duration<double>(seconds));
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The problem in an order of its own, so that the plan does not depend on the caller's, with figures made sane.
class Planner {
 public:
  explicit Planner(const PlacementProblem& problem) : problem_(problem) {
    std::ranges::sort(problem_.devices, {}, &Device::id);
    std::ranges::sort(problem_.pools, {}, &MemoryPool::name);
    for (Workload& w : problem_.workloads) {
      w.weight = within(w.weight, 1e-6, 1e6);
      w.activity = within(w.activity, 0, 1);
      for (Option& o : w.options) o.seconds = within(o.seconds, 1e-6, 1e6);
      std::ranges::sort(w.options, {},
                        [](const Option& o) { return std::tie(o.seconds, o.device, o.memory, o.variant); });
    }
    // What waits for most comes first: the search then cuts off early.
    std::ranges::sort(problem_.workloads, {}, [](const Workload& w) {
      return std::pair(w.options.empty() ? 0.0 : -w.weight * w.options.front().seconds, std::string_view(w.name));
    });
    build();
  }

  PlacementPlan plan() {
    const SearchResult result = search(space_);
    chosen_ = result.chosen;
    PlacementPlan plan;
    plan.best = result.best;
    plan.cost = cost_of(space_, chosen_);
    for (const MemoryPool& pool : problem_.pools) plan.used[pool.name] = pool.bytes - pool_left(pool.name);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (!chosen_[i]) plan.unplaced += problem_.workloads[i].weight;
      plan.placements.push_back(describe(i));
    }
    std::ranges::sort(plan.placements, {}, &Placement::workload);
    return plan;
  }

 private:
  void build() {
    for (const MemoryPool& pool : problem_.pools) space_.pool_memory.push_back(pool.bytes);
    space_.pool_memory.push_back(0);  // of devices whose pool nobody named
    for (const Device& device : problem_.devices) {
      const auto pool = std::ranges::find(problem_.pools, device.pool, &MemoryPool::name);
      space_.device_pool.push_back(static_cast<std::size_t>(pool - problem_.pools.begin()));
      space_.device_memory.push_back(device.memory);
    }
    for (const Workload& workload : problem_.workloads) {
      SearchItem item{workload.weight, workload.activity, {}};
      for (const Option& option : workload.options) {
        const auto device = std::ranges::find(problem_.devices, option.device, &Device::id);
        if (device == problem_.devices.end() || !device->obstacle.empty()) continue;
        const auto d = static_cast<std::size_t>(device - problem_.devices.begin());
        if (option.memory <= room(d)) item.choices.push_back({d, &option});
      }
      space_.items.push_back(std::move(item));
    }
  }

  // What a device could give with nothing on it.
  [[nodiscard]] std::uint64_t room(std::size_t d) const {
    return std::min(space_.device_memory[d], space_.pool_memory[space_.device_pool[d]]);
  }
  [[nodiscard]] const Choice* choice(std::size_t i) const {
    return chosen_[i] ? &space_.items[i].choices[*chosen_[i]] : nullptr;
  }
  [[nodiscard]] std::uint64_t pool_left(std::string_view name) const {
    const auto pool = std::ranges::find(problem_.pools, name, &MemoryPool::name);
    std::uint64_t left = pool->bytes;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const Choice* c = choice(i);
      if (c != nullptr && problem_.devices[c->device].pool == name) left -= c->option->memory;
    }
    return left;
  }

  // Others on device `d`, by name.
  [[nodiscard]] std::vector<std::string> neighbours(std::size_t i, std::size_t d) const {
    std::vector<std::string> names;
    for (std::size_t j = 0; j < chosen_.size(); ++j)
      if (const Choice* c = choice(j); j != i && c != nullptr && c->device == d)
        names.push_back(problem_.workloads[j].name);
    std::ranges::sort(names);
    return names;
  }
  [[nodiscard]] double shared(std::size_t i, std::size_t d) const {
    double factor = 1;
    for (std::size_t j = 0; j < chosen_.size(); ++j)
      if (const Choice* c = choice(j); j != i && c != nullptr && c->device == d)
        factor += problem_.workloads[j].activity;
    return factor;
  }

  // Could item `i` be on device `d` while all others stay? Names who is in the way.
  [[nodiscard]] std::vector<std::string> in_the_way(std::size_t i, std::size_t d, std::uint64_t bytes) const {
    std::uint64_t on_device = 0;
    std::uint64_t in_pool = 0;
    std::vector<std::string> names;
    for (std::size_t j = 0; j < chosen_.size(); ++j) {
      const Choice* c = choice(j);
      if (j == i || c == nullptr || c->option->memory == 0) continue;
      const bool same_pool = space_.device_pool[c->device] == space_.device_pool[d];
      if (c->device == d) on_device += c->option->memory;
      if (same_pool) in_pool += c->option->memory;
      if (same_pool || c->device == d) names.push_back(problem_.workloads[j].name);
    }
    const bool fits = bytes <= space_.device_memory[d] - std::min(on_device, space_.device_memory[d]) &&
                      bytes <= space_.pool_memory[space_.device_pool[d]] -
                                   std::min(in_pool, space_.pool_memory[space_.device_pool[d]]);
    if (fits) return {};
    std::ranges::sort(names);
    return names;
  }

  [[nodiscard]] std::string why_not(std::size_t i, std::size_t d) const {
    const Device& device = problem_.devices[d];
    const Workload& workload = problem_.workloads[i];
    const auto option = std::ranges::find(workload.options, device.id, &Option::device);  // the fastest comes first
    if (option == workload.options.end()) return "its engine does not run there";
    if (!device.obstacle.empty()) return device.obstacle;
    const SearchItem& item = space_.items[i];
    const auto usable = std::ranges::find(item.choices, d, &Choice::device);
    if (usable == item.choices.end())
      return fmt::format("needs {}, and it has {}", format_bytes(option->memory), format_bytes(room(d)));
    const std::vector<std::string> holders = in_the_way(i, d, usable->option->memory);
    if (!holders.empty()) return fmt::format("its memory is taken by {}", listed(holders));
    const Choice* mine = choice(i);
    const double here = usable->option->seconds * shared(i, d);
    if (mine != nullptr) {
      const double now = mine->option->seconds * shared(i, mine->device);
      if (here > now * 1.0001) return fmt::format("slower: {} instead of {}", time_text(here), time_text(now));
      Chosen moved = chosen_;
      moved[i] = static_cast<std::size_t>(usable - item.choices.begin());
      const double worse = cost_of(space_, moved) / std::max(1e-12, cost_of(space_, chosen_)) - 1;
      const std::vector<std::string> others = neighbours(i, d);
      if (worse > 1e-4 && !others.empty())
        return fmt::format("would slow down {} there: all waiting together {:.2g} % longer", listed(others),
                           worse * 100);
    }
    return "no better";
  }

  [[nodiscard]] std::string reason(std::size_t i) const {
    const Choice& mine = *choice(i);
    const Workload& workload = problem_.workloads[i];
    const std::vector<std::string> others = neighbours(i, mine.device);
    const auto elsewhere = std::ranges::count_if(
        workload.options, [&](const Option& o) { return o.device != problem_.devices[mine.device].id; });
    std::string text = elsewhere == 0                                          ? "its engine runs nowhere else"
                       : mine.option == space_.items[i].choices.front().option ? "fastest there"
                                                                               : "best with the others where they are";
    text += fmt::format(": {} a request{}", time_text(mine.option->seconds), mine.option->measured ? "" : " (a guess)");
    if (!others.empty())
      text +=
          fmt::format(", {} while {} {} as busy as expected", time_text(mine.option->seconds * shared(i, mine.device)),
                      others.size() > 2 ? fmt::format("{} others there", others.size()) : listed(others),
                      others.size() == 1 ? "is" : "are");
    return text;
  }

  [[nodiscard]] Placement describe(std::size_t i) const {
    Placement p;
    p.workload = problem_.workloads[i].name;
    const Choice* mine = choice(i);
    if (mine != nullptr) {
      p.device = problem_.devices[mine->device].id;
      p.variant = mine->option->variant;
      p.memory = mine->option->memory;
      p.seconds = mine->option->seconds;
      p.contended = mine->option->seconds * shared(i, mine->device);
      p.measured = mine->option->measured;
      p.reason = reason(i);
    } else {
      p.reason = space_.items[i].choices.empty()
                     ? "no device here can hold it"
                     : "there is no room beside the others; it runs when one of them has left";
    }
    for (std::size_t d = 0; d < problem_.devices.size(); ++d)
      if (mine == nullptr || mine->device != d) p.others.push_back({problem_.devices[d].id, why_not(i, d)});
    return p;
  }

  PlacementProblem problem_;
  SearchSpace space_;
  Chosen chosen_;
};

}  // namespace

PlacementPlan plan_placement(const PlacementProblem& problem) {
  return Planner(problem).plan();
}

std::map<std::string, std::uint32_t> thread_budgets(const PlacementProblem& problem, const PlacementPlan& plan,
                                                    std::string_view device, std::uint32_t cores) {
  cores = std::max(1U, cores);
  std::map<std::string, double> there;
  for (const Placement& p : plan.placements) {
    if (p.device != device && !p.device.empty()) continue;
    const auto workload = std::ranges::find(problem.workloads, p.workload, &Workload::name);
    if (workload != problem.workloads.end()) there[p.workload] = within(workload->activity, 0, 1);
  }
  double all = 0;
  for (const auto& [name, activity] : there) all += activity;
  std::map<std::string, std::uint32_t> budgets;
  for (const auto& [name, activity] : there) {
    const double share = static_cast<double>(cores) / (1 + std::max(0.0, all - activity));
    budgets[name] = std::clamp(static_cast<std::uint32_t>(std::ceil(share - 1e-9)), 1U, cores);
  }
  return budgets;
}

}  // namespace hearth::engines
