#include "readers.h"

#include <fmt/format.h>
#include <hwloc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>

namespace hearth::hardware {
namespace {

using Topology = std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)>;
using CpuSet = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

// hwloc takes the root from the environment only.
class RootForHwloc {
 public:
  explicit RootForHwloc(const std::filesystem::path& root) : other_(root != "/") {
    if (other_) ::setenv("HWLOC_FSROOT", root.c_str(), 1);
  }
  ~RootForHwloc() {
    if (other_) ::unsetenv("HWLOC_FSROOT");
  }
  RootForHwloc(const RootForHwloc&) = delete;
  RootForHwloc& operator=(const RootForHwloc&) = delete;

 private:
  bool other_;
};

Topology load(const Tree& tree) {
  const RootForHwloc root(tree.root());
  hwloc_topology_t made = nullptr;
  if (hwloc_topology_init(&made) != 0) return {nullptr, hwloc_topology_destroy};
  Topology topology(made, hwloc_topology_destroy);
  // It would ask this machine's processors, whatever the root, and move this thread to each of them in turn.
  hwloc_topology_set_components(made, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  if (hwloc_topology_load(made) != 0) topology.reset();
  return topology;
}

std::uint32_t count(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return static_cast<std::uint32_t>(std::max(0, hwloc_get_nbobjs_by_type(topology, type)));
}

std::vector<std::uint32_t> members(hwloc_const_bitmap_t set) {
  std::vector<std::uint32_t> list;
  for (int cpu = hwloc_bitmap_first(set); cpu >= 0; cpu = hwloc_bitmap_next(set, cpu))
    list.push_back(static_cast<std::uint32_t>(cpu));
  return list;
}

std::vector<Cache> caches(hwloc_topology_t topology) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, Cache> found;
  for (const hwloc_obj_type_t type :
       {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE}) {
    for (hwloc_obj_t o = hwloc_get_next_obj_by_type(topology, type, nullptr); o != nullptr;
         o = hwloc_get_next_obj_by_type(topology, type, o)) {
      const auto& attributes = o->attr->cache;
      if (attributes.size == 0) continue;
      Cache& cache = found[{attributes.depth, attributes.size}];
      cache.level = attributes.depth;
      cache.type = attributes.type == HWLOC_OBJ_CACHE_DATA ? "data" : "unified";
      cache.size = attributes.size;
      ++cache.count;
    }
  }
  std::vector<Cache> list;
  for (const auto& [key, cache] : found) list.push_back(cache);
  return list;
}

struct Kind {
  CoreKind kind;
  bool atom = false;  // Intel's efficiency cores
  std::uint32_t capacity = 0;
};

std::uint32_t info(unsigned number, const hwloc_info_s* infos, std::string_view name) {
  for (unsigned i = 0; i < number; ++i) {
    if (infos[i].name == name)
      return static_cast<std::uint32_t>(
          std::min<std::uint64_t>(whole_number(infos[i].value).value_or(0), UINT32_MAX / 2));
  }
  return 0;
}

// Fastest first, as hwloc ranks them.
std::vector<Kind> found_kinds(hwloc_topology_t topology, const std::vector<std::uint32_t>& atoms) {
  std::vector<Kind> kinds;
  const int number = hwloc_cpukinds_get_nr(topology, 0);
  for (int i = number - 1; i >= 0; --i) {
    const CpuSet set(hwloc_bitmap_alloc(), hwloc_bitmap_free);
    int efficiency = 0;
    unsigned size = 0;
    hwloc_info_s* infos = nullptr;
    if (!set ||
        hwloc_cpukinds_get_info(topology, static_cast<unsigned>(i), set.get(), &efficiency, &size, &infos, 0) != 0)
      continue;
    Kind kind;
    kind.kind.cpus = members(set.get());
    kind.kind.cores = static_cast<std::uint32_t>(
        std::max(0, hwloc_get_nbobjs_inside_cpuset_by_type(topology, set.get(), HWLOC_OBJ_CORE)));
    if (kind.kind.cores == 0) continue;
    kind.kind.max_mhz = info(size, infos, "FrequencyMaxMHz");
    kind.capacity = info(size, infos, "LinuxCapacity");
    kind.atom = std::ranges::find(atoms, kind.kind.cpus.front()) != atoms.end();
    kinds.push_back(std::move(kind));
  }
  return kinds;
}

bool much_alike(const Kind& a, const Kind& b) {
  const auto close = [](std::uint32_t x, std::uint32_t y) {
    return std::min(x, y) >= std::max(x, y) - std::max(x, y) / 8;
  };
  return a.atom == b.atom && close(a.capacity, b.capacity) && close(a.kind.max_mhz, b.kind.max_mhz);
}

// Cores of one make whose best clocks differ by a little are one kind.
std::vector<CoreKind> kinds(hwloc_topology_t topology, const std::vector<std::uint32_t>& atoms) {
  std::vector<Kind> merged;
  for (Kind& kind : found_kinds(topology, atoms)) {
    if (merged.empty() || !much_alike(merged.back(), kind)) {
      merged.push_back(std::move(kind));
      continue;
    }
    CoreKind& into = merged.back().kind;
    into.cpus.insert(into.cpus.end(), kind.kind.cpus.begin(), kind.kind.cpus.end());
    into.cores += kind.kind.cores;
  }
  std::vector<CoreKind> list;
  constexpr std::array<std::string_view, 3> kNames{"performance", "efficiency", "low-power"};
  for (std::size_t i = 0; i < merged.size(); ++i) {
    CoreKind kind = std::move(merged[i].kind);
    std::ranges::sort(kind.cpus);
    kind.name = merged.size() == 1 ? "all" : kNames[std::min(i, kNames.size() - 1)];
    // An efficiency core of Intel's does about half a performance core's vector work at the same clock.
    kind.pace = merged[i].capacity != 0 ? merged[i].capacity : kind.max_mhz / (merged[i].atom ? 2 : 1);
    list.push_back(std::move(kind));
  }
  return list;
}

}  // namespace

void read_topology(const Tree& tree, Cpu& cpu, Notes& notes) {
  // Without this folder hwloc would describe the machine it runs on.
  if (!tree.exists("sys/devices/system/cpu/cpu0")) {
    notes.emplace_back("the processors' topology is not in /sys/devices/system/cpu");
    return;
  }
  const Topology topology = load(tree);
  if (!topology) {
    notes.emplace_back("the processors' topology could not be read");
    return;
  }
  cpu.sockets = count(topology.get(), HWLOC_OBJ_PACKAGE);
  cpu.cores = count(topology.get(), HWLOC_OBJ_CORE);
  cpu.threads = count(topology.get(), HWLOC_OBJ_PU);
  cpu.numa_nodes = count(topology.get(), HWLOC_OBJ_NUMANODE);
  cpu.caches = caches(topology.get());
  cpu.kinds = kinds(topology.get(), parse_cpu_list(tree.text_or_empty("sys/devices/cpu_atom/cpus")));
  if (cpu.kinds.empty() && cpu.cores > 0)
    cpu.kinds.push_back({"all", members(hwloc_topology_get_topology_cpuset(topology.get())), cpu.cores, 0, 0});
}

std::uint32_t compute_threads(const Cpu& cpu, std::uint32_t usable) {
  usable = std::max(1U, usable);
  if (cpu.kinds.empty()) return usable;
  std::uint64_t threads = cpu.kinds.front().cores;
  std::uint64_t sum = threads * cpu.kinds.front().pace;
  std::uint64_t all = threads;
  for (std::size_t i = 1; i < cpu.kinds.size(); ++i) {
    all += cpu.kinds[i].cores;
    const std::uint64_t with = all * cpu.kinds[i].pace;  // the work is split evenly: the slowest decides
    if (with * 2 < sum * 3 || sum == 0) continue;
    threads = all;
    sum = with;
  }
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(threads, 1, usable));
}

}  // namespace hearth::hardware
