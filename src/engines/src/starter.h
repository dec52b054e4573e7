// The starter's side of spawn.h.
#pragma once

#include "spawn.h"

namespace hearth::engines {

// Has the starter, if there is one, start a child whose failure to run is told through `report`; nullopt: there is no
// starter. too_large: its command line and environment are; unavailable: the starter is gone; resource_exhausted.
std::optional<Result<pid_t>> start_elsewhere(const ChildSpec& spec, int report);

// spawn.cpp's, for the starter: forks and runs, as a child of `parent`, which is ours.
Result<pid_t> fork_sibling(const ChildSpec& spec, int report, pid_t parent);

}  // namespace hearth::engines
