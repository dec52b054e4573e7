// What is in this box, at one moment: processors, memory, accelerators, heat, energy, disks. Read from the kernel's
// text files below a root folder, so that tests and support can look at another machine's tree.
//
// A file that is missing, refused or nonsense makes the inventory poorer, never wrong and never an error; what a person
// may want to know about that is in `notes`. Plain data; blocking, tens of milliseconds: not for the I/O thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::hardware {

// Cores of one make. A machine has one kind, or two or three when some cores are slower than others.
struct CoreKind {
  std::string name;                 // "performance", "efficiency", "low-power"; "all" when there is one kind
  std::vector<std::uint32_t> cpus;  // the system's numbers of its hardware threads
  std::uint32_t cores = 0;
  std::uint32_t max_mhz = 0;  // 0: not known
  std::uint32_t pace = 0;     // speed relative to other kinds of this machine; 0: not known
};

struct Cache {
  std::uint32_t level = 0;
  std::string type;        // "data", "unified"
  std::uint64_t size = 0;  // bytes, each
  std::uint32_t count = 0;
};

struct Cpu {
  std::string model;
  std::uint32_t sockets = 0;
  std::uint32_t cores = 0;
  std::uint32_t threads = 0;
  std::uint32_t numa_nodes = 0;
  std::vector<CoreKind> kinds;        // fastest first; empty when the topology cannot be read
  std::vector<Cache> caches;          // by level, then size
  std::vector<std::string> features;  // "AVX2", "AVX-512", "NEON", … that every processor has
};

struct Memory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
  std::uint64_t swap_total = 0;
  std::uint64_t swap_free = 0;
};

struct Gpu {
  std::string id;      // "card0"
  std::string name;    // "Radeon 890M", from Debian's list of PCI ids where that is installed
  std::string vendor;  // "AMD", "Intel", "NVIDIA", else the number; empty for a part of a system on a chip
  std::uint32_t vendor_id = 0;
  std::uint32_t device_id = 0;
  std::string slot;    // "0000:c1:00.0"; empty when it is not on PCI
  std::string driver;  // "amdgpu"
  std::string driver_version;
  std::vector<std::string> nodes;  // "/dev/dri/renderD128", "/dev/nvidia0"
  bool compute = false;            // a driver that computes, and not only a display's
  bool accessible = false;         // this process may open one of `nodes`
  bool shares_memory = false;      // uses the machine's memory instead of its own
  // Its own memory. `vram_at_least`: the driver does not tell; this is what its window on the bus says.
  std::optional<std::uint64_t> vram_total;
  std::optional<std::uint64_t> vram_used;
  bool vram_at_least = false;
  // What of the machine's memory it may map.
  std::optional<std::uint64_t> shared_total;
  std::optional<std::uint64_t> shared_used;
  std::optional<std::uint32_t> busy_percent;
};

struct Npu {
  std::string id;      // "accel0", "rknpu", "hailo0"
  std::string name;    // "Intel NPU", "AMD XDNA", "Rockchip NPU", …
  std::string driver;  // "intel_vpu", "amdxdna", "rknpu", "davinci", "bm-sophon", "hailo", "apex", …
  std::vector<std::string> nodes;
  bool accessible = false;
  bool shares_memory = true;
  std::optional<std::uint32_t> max_mhz;
  std::optional<std::uint64_t> memory_used;
};

struct Temperature {
  std::string sensor;  // "x86_pkg_temp", "k10temp Tctl"
  double celsius = 0;
  std::optional<double> passive;   // from here on the system slows itself down
  std::optional<double> critical;  // here it switches itself off
};

struct Thermals {
  std::vector<Temperature> temperatures;
  std::uint64_t throttled = 0;           // times a processor was slowed down for heat since the system started
  std::vector<std::string> cooling_now;  // what slows something down at this moment: "Processor 3 of 10"
  bool under_voltage = false;            // Raspberry Pi: its supply is too weak, now or since the start
};

// Counts up and starts again at 0 past `range`.
struct EnergyCounter {
  std::string name;  // "package-0", "dram"
  std::uint64_t microjoules = 0;
  std::uint64_t range = 0;  // 0: not known
};
struct PowerReading {
  std::string sensor;  // "ina226 power1", "amdgpu PPT"
  double watts = 0;
};
struct Energy {
  std::vector<EnergyCounter> counters;
  std::vector<PowerReading> power;
};

struct Disk {
  std::string name;  // "nvme0n1"
  std::string model;
  std::uint64_t size = 0;  // bytes
  bool rotational = false;
};
struct Space {
  std::uint64_t total = 0;
  std::uint64_t free = 0;  // for this user
};

struct Inventory {
  std::string board;  // "Raspberry Pi 5 Model B Rev 1.0"; empty when nothing tells
  Cpu cpu;
  std::uint32_t usable_cpus = 1;  // affinity and quota taken into account
  Memory memory;
  std::vector<Gpu> gpus;
  std::vector<Npu> npus;
  Thermals thermals;
  Energy energy;
  std::vector<Disk> disks;
  std::optional<Space> data_space;  // where `data` lies
  std::vector<std::string> notes;   // sentences about what could not be read
};

struct InventoryOptions {
  // Another root than "/" is for recorded trees: the library that reads the topology takes it from the environment, so
  // no other thread may use that meanwhile.
  std::filesystem::path root = "/";
  std::filesystem::path data;  // whose free space is told; empty: none
};
Inventory take_inventory(const InventoryOptions& options);

// Threads that are worth starting for one computation: physical cores of the fastest kind, and slower ones only where
// they add half as much again although the whole then goes at the slowest one's pace. At most `usable`, at least 1.
std::uint32_t compute_threads(const Cpu& cpu, std::uint32_t usable);

// Energy used between two readings of one counter, across its wrap.
std::uint64_t energy_between(const EnergyCounter& before, const EnergyCounter& after);

// Pure parsers over what the kernel writes.
// Instruction sets that matter for inference and that every processor in /proc/cpuinfo has, in a fixed order.
std::vector<std::string> parse_cpu_features(std::string_view cpuinfo);
// The name of an ARM core ("Cortex-A76") from its part number in /proc/cpuinfo, the last processor's; empty: unknown.
std::string parse_arm_core(std::string_view cpuinfo);
// "0-3,8\n" → 0 1 2 3 8; what is not a list, or names a processor past 4095, ends it.
std::vector<std::uint32_t> parse_cpu_list(std::string_view text);
// The largest prefetchable region in a PCI device's `resource` file, in bytes; 0: none.
std::uint64_t parse_largest_bar(std::string_view resource);
// A device's name in the list of PCI ids; empty when it is not there.
std::string parse_pci_name(std::string_view ids, std::uint32_t vendor, std::uint32_t device);
// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May…" → "535.183.01"; empty: no such line.
std::string parse_nvidia_version(std::string_view text);
struct NvidiaCard {
  std::string model;
  std::string slot;                    // "0000:01:00.0"
  std::optional<std::uint32_t> minor;  // /dev/nvidiaN
};
// /proc/driver/nvidia/gpus/SLOT/information
NvidiaCard parse_nvidia_card(std::string_view text);
// Which root device an NPU under /sys/class/accel is, by its driver; nullopt: not a processor for networks.
std::optional<std::string_view> npu_name(std::string_view driver);

}  // namespace hearth::hardware
