// What /proc/cpuinfo and lists of processors say.
#include "text.h"

#include <hearth/hardware/inventory.h>

#include <algorithm>
#include <array>
#include <set>

namespace hearth::hardware {
namespace {

constexpr std::uint32_t kMaxCpu = 4095;

struct Feature {
  std::string_view name;
  std::string_view flag;  // the kernel's word for it
};
constexpr std::array kFeatures{
    Feature{"SSE4.2", "sse4_2"},
    Feature{"AVX", "avx"},
    Feature{"F16C", "f16c"},
    Feature{"FMA", "fma"},
    Feature{"AVX2", "avx2"},
    Feature{"AVX-VNNI", "avx_vnni"},
    Feature{"AVX-512", "avx512f"},
    Feature{"AVX-512 VNNI", "avx512_vnni"},
    Feature{"AVX-512 BF16", "avx512_bf16"},
    Feature{"AMX INT8", "amx_int8"},
    Feature{"AMX BF16", "amx_bf16"},
    Feature{"NEON", "asimd"},
    Feature{"NEON", "neon"},
    Feature{"FP16", "asimdhp"},
    Feature{"dotprod", "asimddp"},
    Feature{"I8MM", "i8mm"},
    Feature{"BF16", "bf16"},
    Feature{"SVE", "sve"},
    Feature{"SVE2", "sve2"},
    Feature{"SME", "sme"},
};

struct ArmPart {
  std::uint64_t implementer;
  std::uint64_t part;
  std::string_view name;
};
constexpr std::array kArmParts{
    ArmPart{0x41, 0xd03, "Cortex-A53"},  ArmPart{0x41, 0xd04, "Cortex-A35"},  ArmPart{0x41, 0xd05, "Cortex-A55"},
    ArmPart{0x41, 0xd08, "Cortex-A72"},  ArmPart{0x41, 0xd09, "Cortex-A73"},  ArmPart{0x41, 0xd0a, "Cortex-A75"},
    ArmPart{0x41, 0xd0b, "Cortex-A76"},  ArmPart{0x41, 0xd0c, "Neoverse-N1"}, ArmPart{0x41, 0xd0d, "Cortex-A77"},
    ArmPart{0x41, 0xd40, "Neoverse-V1"}, ArmPart{0x41, 0xd41, "Cortex-A78"},  ArmPart{0x41, 0xd42, "Cortex-A78AE"},
    ArmPart{0x41, 0xd46, "Cortex-A510"}, ArmPart{0x41, 0xd47, "Cortex-A710"}, ArmPart{0x41, 0xd49, "Neoverse-N2"},
    ArmPart{0x41, 0xd4f, "Neoverse-V2"}, ArmPart{0x41, 0xd80, "Cortex-A520"}, ArmPart{0x41, 0xd81, "Cortex-A720"},
};

std::set<std::string_view> words(std::string_view text) {
  std::set<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) found.insert(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string> parse_cpu_features(std::string_view cpuinfo) {
  std::optional<std::set<std::string_view>> common;
  std::string_view seen;  // most processors repeat the line of the one before
  while (!cpuinfo.empty()) {
    const std::string_view line = take_line(cpuinfo);
    const std::size_t at = line.find(':');
    if (at == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, at));
    if (name != "flags" && name != "Features") continue;
    const std::string_view value = line.substr(at + 1);
    if (common && value == seen) continue;
    seen = value;
    std::set<std::string_view> flags = words(value);
    if (!common) {
      common = std::move(flags);
    } else {
      std::erase_if(*common, [&](std::string_view flag) { return !flags.contains(flag); });
    }
  }
  std::vector<std::string> features;
  if (!common) return features;
  for (const Feature& feature : kFeatures) {
    if (common->contains(feature.flag) && (features.empty() || features.back() != feature.name))
      features.emplace_back(feature.name);
  }
  return features;
}

std::string parse_arm_core(std::string_view cpuinfo) {
  std::uint64_t implementer = 0;
  std::string name;
  while (!cpuinfo.empty()) {
    const std::string_view line = take_line(cpuinfo);
    const std::size_t at = line.find(':');
    if (at == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, at));
    const auto value = hexadecimal(trim(line.substr(at + 1)));
    if (!value) continue;
    if (key == "CPU implementer") implementer = *value;
    if (key != "CPU part") continue;
    const auto known = std::ranges::find_if(
        kArmParts, [&](const ArmPart& p) { return p.implementer == implementer && p.part == *value; });
    if (known != kArmParts.end()) name = known->name;
  }
  return name;
}

std::vector<std::uint32_t> parse_cpu_list(std::string_view text) {
  std::vector<std::uint32_t> list;
  text = trim(text.substr(0, text.find('\n')));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t dash = item.find('-');
    const auto first = leading_number(item);
    const auto last = dash == std::string_view::npos ? first : leading_number(item.substr(dash + 1));
    if (!first || !last || *last > kMaxCpu || *first > *last || list.size() > kMaxCpu) break;
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) list.push_back(static_cast<std::uint32_t>(cpu));
  }
  return list;
}

}  // namespace hearth::hardware
