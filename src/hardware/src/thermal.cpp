#include "readers.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::hardware {
namespace {

// Thousandths of a degree. A sensor that is off or broken says something absurd.
std::optional<double> celsius(const Tree& tree, const std::string& path) {
  const auto value = tree.signed_number(path);
  if (!value || *value < -60'000 || *value > 250'000) return std::nullopt;
  return static_cast<double>(*value) / 1000.0;
}

// A limit of 0 or less is none.
std::optional<double> limit(const Tree& tree, const std::string& path) {
  const auto value = celsius(tree, path);
  return value && *value > 0 ? value : std::nullopt;
}

void read_zones(const Tree& tree, Thermals& thermals) {
  for (const std::string& zone : tree.numbered("sys/class/thermal", "thermal_zone")) {
    const std::string folder = "sys/class/thermal/" + zone;
    const auto now = celsius(tree, folder + "/temp");
    if (!now) continue;
    Temperature t;
    t.sensor = tree.text(folder + "/type", 64).value_or(zone);
    t.celsius = *now;
    for (int trip = 0; trip < 12; ++trip) {
      const std::string start = fmt::format("{}/trip_point_{}_", folder, trip);
      const std::string type = tree.text_or_empty(start + "type");
      const auto at = limit(tree, start + "temp");
      if (!at) continue;
      if (type == "passive") t.passive = std::min(t.passive.value_or(*at), *at);
      if (type == "critical") t.critical = at;
    }
    thermals.temperatures.push_back(std::move(t));
  }
}

void read_hwmon(const Tree& tree, Thermals& thermals) {
  for (const std::string& monitor : tree.numbered("sys/class/hwmon", "hwmon")) {
    const std::string folder = "sys/class/hwmon/" + monitor;
    const std::string chip = tree.text(folder + "/name", 64).value_or(monitor);
    for (const std::string& file : tree.names(folder, "temp")) {
      if (!file.ends_with("_input")) continue;
      const std::string start = fmt::format("{}/{}", folder, file.substr(0, file.size() - 6));
      const auto now = celsius(tree, fmt::format("{}/{}", folder, file));
      if (!now) continue;
      Temperature t;
      const std::string label = tree.text(start + "_label", 64).value_or("");
      t.sensor = label.empty() ? chip : fmt::format("{} {}", chip, label);
      t.celsius = *now;
      t.critical = limit(tree, start + "_crit");
      thermals.temperatures.push_back(std::move(t));
    }
  }
}

std::uint64_t throttle_count(const Tree& tree) {
  std::uint64_t most = 0;
  for (const std::string& cpu : tree.numbered("sys/devices/system/cpu", "cpu")) {
    const std::string folder = fmt::format("sys/devices/system/cpu/{}/thermal_throttle/", cpu);
    for (const char* name : {"core_throttle_count", "package_throttle_count"})
      most = std::max(most, tree.number(folder + name).value_or(0));
  }
  return most;
}

std::vector<std::string> cooling(const Tree& tree) {
  std::vector<std::string> active;
  for (const std::string& device : tree.numbered("sys/class/thermal", "cooling_device")) {
    const std::string folder = "sys/class/thermal/" + device;
    const auto now = tree.number(folder + "/cur_state");
    const auto most = tree.number(folder + "/max_state");
    const std::string type = tree.text(folder + "/type", 64).value_or(device);
    // A fan that turns slows nothing down.
    const bool fan = type.find("fan") != std::string::npos || type.find("Fan") != std::string::npos;
    if (now && most && *now > 0 && *now <= *most && !fan)
      active.push_back(fmt::format("{} {} of {}", type, *now, *most));
  }
  return active;
}

}  // namespace

Thermals read_thermals(const Tree& tree) {
  Thermals thermals;
  read_zones(tree, thermals);
  read_hwmon(tree, thermals);
  thermals.throttled = throttle_count(tree);
  thermals.cooling_now = cooling(tree);
  // The Raspberry Pi's firmware: bit 0 too little voltage now, bit 16 since the start; written without a 0x.
  const std::string firmware = tree.text_or_empty("sys/devices/platform/soc/soc:firmware/get_throttled");
  const auto bits = whole_number(firmware.starts_with("0x") ? firmware : "0x" + firmware);
  thermals.under_voltage = bits && (*bits & 0x10001U) != 0;
  if (bits && (*bits & 0x4U) != 0) thermals.cooling_now.emplace_back("Raspberry Pi firmware");
  return thermals;
}

}  // namespace hearth::hardware
