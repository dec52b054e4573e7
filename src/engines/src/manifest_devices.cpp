// The key `devices` of a manifest: what an engine can compute on.
#include "manifest_parts.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace hearth::engines {
namespace {

struct ClassName {
  DeviceClass device;
  std::string_view name;
};
constexpr std::array kClasses{ClassName{DeviceClass::cpu, "cpu"}, ClassName{DeviceClass::gpu, "gpu"},
                              ClassName{DeviceClass::npu, "npu"}};

}  // namespace

Result<std::vector<DeviceKind>> read_devices(const Fields& manifest) {
  constexpr std::size_t kMaxDevices = 16;
  constexpr std::size_t kMaxDriver = 32;
  HEARTH_TRY_ASSIGN(const auto names, manifest.texts("devices", kMaxDevices));
  if (names.empty()) return std::vector{DeviceKind{}};
  std::vector<DeviceKind> devices;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/');
    const auto known = std::ranges::find(kClasses, std::string_view(name).substr(0, slash), &ClassName::name);
    const std::string driver = slash == std::string::npos ? std::string() : name.substr(slash + 1);
    const auto in_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    };
    if (known == kClasses.end() || driver.size() > kMaxDriver || !std::ranges::all_of(driver, in_word) ||
        (slash != std::string::npos && driver.empty()))
      return fail(
          manifest.wrong("devices", "must be a list of cpu, gpu and npu, each maybe with a driver: npu/intel_vpu"));
    devices.push_back({known->device, driver});
  }
  return devices;
}

std::string_view to_string(DeviceClass c) noexcept {
  for (const ClassName& known : kClasses) {
    if (known.device == c) return known.name;
  }
  return "unknown";
}

}  // namespace hearth::engines
