// One reader for each part of the inventory. Each adds sentences to `notes` about what a person could change.
#pragma once

#include "tree.h"

#include <hearth/hardware/inventory.h>

namespace hearth::hardware {

using Notes = std::vector<std::string>;

// Sockets, cores, kinds and caches, by hwloc. Leaves zeros where it finds nothing.
void read_topology(const Tree& tree, Cpu& cpu, Notes& notes);
std::vector<Gpu> read_gpus(const Tree& tree, Notes& notes);
std::vector<Npu> read_npus(const Tree& tree, Notes& notes);
Thermals read_thermals(const Tree& tree);
Energy read_energy(const Tree& tree, Notes& notes);
std::vector<Disk> read_disks(const Tree& tree);

}  // namespace hearth::hardware
