#include <hearth/core/units.h>
#include <hearth/engines/box_placement.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

// Guesses, as far as nothing was measured. They need to be right in their order only: which task profits more from
// which device, and which waiting matters more.
struct TaskGuess {
  std::string_view task;
  double work;      // seconds of one 3 GHz core for a typical request
  double weight;    // what a second of waiting matters
  double activity;  // the part of the time in which it computes
  double gpu;       // how well it uses a GPU, of its power
  double npu;
};
constexpr std::array kTaskGuesses{
    TaskGuess{"chat", 20, 1, 0.2, 1, 0.3},       TaskGuess{"embedding", 0.02, 0.5, 0.05, 1, 1},
    TaskGuess{"speech", 0.8, 2, 0.1, 1, 0.5},    TaskGuess{"transcription", 8, 2, 0.15, 1, 0.5},
    TaskGuess{"ocr", 3, 0.5, 0.05, 1, 1},        TaskGuess{"detection", 0.3, 1, 0.3, 1, 1.5},
    TaskGuess{"media", 0.3, 0.5, 0.1, 0.1, 0.1},
};
constexpr TaskGuess kOtherTask{"", 1, 1, 0.1, 1, 0.5};

// Power of a device in 3 GHz cores, for what its class is good at.
struct DriverGuess {
  std::string_view driver;
  double own;     // a card with memory of its own
  double shared;  // a part of the processor
};
constexpr std::array kDriverGuesses{
    DriverGuess{"nvidia", 100, 100},     DriverGuess{"amdgpu", 80, 20},    DriverGuess{"xe", 60, 16},
    DriverGuess{"i915", 50, 14},         DriverGuess{"nouveau", 5, 5},     DriverGuess{"asahi", 20, 20},
    DriverGuess{"panthor", 3, 3},        DriverGuess{"panfrost", 1, 1},    DriverGuess{"msm", 4, 4},
    DriverGuess{"v3d", 0.5, 0.5},        DriverGuess{"intel_vpu", 15, 15}, DriverGuess{"amdxdna", 40, 40},
    DriverGuess{"rknpu", 8, 8},          DriverGuess{"rocket", 6, 6},      DriverGuess{"davinci", 60, 60},
    DriverGuess{"bm-sophon", 20, 20},    DriverGuess{"hailo", 20, 20},     DriverGuess{"apex", 4, 4},
    DriverGuess{"habanalabs", 150, 150}, DriverGuess{"qaic", 100, 100},
};
constexpr double kOtherDriver = 2;

const TaskGuess& guess_for(std::string_view task) {
  const auto found = std::ranges::find(kTaskGuesses, task, &TaskGuess::task);
  return found == kTaskGuesses.end() ? kOtherTask : *found;
}

double driver_power(std::string_view driver, bool shares_memory) {
  const auto found = std::ranges::find(kDriverGuesses, driver, &DriverGuess::driver);
  if (found == kDriverGuesses.end()) return kOtherDriver;
  return shares_memory ? found->shared : found->own;
}

double cpu_power(const hardware::Cpu& cpu, std::uint32_t threads) {
  const std::uint32_t mhz = cpu.kinds.empty() ? 0 : cpu.kinds.front().max_mhz;
  return threads * (mhz == 0 ? 1.0 : mhz / 3000.0);
}

// A device with what is needed to match and guess.
struct Candidate {
  Device device;
  DeviceClass kind = DeviceClass::cpu;
  std::string driver;
  double power = 1;
};

Device shared_device(std::string id, std::string name) {
  Device device;
  device.id = std::move(id);
  device.name = std::move(name);
  device.pool = "system";
  return device;
}

constexpr std::uint64_t kSome = 10;  // a tenth of a card's memory is its driver's and the screen's

std::vector<Candidate> candidates(const hardware::Inventory& box, std::uint32_t threads, PlacementProblem& problem,
                                  std::uint64_t memory) {
  std::vector<Candidate> list;
  problem.pools.push_back({"system", memory});
  list.push_back({shared_device("cpu", box.cpu.model.empty() ? "processor" : box.cpu.model), DeviceClass::cpu, "",
                  cpu_power(box.cpu, threads)});
  int number = 0;
  for (const hardware::Gpu& gpu : box.gpus) {
    if (!gpu.compute) continue;
    Candidate c{shared_device(fmt::format("gpu{}", number++), gpu.name), DeviceClass::gpu, gpu.driver,
                driver_power(gpu.driver, gpu.shares_memory)};
    if (!gpu.accessible) c.device.obstacle = "hearthd may not open its device";
    if (gpu.shares_memory) {
      if (gpu.shared_total) c.device.memory = *gpu.shared_total;
    } else {
      const std::uint64_t total = gpu.vram_total.value_or(0);
      c.device.pool = c.device.id;
      problem.pools.push_back({c.device.id, total - total / kSome});
    }
    list.push_back(std::move(c));
  }
  number = 0;
  for (const hardware::Npu& npu : box.npus) {
    Candidate c{shared_device(fmt::format("npu{}", number++), npu.name), DeviceClass::npu, npu.driver,
                driver_power(npu.driver, npu.shares_memory)};
    if (!npu.accessible) c.device.obstacle = "hearthd may not open its device";
    list.push_back(std::move(c));
  }
  return list;
}

// The measurement that fits best: for this very device before one for any.
template <typename T>
std::optional<T> measured_value(std::span<const Measurement> all, std::string_view engine, std::string_view device,
                                std::optional<T> Measurement::* what) {
  std::optional<T> anywhere;
  for (const Measurement& m : all) {
    if (m.engine != engine || !(m.*what)) continue;
    if (m.device == device) return m.*what;
    if (m.device.empty()) anywhere = m.*what;
  }
  return anywhere;
}

// A request of an engine of several tasks takes as long as its slowest.
double guessed_seconds(const TaskGuess& task, const Candidate& candidate) {
  const double fit = candidate.kind == DeviceClass::gpu   ? task.gpu
                     : candidate.kind == DeviceClass::npu ? task.npu
                                                          : 1.0;
  return task.work / std::max(0.01, candidate.power * fit);
}

std::vector<TaskGuess> tasks_of(const Manifest& manifest) {
  std::vector<TaskGuess> tasks;
  for (const Model& model : manifest.models) {
    const TaskGuess& guess = guess_for(to_string(model.task));
    if (std::ranges::find(tasks, guess.task, &TaskGuess::task) == tasks.end()) tasks.push_back(guess);
  }
  if (tasks.empty()) tasks.push_back(kOtherTask);
  return tasks;
}

// Guesses are right in their order only: what one device was found to take says how far off those for the others are.
void scale_guesses(Workload& workload, const std::vector<double>& guessed) {
  const auto found = std::ranges::find(workload.options, true, &Option::measured);
  if (found == workload.options.end()) return;
  const double factor = found->seconds / guessed[static_cast<std::size_t>(found - workload.options.begin())];
  for (Option& option : workload.options)
    if (!option.measured) option.seconds *= factor;
}

Workload workload_of(const EngineSpec& spec, const std::vector<Candidate>& devices,
                     std::span<const Measurement> measured) {
  const Manifest& manifest = spec.manifest;
  const std::vector<TaskGuess> tasks = tasks_of(manifest);
  Workload workload;
  workload.name = manifest.name;
  workload.weight = 0;
  double idle = 1;
  for (const TaskGuess& task : tasks) {
    workload.weight = std::max(workload.weight, task.weight);
    idle *= 1 - task.activity;
  }
  workload.activity = measured_value(measured, manifest.name, "", &Measurement::activity).value_or(1 - idle);
  const std::uint64_t limit = spec.settings.memory.value_or(manifest.memory);
  std::vector<double> guessed;  // by option
  for (const Candidate& candidate : devices) {
    const auto fits = [&](const DeviceKind& kind) {
      return kind.device == candidate.kind && (kind.driver.empty() || kind.driver == candidate.driver);
    };
    if (std::ranges::none_of(manifest.devices, fits)) continue;
    Option option;
    option.device = candidate.device.id;
    // An engine's limit leaves it room for the worst input; at work it is far below.
    option.memory = measured_value(measured, manifest.name, option.device, &Measurement::memory).value_or(limit / 4);
    option.seconds = 0;
    for (const TaskGuess& task : tasks) option.seconds = std::max(option.seconds, guessed_seconds(task, candidate));
    guessed.push_back(option.seconds);
    if (const auto seconds = measured_value(measured, manifest.name, option.device, &Measurement::seconds)) {
      option.seconds = *seconds;
      option.measured = true;
    }
    workload.options.push_back(std::move(option));
  }
  scale_guesses(workload, guessed);
  return workload;
}

}  // namespace

std::uint64_t default_memory_budget(const hardware::Inventory& box) {
  return box.memory.total - box.memory.total / 4;
}

BoxPlacement place_engines(const hardware::Inventory& box, std::span<const EngineSpec> engines,
                           std::span<const Measurement> measured, std::uint64_t memory) {
  BoxPlacement placement;
  placement.cores = hardware::compute_threads(box.cpu, box.usable_cpus);
  const std::vector<Candidate> devices = candidates(box, placement.cores, placement.problem, memory);
  for (const Candidate& candidate : devices) placement.problem.devices.push_back(candidate.device);
  for (const EngineSpec& spec : engines)
    if (spec.settings.enabled) placement.problem.workloads.push_back(workload_of(spec, devices, measured));
  placement.plan = plan_placement(placement.problem);
  placement.threads = thread_budgets(placement.problem, placement.plan, "cpu", placement.cores);
  for (const EngineSpec& spec : engines) {
    // With one request a thread, none waits for another at a barrier, and the kernel shares the processors well by
    // itself.
    const auto planned = placement.threads.find(spec.manifest.name);
    const bool thread_a_request = !spec.settings.concurrency && !spec.manifest.concurrency;
    if (planned != placement.threads.end() && thread_a_request) planned->second = std::max(1U, box.usable_cpus);
  }
  return placement;
}

void apply_threads(const BoxPlacement& placement, std::vector<EngineSpec>& engines) {
  for (EngineSpec& spec : engines)
    if (const auto planned = placement.threads.find(spec.manifest.name); planned != placement.threads.end())
      spec.threads = planned->second;
}

}  // namespace hearth::engines
