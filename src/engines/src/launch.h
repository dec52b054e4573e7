// From a manifest and a person's settings to everything one start needs.
#pragma once

#include <hearth/core/error.h>
#include <hearth/engines/sandbox.h>
#include <hearth/engines/supervisor.h>

#include <string>

namespace hearth::engines {

// What holds for an engine's whole life.
struct Terms {
  std::uint32_t slots = 1;
  std::uint32_t queue = 64;
  Containment containment;
  std::string obstacle;  // why it cannot run here, and what to do; empty: it can
  Lifetimes lifetimes;
  Lane lane = Lane::open;
  std::uint64_t memory = 0;  // bytes it is expected to use, before anything was measured
  LaunchPlan plan;
};
Terms make_terms(const EngineSpec& spec, const SupervisorOptions& options);

// The arguments of the program: the protocol's own and the manifest's, or, when the manifest says where the socket
// goes, the manifest's alone (a foreign server). Pure.
std::vector<std::string> engine_arguments(const Manifest& manifest, const LaunchPlan& plan, std::uint32_t slots);
std::filesystem::path socket_path(const LaunchPlan& plan);
// At Level::root, the user an engine runs as: one of a few ids that no distribution hands out. Pure.
std::uint32_t engine_user(std::string_view name);

// Makes the scratch and the socket folder, empty, and gives them to the engine's user. Blocking. io_error.
Result<void> prepare_folders(const LaunchPlan& plan);

}  // namespace hearth::engines
