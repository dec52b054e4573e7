// For each task, which model serves those who do not choose one: the preferred, or what stands in for it while it is in
// trouble (hearth/engines/fallback.h). Pure: no clock, no engines.
#pragma once

#include <hearth/engines/fallback.h>
#include <hearth/gateway/catalogue.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::daemon {

class TaskLadders {
 public:
  explicit TaskLadders(engines::LadderPolicy policy = {}) : policy_(policy) {}

  // The models of a task as they are now, the preferred first; those that cannot run are not `available`. `free`: bytes
  // that one could have. Keeps what was noted against those that it knew. Goes down when the one in use cannot run, and
  // up when a better one can. What it did, in words; nullopt: nothing.
  std::optional<std::string> update(gateway::Task task, std::vector<engines::Rung> rungs, std::uint64_t free,
                                    SteadyTime now);
  // A model is in trouble. What was done about it, in words, a line a task; none: it is in use for none.
  std::vector<std::string> trouble(std::string_view model, engines::Trouble trouble, std::uint64_t free,
                                   SteadyTime now);
  // The model of the task that serves whoever does not choose; empty: none.
  [[nodiscard]] std::string leader(gateway::Task task) const;

 private:
  engines::LadderPolicy policy_;
  std::map<gateway::Task, engines::Ladder> ladders_;
};

// Would an answer of another model do as well? Vectors of two models cannot be compared.
bool may_stand_in(gateway::Task task) noexcept;

}  // namespace hearth::daemon
