#include "box.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hearth::daemon {

namespace json = boost::json;

namespace {

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::array strings(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& s : list) array.emplace_back(s);
  return array;
}

json::object describe(const hardware::Inventory& box) {
  const hardware::Cpu& cpu = box.cpu;
  json::array kinds;
  for (const hardware::CoreKind& kind : cpu.kinds)
    kinds.push_back(json::object{
        {"name", kind.name}, {"cores", kind.cores}, {"threads", kind.cpus.size()}, {"max_mhz", kind.max_mhz}});
  json::array caches;
  for (const hardware::Cache& cache : cpu.caches)
    caches.push_back(
        json::object{{"level", cache.level}, {"type", cache.type}, {"size", cache.size}, {"count", cache.count}});
  return {{"model", cpu.model},
          {"sockets", cpu.sockets},
          {"cores", cpu.cores},
          {"threads", cpu.threads},
          {"usable", box.usable_cpus},
          {"compute_threads", hardware::compute_threads(cpu, box.usable_cpus)},
          {"numa_nodes", cpu.numa_nodes},
          {"kinds", kinds},
          {"caches", caches},
          {"features", strings(cpu.features)}};
}

json::object describe(const hardware::Gpu& gpu) {
  return {{"id", gpu.id},
          {"name", gpu.name},
          {"vendor", gpu.vendor},
          {"slot", gpu.slot},
          {"driver", gpu.driver},
          {"driver_version", gpu.driver_version},
          {"nodes", strings(gpu.nodes)},
          {"compute", gpu.compute},
          {"accessible", gpu.accessible},
          {"shares_memory", gpu.shares_memory},
          {"vram_total", or_null(gpu.vram_total)},
          {"vram_used", or_null(gpu.vram_used)},
          {"vram_at_least", gpu.vram_at_least},
          {"shared_total", or_null(gpu.shared_total)},
          {"shared_used", or_null(gpu.shared_used)},
          {"busy_percent", or_null(gpu.busy_percent)}};
}

json::object describe(const hardware::Npu& npu) {
  return {{"id", npu.id},
          {"name", npu.name},
          {"driver", npu.driver},
          {"nodes", strings(npu.nodes)},
          {"accessible", npu.accessible},
          {"shares_memory", npu.shares_memory},
          {"max_mhz", or_null(npu.max_mhz)},
          {"memory_used", or_null(npu.memory_used)}};
}

json::object describe(const hardware::Thermals& thermals) {
  json::array temperatures;
  for (const hardware::Temperature& t : thermals.temperatures)
    temperatures.push_back(json::object{{"sensor", t.sensor},
                                        {"celsius", t.celsius},
                                        {"passive", or_null(t.passive)},
                                        {"critical", or_null(t.critical)}});
  return {{"temperatures", temperatures},
          {"throttled", thermals.throttled},
          {"cooling_now", strings(thermals.cooling_now)},
          {"under_voltage", thermals.under_voltage}};
}

json::object describe(const hardware::Energy& energy) {
  json::array counters;
  for (const hardware::EnergyCounter& c : energy.counters)
    counters.push_back(json::object{{"name", c.name}, {"microjoules", c.microjoules}, {"range", c.range}});
  json::array power;
  for (const hardware::PowerReading& p : energy.power)
    power.push_back(json::object{{"sensor", p.sensor}, {"watts", p.watts}});
  return {{"counters", counters}, {"power", power}};
}

template <typename T>
json::array each(const std::vector<T>& list) {
  json::array array;
  for (const T& item : list) array.push_back(describe(item));
  return array;
}

json::array tasks_of(const engines::Manifest& manifest) {
  json::array tasks;
  for (const engines::Model& model : manifest.models) {
    const json::value task(engines::to_string(model.task));
    if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
  }
  return tasks;
}

json::object describe(const engines::Placement& placement) {
  json::array others;
  for (const engines::WhyNot& other : placement.others)
    others.push_back(json::object{{"device", other.device}, {"why_not", other.reason}});
  return {{"engine", placement.workload},
          {"device", placement.device.empty() ? json::value(nullptr) : json::value(placement.device)},
          {"variant", placement.variant},
          {"memory", placement.memory},
          {"seconds", placement.seconds},
          {"contended_seconds", placement.contended},
          {"measured", placement.measured},
          {"reason", placement.reason},
          {"others", others}};
}

}  // namespace

hardware::Inventory Box::inventory() const {
  return hardware::take_inventory({.root = "/", .data = data_});
}

engines::BoxPlacement Box::place(const std::vector<engines::EngineStatus>& running) const {
  const hardware::Inventory box = inventory();
  std::vector<engines::Measurement> measured;
  for (const engines::EngineStatus& engine : running) {
    engines::Measurement& m = measured.emplace_back();
    m.engine = engine.name;
    if (engine.memory > 0) m.memory = engine.memory;
    m.activity = engine.activity;
    if (engine.request_seconds <= 0) continue;
    // Engines run on the processor until there are variants of them for other devices.
    engines::Measurement& pace = measured.emplace_back();
    pace.engine = engine.name;
    pace.device = "cpu";
    pace.seconds = engine.request_seconds;
  }
  return engines::place_engines(box, engines_, measured, engines::default_memory_budget(box));
}

json::object Box::describe_hardware() const {
  const hardware::Inventory box = inventory();
  json::array disks;
  for (const hardware::Disk& d : box.disks)
    disks.push_back(json::object{{"name", d.name}, {"model", d.model}, {"size", d.size}, {"rotational", d.rotational}});
  json::value space;
  if (box.data_space) space = {{"total", box.data_space->total}, {"free", box.data_space->free}};
  return {{"board", box.board},
          {"cpu", describe(box)},
          {"memory",
           {{"total", box.memory.total},
            {"available", box.memory.available},
            {"swap_total", box.memory.swap_total},
            {"swap_free", box.memory.swap_free}}},
          {"gpus", each(box.gpus)},
          {"npus", each(box.npus)},
          {"thermals", describe(box.thermals)},
          {"energy", describe(box.energy)},
          {"disks", disks},
          {"data_space", space},
          {"notes", strings(box.notes)}};
}

json::object Box::describe_placement(const std::vector<engines::EngineStatus>& running) const {
  const engines::BoxPlacement placement = place(running);
  json::array devices;
  for (const engines::Device& d : placement.problem.devices)
    devices.push_back(json::object{{"id", d.id}, {"name", d.name}, {"pool", d.pool}, {"obstacle", d.obstacle}});
  json::array pools;
  for (const engines::MemoryPool& pool : placement.problem.pools)
    pools.push_back(
        json::object{{"name", pool.name}, {"bytes", pool.bytes}, {"used", placement.plan.used.at(pool.name)}});
  json::array placements;
  for (const engines::Placement& p : placement.plan.placements) {
    json::object described = describe(p);
    const auto spec = std::ranges::find_if(engines_, [&](const auto& s) { return s.manifest.name == p.workload; });
    if (spec != engines_.end()) described["tasks"] = tasks_of(spec->manifest);
    const auto planned = placement.threads.find(p.workload);
    const std::uint32_t threads = planned == placement.threads.end() ? 0 : planned->second;
    described["threads"] = spec == engines_.end() ? threads : spec->settings.threads.value_or(threads);
    placements.push_back(std::move(described));
  }
  return {{"cores", placement.cores},
          {"devices", devices},
          {"pools", pools},
          {"placements", placements},
          {"best", placement.plan.best}};
}

}  // namespace hearth::daemon
