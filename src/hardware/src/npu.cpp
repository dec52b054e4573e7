// Processors for neural networks: those of the kernel's accel class by their driver, and those whose vendors' drivers
// have places of their own.
#include "readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::hardware {
namespace {

struct AccelDriver {
  std::string_view driver;
  std::string_view name;
  bool shares_memory;
};
constexpr std::array kAccelDrivers{
    AccelDriver{"intel_vpu", "Intel NPU", true},     AccelDriver{"amdxdna", "AMD XDNA", true},
    AccelDriver{"rocket", "Rockchip NPU", true},     AccelDriver{"ethosu", "Arm Ethos-U", true},
    AccelDriver{"habanalabs", "Intel Gaudi", false}, AccelDriver{"qaic", "Qualcomm Cloud AI", false},
    AccelDriver{"RKNPU", "Rockchip NPU", true},      AccelDriver{"arm-china-npu", "Arm China Zhouyi", true},
};

// Device nodes of drivers outside the accel class: the name is `prefix` and a number.
struct NodeDriver {
  std::string_view prefix;
  std::string_view driver;
  std::string_view name;
};
constexpr std::array kNodeDrivers{
    NodeDriver{"davinci", "davinci", "Huawei Ascend"},
    NodeDriver{"bm-sophon", "bm-sophon", "Sophgo Sophon"},
    NodeDriver{"hailo", "hailo", "Hailo"},
    NodeDriver{"apex_", "apex", "Google Coral"},
};

const AccelDriver* known(std::string_view driver) {
  const auto found = std::ranges::find(kAccelDrivers, driver, &AccelDriver::driver);
  return found == kAccelDrivers.end() ? nullptr : found;
}

void read_accel(const Tree& tree, std::vector<Npu>& npus) {
  for (const std::string& id : tree.numbered("sys/class/accel", "accel")) {
    const std::string device = fmt::format("sys/class/accel/{}/device", id);
    Npu npu;
    npu.id = id;
    npu.driver = uevent_value(tree.text_or_empty(device + "/uevent"), "DRIVER");
    const AccelDriver* driver = known(npu.driver);
    npu.name = driver != nullptr ? std::string(driver->name) : fmt::format("accelerator ({})", npu.driver);
    npu.shares_memory = driver == nullptr || driver->shares_memory;
    npu.nodes.push_back("/dev/accel/" + id);
    if (const auto mhz = tree.number(device + "/npu_max_frequency_mhz"); mhz && *mhz < 100'000)
      npu.max_mhz = static_cast<std::uint32_t>(*mhz);
    npu.memory_used = tree.number(device + "/npu_memory_utilization");
    npus.push_back(std::move(npu));
  }
}

// Rockchip's own driver: a node of its own, a DRM card, or only its clock under devfreq, as the kernel was built.
void read_rockchip(const Tree& tree, std::vector<Npu>& npus) {
  if (std::ranges::any_of(npus, [](const Npu& npu) { return npu.driver == "rocket"; })) return;
  Npu npu;
  npu.id = "rknpu";
  npu.driver = "rknpu";
  npu.name = "Rockchip NPU";
  bool found = tree.exists("sys/kernel/debug/rknpu");
  if (tree.exists("dev/rknpu")) {
    npu.nodes.emplace_back("/dev/rknpu");
    found = true;
  }
  for (const std::string& card : tree.numbered("sys/class/drm", "card")) {
    const std::string device = fmt::format("sys/class/drm/{}/device", card);
    if (uevent_value(tree.text_or_empty(device + "/uevent"), "DRIVER") != "RKNPU") continue;
    found = true;
    for (const std::string& node : tree.numbered(device + "/drm", "renderD")) npu.nodes.push_back("/dev/dri/" + node);
  }
  for (const std::string& name : tree.names("sys/class/devfreq")) {
    if (!name.ends_with(".npu")) continue;
    found = true;
    if (const auto hertz = tree.number(fmt::format("sys/class/devfreq/{}/max_freq", name));
        hertz && *hertz < 100'000'000'000)
      npu.max_mhz = static_cast<std::uint32_t>(*hertz / 1'000'000);
  }
  if (found) npus.push_back(std::move(npu));
}

void read_nodes(const Tree& tree, std::vector<Npu>& npus) {
  for (const NodeDriver& driver : kNodeDrivers) {
    for (const std::string& node : tree.numbered("dev", driver.prefix)) {
      Npu npu;
      npu.id = node;
      npu.driver = driver.driver;
      npu.name = driver.name;
      npu.shares_memory = false;
      npu.nodes.push_back("/dev/" + node);
      npus.push_back(std::move(npu));
    }
  }
}

}  // namespace

std::optional<std::string_view> npu_name(std::string_view driver) {
  const AccelDriver* found = known(driver);
  if (found == nullptr) return std::nullopt;
  return found->name;
}

std::vector<Npu> read_npus(const Tree& tree, Notes& notes) {
  std::vector<Npu> npus;
  read_accel(tree, npus);
  read_rockchip(tree, npus);
  read_nodes(tree, npus);
  for (Npu& npu : npus) {
    npu.accessible = std::ranges::any_of(
        npu.nodes, [&](const std::string& node) { return tree.accessible(std::string_view(node).substr(1)); });
    // Ascend's cards are opened through one manager.
    if (npu.driver == "davinci") npu.accessible = npu.accessible && tree.accessible("dev/davinci_manager");
    if (!npu.accessible)
      notes.push_back(fmt::format("{} ({}) cannot be used: hearthd may not open {}", npu.name, npu.id,
                                  npu.nodes.empty() ? "any device of it" : npu.nodes.front()));
  }
  return npus;
}

}  // namespace hearth::hardware
