// The placement of this box's engines: from its hardware, the engines' manifests and what was measured.
//
// Pure. To be asked again whenever hardware, engines or measurements change: it takes well under a tenth of a second.
#pragma once

#include <hearth/engines/placement.h>
#include <hearth/engines/supervisor.h>
#include <hearth/hardware/inventory.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hearth::engines {

// What is known better than by guessing. `device` empty: it holds wherever the engine runs.
struct Measurement {
  std::string engine;
  std::string device = {};
  std::optional<double> seconds = std::nullopt;  // of a typical request, alone
  std::optional<std::uint64_t> memory = std::nullopt;
  std::optional<double> activity = std::nullopt;
};

struct BoxPlacement {
  PlacementProblem problem;
  PlacementPlan plan;
  std::uint32_t cores = 1;  // that one computation may use
  // For engines on the processor: those that work on a request with one thread (`concurrency: cores`) get all usable
  // processors, others their share of `cores`.
  std::map<std::string, std::uint32_t> threads;
};

// `memory`: bytes of the machine's memory that engines may take together.
BoxPlacement place_engines(const hardware::Inventory& box, std::span<const EngineSpec> engines,
                           std::span<const Measurement> measured, std::uint64_t memory);
// Three quarters of the machine's memory: the rest is for the system and its file cache.
std::uint64_t default_memory_budget(const hardware::Inventory& box);
// What a person set, else what is planned.
void apply_threads(const BoxPlacement& placement, std::vector<EngineSpec>& engines);

}  // namespace hearth::engines
