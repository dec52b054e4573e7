// RAPL through powercap; power and energy sensors through hwmon, INA chips among them.
#include "readers.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::hardware {
namespace {

void read_powercap(const Tree& tree, Energy& energy, Notes& notes) {
  bool refused = false;
  for (const std::string& zone : tree.names("sys/class/powercap")) {
    const std::string folder = "sys/class/powercap/" + zone;
    if (zone.find(':') == std::string::npos) continue;  // the control type itself
    const auto now = tree.number(folder + "/energy_uj");
    refused = refused || (!now && tree.refused(folder + "/energy_uj"));
    if (!now) continue;
    EnergyCounter counter;
    counter.name = tree.text(folder + "/name", 64).value_or(zone);
    counter.microjoules = *now;
    counter.range = tree.number(folder + "/max_energy_range_uj").value_or(0);
    energy.counters.push_back(std::move(counter));
  }
  if (refused)
    notes.emplace_back(
        "the processor's energy counters may be read by root only (chmod a+r "
        "/sys/class/powercap/*/energy_uj at boot lets hearthd read them)");
}

std::optional<double> micro(const Tree& tree, const std::string& path) {
  const auto value = tree.number(path);
  if (!value || *value > 1'000'000'000'000) return std::nullopt;
  return static_cast<double>(*value) / 1e6;
}

void read_sensor(const Tree& tree, const std::string& folder, const std::string& chip, Energy& energy) {
  bool power = false;
  for (const std::string& file : tree.names(folder, "power")) {
    // Some drivers tell the present value, some only a mean.
    if (!file.ends_with("_input") && !file.ends_with("_average")) continue;
    const std::string start = file.substr(0, file.find('_'));
    if (file.ends_with("_average") && tree.exists(fmt::format("{}/{}_input", folder, start))) continue;
    const auto watts = micro(tree, fmt::format("{}/{}", folder, file));
    if (!watts) continue;
    power = true;
    const std::string label = tree.text(fmt::format("{}/{}_label", folder, start), 64).value_or("");
    energy.power.push_back({fmt::format("{} {}", chip, label.empty() ? start : label), *watts});
  }
  for (const std::string& file : tree.names(folder, "energy")) {
    if (!file.ends_with("_input")) continue;
    const auto joules = tree.number(fmt::format("{}/{}", folder, file));
    if (!joules) continue;
    const std::string start = file.substr(0, file.find('_'));
    const std::string label = tree.text(fmt::format("{}/{}_label", folder, start), 64).value_or("");
    energy.counters.push_back({fmt::format("{} {}", chip, label.empty() ? start : label), *joules, 0});
  }
  // An INA3221 measures three rails and leaves the product to us: in1 and curr1 belong together.
  if (power || !chip.starts_with("ina")) return;
  for (int rail = 1; rail <= 3; ++rail) {
    const auto millivolts = tree.number(fmt::format("{}/in{}_input", folder, rail));
    const auto milliamperes = tree.number(fmt::format("{}/curr{}_input", folder, rail));
    if (!millivolts || !milliamperes || *millivolts > 1'000'000 || *milliamperes > 1'000'000) continue;
    const std::string label = tree.text(fmt::format("{}/in{}_label", folder, rail), 64).value_or("");
    energy.power.push_back({fmt::format("{} {}", chip, label.empty() ? fmt::format("rail {}", rail) : label),
                            static_cast<double>(*millivolts) * static_cast<double>(*milliamperes) / 1e6});
  }
}

}  // namespace

Energy read_energy(const Tree& tree, Notes& notes) {
  Energy energy;
  read_powercap(tree, energy, notes);
  for (const std::string& monitor : tree.numbered("sys/class/hwmon", "hwmon")) {
    const std::string folder = "sys/class/hwmon/" + monitor;
    read_sensor(tree, folder, tree.text(folder + "/name", 64).value_or(monitor), energy);
  }
  return energy;
}

std::uint64_t energy_between(const EnergyCounter& before, const EnergyCounter& after) {
  if (after.microjoules >= before.microjoules) return after.microjoules - before.microjoules;
  // It counts from 0 to its range, both included. A counter past its own range, or one without, was started anew.
  if (before.range == 0 || before.microjoules > before.range) return after.microjoules;
  const std::uint64_t left = before.range - before.microjoules;
  if (left >= UINT64_MAX - after.microjoules) return UINT64_MAX;
  return left + 1 + after.microjoules;
}

}  // namespace hearth::hardware
