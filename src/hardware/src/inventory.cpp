#include "readers.h"
#include "text.h"

#include <hearth/hardware/machine.h>
#include <hearth/hardware/memory.h>

#include <sys/statvfs.h>

#include <algorithm>
#include <array>

namespace hearth::hardware {
namespace {

constexpr std::size_t kMaxCpuinfo = 4UL << 20;

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

Memory read_memory(const Tree& tree) {
  const std::string text = tree.text_or_empty("proc/meminfo");
  const auto bytes = [&](std::string_view name) { return field(text, name).and_then(kilobytes).value_or(0); };
  return {bytes("MemTotal"), bytes("MemAvailable"), bytes("SwapTotal"), bytes("SwapFree")};
}

std::string read_board(const Tree& tree) {
  for (const char* path : {"proc/device-tree/model", "sys/firmware/devicetree/base/model"})
    if (const auto model = tree.text(path, 256); model && !model->empty()) return *model;
  const std::string vendor = tree.text("sys/class/dmi/id/sys_vendor", 128).value_or("");
  const std::string product = tree.text("sys/class/dmi/id/product_name", 128).value_or("");
  return product.empty() || vendor.empty() || product.starts_with(vendor) ? product : vendor + " " + product;
}

std::optional<Space> space_at(const std::filesystem::path& path) {
  struct statvfs info{};
  if (path.empty() || ::statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return Space{times(info.f_blocks, info.f_frsize), times(info.f_bavail, info.f_frsize)};
}

}  // namespace

std::vector<Disk> read_disks(const Tree& tree) {
  std::vector<Disk> disks;
  for (const std::string& name : tree.names("sys/block")) {
    constexpr std::array<std::string_view, 6> kNotDisks{"loop", "ram", "zram", "dm-", "md", "sr"};
    if (std::ranges::any_of(kNotDisks, [&](std::string_view start) { return name.starts_with(start); })) continue;
    const std::string folder = "sys/block/" + name;
    Disk disk;
    disk.name = name;
    disk.model = tree.text(folder + "/device/model", 128).value_or("");
    disk.size = times(tree.number(folder + "/size").value_or(0), 512);  // sectors of 512 bytes, whatever the disk's own
    // Of a virtual disk the kernel knows no better than to say that it turns.
    const bool virtual_disk = name.starts_with("vd") || name.starts_with("xvd");
    disk.rotational = !virtual_disk && tree.number(folder + "/queue/rotational").value_or(0) == 1;
    if (disk.size > 0) disks.push_back(std::move(disk));
  }
  return disks;
}

Inventory take_inventory(const InventoryOptions& options) {
  const Tree tree(options.root);
  const bool here = options.root == "/";
  Inventory inventory;
  const std::string cpuinfo = tree.text("proc/cpuinfo", kMaxCpuinfo).value_or("");
  inventory.board = read_board(tree);
  inventory.cpu.features = parse_cpu_features(cpuinfo);
  read_topology(tree, inventory.cpu, inventory.notes);
  // On ARM the kernel names the core and not the chip; the board's name, where the text has one, is not the
  // processor's.
  inventory.cpu.model = parse_arm_core(cpuinfo);
  if (inventory.cpu.model.empty()) inventory.cpu.model = parse_cpu_model(cpuinfo);
  inventory.usable_cpus = here ? usable_cpus() : std::max(1U, inventory.cpu.threads);
  inventory.memory = read_memory(tree);
  inventory.gpus = read_gpus(tree, inventory.notes);
  inventory.npus = read_npus(tree, inventory.notes);
  inventory.thermals = read_thermals(tree);
  inventory.energy = read_energy(tree, inventory.notes);
  inventory.disks = read_disks(tree);
  inventory.data_space = space_at(options.data);
  if (inventory.thermals.under_voltage)
    inventory.notes.emplace_back("the board's power supply is too weak: the processor slows down; use a stronger one");
  return inventory;
}

}  // namespace hearth::hardware
