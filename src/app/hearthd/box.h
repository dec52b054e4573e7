// This box for the admin API: what is in it, and where its engines run best.
#pragma once

#include <hearth/engines/box_placement.h>
#include <hearth/engines/supervisor.h>
#include <hearth/hardware/inventory.h>

#include <boost/json/object.hpp>

#include <filesystem>
#include <vector>

namespace hearth::daemon {

// Immutable after its making; any thread, but not the I/O thread: it reads some hundred small files.
class Box {
 public:
  // `data`: the folder whose free space is told.
  Box(std::vector<engines::EngineSpec> engines, std::filesystem::path data)
      : engines_(std::move(engines)), data_(std::move(data)) {}

  [[nodiscard]] hardware::Inventory inventory() const;
  // Afresh, from the hardware as it is now. The memory of engines that run is what they use, not a guess.
  [[nodiscard]] engines::BoxPlacement place(const std::vector<engines::EngineStatus>& running) const;

  // For GET /admin/hardware and GET /admin/explain/placement.
  [[nodiscard]] boost::json::object describe_hardware() const;
  [[nodiscard]] boost::json::object describe_placement(const std::vector<engines::EngineStatus>& running) const;

 private:
  std::vector<engines::EngineSpec> engines_;
  std::filesystem::path data_;
};

}  // namespace hearth::daemon
