// GPUs through DRM, and NVIDIA's own driver through /proc, which has no DRM card where its display part is not loaded.
#include "readers.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace hearth::hardware {
namespace {

constexpr std::array<std::string_view, 12> kComputeDrivers{
    "amdgpu", "i915", "xe", "nvidia", "nouveau", "panthor", "panfrost", "v3d", "nvidia-drm", "msm_dpu", "msm", "asahi"};
constexpr std::uint32_t kAmd = 0x1002;
constexpr std::uint32_t kIntel = 0x8086;
constexpr std::uint32_t kNvidia = 0x10de;
constexpr std::size_t kMaxPciIds = 8UL << 20;
// The window of a card that cannot show all of its memory at once.
constexpr std::uint64_t kSmallWindow = 256ULL << 20;

std::string vendor_name(std::uint32_t id) {
  switch (id) {
    case 0:
      return {};
    case kAmd:
      return "AMD";
    case kIntel:
      return "Intel";
    case kNvidia:
      return "NVIDIA";
    default:
      return fmt::format("{:04x}", id);
  }
}

std::uint32_t narrow(std::optional<std::uint64_t> value) {
  return value && *value <= UINT32_MAX ? static_cast<std::uint32_t>(*value) : 0;
}

// The hwmon folder of a device; empty: none.
std::string hwmon_of(const Tree& tree, const std::string& device) {
  const auto found = tree.numbered(device + "/hwmon", "hwmon");
  return found.empty() ? std::string() : device + "/hwmon/" + found.front();
}

void read_amd(const Tree& tree, const std::string& device, Gpu& gpu) {
  gpu.vram_total = tree.number(device + "/mem_info_vram_total");
  gpu.vram_used = tree.number(device + "/mem_info_vram_used");
  gpu.shared_total = tree.number(device + "/mem_info_gtt_total");
  gpu.shared_used = tree.number(device + "/mem_info_gtt_used");
  // Only a processor with graphics inside has a north bridge's voltage to tell.
  const std::string hwmon = hwmon_of(tree, device);
  gpu.shares_memory = !hwmon.empty() && tree.text_or_empty(hwmon + "/in1_label") == "vddnb";
}

void read_intel(const Tree& tree, const std::string& card, const std::string& device, Gpu& gpu) {
  std::uint64_t sum = 0;
  for (const std::string& tile : tree.numbered(device, "tile")) {
    const std::uint64_t size = tree.number(fmt::format("{}/{}/physical_vram_size_bytes", device, tile)).value_or(0);
    sum = size > std::numeric_limits<std::uint64_t>::max() - sum ? size : sum + size;
  }
  for (const std::string& path : {device + "/lmem_total_bytes", card + "/lmem_total_bytes"})
    if (sum == 0) sum = tree.number(path).value_or(0);
  if (sum != 0) gpu.vram_total = sum;
  gpu.shares_memory = sum == 0;
}

Gpu read_card(const Tree& tree, const std::string& id) {
  const std::string card = "sys/class/drm/" + id;
  const std::string device = card + "/device";
  const std::string uevent = tree.text_or_empty(device + "/uevent");
  Gpu gpu;
  gpu.id = id;
  gpu.driver = uevent_value(uevent, "DRIVER");
  gpu.slot = uevent_value(uevent, "PCI_SLOT_NAME");
  gpu.vendor_id = narrow(tree.number(device + "/vendor"));
  gpu.device_id = narrow(tree.number(device + "/device"));
  gpu.vendor = vendor_name(gpu.vendor_id);
  for (const std::string& node : tree.numbered(device + "/drm", "renderD")) gpu.nodes.push_back("/dev/dri/" + node);
  gpu.compute =
      !gpu.nodes.empty() && std::ranges::find(kComputeDrivers, std::string_view(gpu.driver)) != kComputeDrivers.end();
  gpu.shares_memory = gpu.slot.empty();
  if (const auto busy = tree.number(device + "/gpu_busy_percent"); busy && *busy <= 100)
    gpu.busy_percent = static_cast<std::uint32_t>(*busy);
  if (gpu.driver == "amdgpu") read_amd(tree, device, gpu);
  if (gpu.driver == "i915" || gpu.driver == "xe") read_intel(tree, card, device, gpu);
  if (gpu.slot.empty()) {
    const std::string compatible = uevent_value(uevent, "OF_COMPATIBLE_0");
    gpu.name = compatible.empty() ? gpu.driver : compatible;
  }
  return gpu;
}

// The kernel's accounting of device memory (cgroup "dmem") knows sizes that drivers do not show elsewhere: lines of
// "drm/0000:03:00.0/vram0 8514437120".
void read_device_memory(const Tree& tree, std::vector<Gpu>& gpus) {
  const std::string capacity = tree.text_or_empty("sys/fs/cgroup/dmem.capacity");
  for (Gpu& gpu : gpus) {
    if (gpu.slot.empty() || gpu.vram_total || gpu.shares_memory) continue;
    const std::string start = fmt::format("drm/{}/vram", gpu.slot);
    std::string_view rest = capacity;
    while (!rest.empty()) {
      const std::string_view line = take_line(rest);
      const std::size_t blank = line.find(' ');
      if (!line.starts_with(start) || blank == std::string_view::npos) continue;
      if (const auto size = whole_number(line.substr(blank + 1))) gpu.vram_total = size;
    }
  }
}

void read_nvidia(const Tree& tree, std::vector<Gpu>& gpus) {
  const std::string base = "proc/driver/nvidia";
  const std::string version = parse_nvidia_version(tree.text_or_empty(base + "/version"));
  for (const std::string& slot : tree.names(base + "/gpus")) {
    const NvidiaCard card = parse_nvidia_card(tree.text_or_empty(fmt::format("{}/gpus/{}/information", base, slot)));
    auto known = std::ranges::find(gpus, slot, &Gpu::slot);
    if (known == gpus.end()) {
      Gpu made;
      made.id = "nvidia" + std::to_string(card.minor.value_or(0));
      made.slot = slot;
      made.vendor_id = kNvidia;
      made.vendor = "NVIDIA";
      const std::string device = "sys/bus/pci/devices/" + slot;
      made.device_id = narrow(tree.number(device + "/device"));
      known = gpus.insert(gpus.end(), std::move(made));
    }
    known->driver = "nvidia";
    known->driver_version = version;
    known->compute = true;
    if (!card.model.empty()) known->name = card.model;
    if (card.minor) known->nodes.insert(known->nodes.begin(), fmt::format("/dev/nvidia{}", *card.minor));
  }
}

// A window that was made large enough for all memory is the next power of two above it: more than half of it is there.
void read_window(const Tree& tree, Gpu& gpu) {
  if (gpu.vram_total || gpu.shares_memory || gpu.slot.empty() || !gpu.compute) return;
  const std::uint64_t window =
      parse_largest_bar(tree.text_or_empty(fmt::format("sys/bus/pci/devices/{}/resource", gpu.slot)));
  if (window == 0) return;
  gpu.vram_total = window > kSmallWindow ? window / 2 : window;
  gpu.vram_at_least = true;
}

void name_from_list(const Tree& tree, std::vector<Gpu>& gpus) {
  std::optional<std::string> ids;
  for (Gpu& gpu : gpus) {
    if (gpu.name.empty() && gpu.vendor_id != 0) {
      if (!ids) ids = tree.text("usr/share/misc/pci.ids", kMaxPciIds).value_or("");
      gpu.name = parse_pci_name(*ids, gpu.vendor_id, gpu.device_id);
    }
    if (gpu.name.empty())
      gpu.name = gpu.vendor_id == 0 ? gpu.driver : fmt::format("{} {:04x}", gpu.vendor, gpu.device_id);
  }
}

}  // namespace

std::vector<Gpu> read_gpus(const Tree& tree, Notes& notes) {
  std::vector<Gpu> gpus;
  for (const std::string& id : tree.numbered("sys/class/drm", "card")) {
    Gpu gpu = read_card(tree, id);
    if (gpu.driver == "RKNPU") continue;  // a processor for networks that registers as a card
    gpus.push_back(std::move(gpu));
  }
  read_nvidia(tree, gpus);
  read_device_memory(tree, gpus);
  for (Gpu& gpu : gpus) read_window(tree, gpu);
  name_from_list(tree, gpus);
  for (Gpu& gpu : gpus) {
    gpu.accessible = std::ranges::any_of(
        gpu.nodes, [&](const std::string& node) { return tree.accessible(std::string_view(node).substr(1)); });
    if (gpu.compute && !gpu.accessible)
      notes.push_back(fmt::format("{} ({}) cannot be used: hearthd may not open {}", gpu.name, gpu.id,
                                  gpu.nodes.empty() ? "any device of it" : gpu.nodes.front()));
    if (gpu.vram_at_least)
      notes.push_back(fmt::format(
          "how much memory {} ({}) has is not in /sys; what its bus window tells is a lower bound", gpu.name, gpu.id));
  }
  return gpus;
}

std::uint64_t parse_largest_bar(std::string_view resource) {
  constexpr std::uint64_t kPrefetchable = 0x2000;  // IORESOURCE_PREFETCH
  constexpr int kBars = 6;                         // then come the ROM and, on bridges, windows
  std::uint64_t largest = 0;
  for (int bar = 0; bar < kBars && !resource.empty(); ++bar) {
    std::string_view line = take_line(resource);
    std::array<std::uint64_t, 3> values{};  // start, end, flags
    bool good = true;
    for (std::uint64_t& value : values) {
      line = trim(line);
      const std::size_t blank = std::min(line.find(' '), line.size());
      const auto number = whole_number(line.substr(0, blank));
      good = good && number.has_value();
      value = number.value_or(0);
      line.remove_prefix(blank);
    }
    const auto [start, end, flags] = values;
    if (!good || (flags & kPrefetchable) == 0 || end <= start || end - start == UINT64_MAX) continue;
    largest = std::max(largest, end - start + 1);
  }
  return largest;
}

std::string parse_pci_name(std::string_view ids, std::uint32_t vendor, std::uint32_t device) {
  const std::string vendor_start = fmt::format("{:04x}  ", vendor);
  const std::string device_start = fmt::format("\t{:04x}  ", device);
  bool inside = false;
  while (!ids.empty()) {
    const std::string_view line = take_line(ids);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() != '\t') {
      if (inside) return {};
      inside = line.starts_with(vendor_start);
    } else if (inside && line.starts_with(device_start)) {
      std::string_view name = trim(line.substr(device_start.size()));
      // "Strix [Radeon 890M]": what is in brackets is what it is sold as.
      if (const std::size_t open = name.find('['); open != std::string_view::npos && name.ends_with(']'))
        name = name.substr(open + 1, name.size() - open - 2);
      return std::string(name.substr(0, 128));
    }
  }
  return {};
}

std::string parse_nvidia_version(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with("NVRM version:")) continue;
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, end);
      const bool digits = !word.empty() && word.size() <= 32 && word.find('.') != std::string_view::npos &&
                          std::ranges::all_of(word, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
      if (digits) return std::string(word);
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  return {};
}

NvidiaCard parse_nvidia_card(std::string_view text) {
  NvidiaCard card;
  card.model = field(text, "Model").value_or("").substr(0, 128);
  card.slot = field(text, "Bus Location").value_or("").substr(0, 32);
  if (const auto minor = field(text, "Device Minor").and_then(whole_number); minor && *minor < 256)
    card.minor = static_cast<std::uint32_t>(*minor);
  return card;
}

}  // namespace hearth::hardware
