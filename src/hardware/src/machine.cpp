#include "text.h"

#include <hearth/core/file.h>
#include <hearth/core/units.h>
#include <hearth/hardware/machine.h>
#include <hearth/hardware/memory.h>

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace hearth::hardware {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;  // /proc/cpuinfo of a large machine is some 200 KB

std::string file_text(const std::string& path) {
  return read_file(path, kFileLimit).value_or("");
}

std::uint32_t allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

// The smallest quota of our cgroup and those above it. cgroup v2; v1's cpu controller has files of its own.
std::optional<double> quota() {
  const std::string cgroups = file_text("/proc/self/cgroup");
  std::optional<double> least;
  const auto consider = [&](std::optional<double> cpus) {
    if (cpus && (!least || *cpus < *least)) least = cpus;
  };
  std::string_view rest = cgroups;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (!line.starts_with("0::/")) continue;
    std::string path(line.substr(3));
    for (;;) {
      if (path != "/" && !path.empty()) consider(parse_cpu_max(file_text("/sys/fs/cgroup" + path + "/cpu.max")));
      const std::size_t slash = path.rfind('/');
      if (slash == std::string::npos || path == "/") break;
      path.resize(slash);
    }
  }
  consider(parse_cpu_max(file_text("/sys/fs/cgroup/cpu.max")));  // a container sees its own group as the root
  const auto v1_quota = leading_number(file_text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
  const auto v1_period = leading_number(file_text("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  if (v1_quota && v1_period && *v1_quota > 0 && *v1_period > 0)
    consider(static_cast<double>(*v1_quota) / static_cast<double>(*v1_period));
  return least;
}

}  // namespace

std::string parse_cpu_model(std::string_view cpuinfo) {
  for (const std::string_view name : {"model name", "Model", "Hardware", "cpu model"}) {
    if (const auto value = field(cpuinfo, name); value && !value->empty()) return std::string(*value);
  }
  return {};
}

std::string parse_os_name(std::string_view os_release) {
  auto value = field(os_release, "PRETTY_NAME", '=').value_or("");
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const auto allowed = leading_number(text);
  const std::size_t blank = text.find(' ');
  if (!allowed || blank == std::string_view::npos) return std::nullopt;
  const auto period = leading_number(text.substr(blank + 1));
  if (!period || *period == 0 || *allowed == 0) return std::nullopt;
  return static_cast<double>(*allowed) / static_cast<double>(*period);
}

std::uint32_t usable_cpus() {
  const std::uint32_t allowed = std::max(1U, allowed_cpus());
  const auto limit = quota();
  if (!limit || *limit >= allowed) return allowed;
  return std::max(1U, static_cast<std::uint32_t>(std::ceil(*limit)));
}

Machine describe_machine() {
  Machine machine;
  machine.cpu = parse_cpu_model(file_text("/proc/cpuinfo"));
  if (machine.cpu.empty()) machine.cpu = "unknown processor";
  machine.cores = usable_cpus();
  if (const auto memory = machine_memory()) machine.memory = memory->total;
  utsname kernel{};
  if (::uname(&kernel) == 0) machine.kernel = fmt::format("{} {} {}", kernel.sysname, kernel.release, kernel.machine);
  machine.system = parse_os_name(file_text("/etc/os-release"));
  if (machine.system.empty()) machine.system = "Linux";
  return machine;
}

std::string to_string(const Machine& machine) {
  return fmt::format("{}, {} {}, {}, {}, {}", machine.cpu, machine.cores, machine.cores == 1 ? "core" : "cores",
                     format_bytes(machine.memory), machine.system, machine.kernel);
}

}  // namespace hearth::hardware
