// The kernel's files: firmware, drivers and device names speak through them.
#include <hearth/hardware/inventory.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::hardware;  // NOLINT(google-build-using-namespace): a program of one file
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string& feature : parse_cpu_features(text))
    if (feature.empty()) std::abort();
  static_cast<void>(parse_arm_core(text));
  const auto cpus = parse_cpu_list(text);
  if (cpus.size() > 2 * 4096) std::abort();
  for (const std::uint32_t cpu : cpus)
    if (cpu > 4095) std::abort();
  static_cast<void>(parse_largest_bar(text));
  if (parse_pci_name(text, 0x1002, 0x150e).size() > 128) std::abort();
  if (parse_nvidia_version(text).size() > 32) std::abort();
  const NvidiaCard card = parse_nvidia_card(text);
  if (card.model.size() > 128 || card.slot.size() > 32 || card.minor.value_or(0) > 255) std::abort();
  if (const auto name = npu_name(text); name && name->empty()) std::abort();
  return 0;
}
