#include "task_ladders.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hearth::daemon {
namespace {

using engines::Ladder;
using engines::Rung;

std::optional<std::size_t> place_of(const std::vector<Rung>& rungs, std::string_view model) {
  const auto found = std::ranges::find(rungs, model, &Rung::name);
  if (found == rungs.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rungs.begin());
}

// The ladder with other rungs: what is known of a model goes with it.
Ladder rebuilt(const Ladder& before, std::vector<Rung> rungs) {
  Ladder ladder;
  ladder.rungs = std::move(rungs);
  for (const engines::Mishap& mishap : before.mishaps) {
    const auto place = place_of(ladder.rungs, before.rungs[mishap.rung].name);
    if (place) ladder.mishaps.push_back({.rung = *place, .trouble = mishap.trouble, .at = mishap.at});
  }
  if (before.current < before.rungs.size())
    ladder.current = place_of(ladder.rungs, before.rungs[before.current].name).value_or(0);
  return ladder;
}

bool same_names(const std::vector<Rung>& a, const std::vector<Rung>& b) {
  return std::ranges::equal(a, b, {}, &Rung::name, &Rung::name);
}

}  // namespace

std::optional<std::string> TaskLadders::update(gateway::Task task, std::vector<Rung> rungs, std::uint64_t free,
                                               SteadyTime now) {
  Ladder& ladder = ladders_[task];
  // A new first one is what the owner wants now.
  const bool other_wish = !same_names(ladder.rungs, rungs);
  ladder = rebuilt(ladder, std::move(rungs));
  if (ladder.rungs.empty()) return std::nullopt;
  if (other_wish) ladder.current = 0;
  if (!ladder.rungs[ladder.current].available) {
    const engines::FallbackStep step = fall_back(ladder, engines::Trouble::absent, free, now, policy_);
    if (!step.to) return std::nullopt;
    ladder.current = *step.to;
    return fmt::format("{}: {}", to_string(task), step.why);
  }
  const auto better = climb_back(ladder, free, now, policy_);
  if (!better) return std::nullopt;
  const std::string from = ladder.rungs[ladder.current].name;
  ladder.current = *better;
  return fmt::format("{}: {} is tried again in place of {}", to_string(task), ladder.rungs[*better].name, from);
}

std::vector<std::string> TaskLadders::trouble(std::string_view model, engines::Trouble trouble, std::uint64_t free,
                                              SteadyTime now) {
  std::vector<std::string> done;
  for (auto& [task, ladder] : ladders_) {
    if (!may_stand_in(task) || ladder.current >= ladder.rungs.size() || ladder.rungs[ladder.current].name != model)
      continue;
    ladder = record(std::move(ladder), trouble, now, policy_);
    const engines::FallbackStep step = fall_back(ladder, trouble, free, now, policy_);
    if (step.to) ladder.current = *step.to;
    if (step.to || ladder.rungs.size() > 1) done.push_back(fmt::format("{}: {}", to_string(task), step.why));
  }
  return done;
}

std::string TaskLadders::leader(gateway::Task task) const {
  const auto found = ladders_.find(task);
  if (found == ladders_.end() || found->second.rungs.empty()) return {};
  return found->second.rungs[found->second.current].name;
}

bool may_stand_in(gateway::Task task) noexcept {
  return task != gateway::Task::embedding;
}

}  // namespace hearth::daemon
