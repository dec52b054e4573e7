// What this box is, for `hearth status`, the benchmarks' heading and the default number of threads. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::hardware {

struct Machine {
  std::string cpu;           // "AMD Ryzen 5 5600U with Radeon Graphics"
  std::uint32_t cores = 1;   // CPUs this process may use: affinity and cgroup quota taken into account
  std::uint64_t memory = 0;  // bytes
  std::string kernel;        // "Linux 6.1.0-18-amd64 x86_64"
  std::string system;        // "Debian GNU/Linux 12 (bookworm)"
};
Machine describe_machine();
// "AMD Ryzen 5 5600U, 12 cores, 15.5 GiB, Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64 x86_64"
std::string to_string(const Machine& machine);

// CPUs this process may use, at least 1: its affinity, and its cgroup's quota rounded up.
std::uint32_t usable_cpus();

// Pure parsers over what the kernel writes.
// The model name in /proc/cpuinfo (x86: "model name", ARM: "Model" or "Hardware"); empty when there is none.
std::string parse_cpu_model(std::string_view cpuinfo);
// PRETTY_NAME of /etc/os-release, unquoted; empty when there is none.
std::string parse_os_name(std::string_view os_release);
// cgroup v2's cpu.max ("150000 100000", "max 100000") in CPUs; nullopt: no quota.
std::optional<double> parse_cpu_max(std::string_view text);

}  // namespace hearth::hardware
