// Whole machines, and machines whose files are odd.
#include "machine_tree.h"

#include <hearth/hardware/inventory.h>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace hearth::hardware {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kMiB = 1ULL << 20;

Inventory of(const MachineTree& tree) {
  return take_inventory({.root = tree.root(), .data = tree.root()});
}

TEST(Inventory, OfAnIntelLaptopWithAnNpu) {
  const MachineTree tree("core-ultra");
  const Inventory box = of(tree);
  EXPECT_EQ(box.board, "Example Laptop 14");
  EXPECT_EQ(box.cpu.model, "Intel(R) Core(TM) Ultra 7 155H");
  EXPECT_EQ(box.cpu.sockets, 1U);
  EXPECT_EQ(box.cpu.cores, 16U);
  EXPECT_EQ(box.cpu.threads, 22U);
  ASSERT_THAT(box.cpu.kinds, SizeIs(3));
  EXPECT_EQ(box.cpu.kinds[0].name, "performance");
  EXPECT_EQ(box.cpu.kinds[0].cores, 6U);
  EXPECT_THAT(box.cpu.kinds[0].cpus, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_EQ(box.cpu.kinds[0].max_mhz, 4800U);
  EXPECT_EQ(box.cpu.kinds[1].name, "efficiency");
  EXPECT_EQ(box.cpu.kinds[1].cores, 8U);
  EXPECT_EQ(box.cpu.kinds[1].pace, 1900U) << "half of its clock, for half as wide vectors";
  EXPECT_EQ(box.cpu.kinds[2].name, "low-power");
  EXPECT_EQ(box.cpu.kinds[2].cores, 2U);
  EXPECT_EQ(compute_threads(box.cpu, box.usable_cpus), 6U) << "threads are the performance cores";
  EXPECT_THAT(box.cpu.features, ElementsAre("SSE4.2", "AVX", "F16C", "FMA", "AVX2", "AVX-VNNI"));
  const auto l2 = std::ranges::find(box.cpu.caches, 2U, &Cache::level);
  ASSERT_NE(l2, box.cpu.caches.end());
  EXPECT_EQ(l2->size, 2 * kMiB);
  EXPECT_EQ(l2->count, 9U);
  EXPECT_EQ(box.memory.total, 32554432ULL * 1024);
  EXPECT_EQ(box.memory.swap_free, 8388604ULL * 1024);

  ASSERT_THAT(box.gpus, SizeIs(1)) << "a connector is no card";
  EXPECT_EQ(box.gpus[0].name, "Intel Arc Graphics");
  EXPECT_EQ(box.gpus[0].vendor, "Intel");
  EXPECT_EQ(box.gpus[0].slot, "0000:00:02.0");
  EXPECT_TRUE(box.gpus[0].compute);
  EXPECT_TRUE(box.gpus[0].accessible);
  EXPECT_TRUE(box.gpus[0].shares_memory);
  EXPECT_THAT(box.gpus[0].nodes, ElementsAre("/dev/dri/renderD128"));

  ASSERT_THAT(box.npus, SizeIs(1));
  EXPECT_EQ(box.npus[0].name, "Intel NPU");
  EXPECT_EQ(box.npus[0].max_mhz, 1400U);
  EXPECT_EQ(box.npus[0].memory_used, kMiB);
  EXPECT_TRUE(box.npus[0].accessible);

  ASSERT_THAT(box.thermals.temperatures, SizeIs(1));
  EXPECT_EQ(box.thermals.temperatures[0].sensor, "x86_pkg_temp");
  EXPECT_DOUBLE_EQ(box.thermals.temperatures[0].celsius, 61.0);
  EXPECT_EQ(box.thermals.temperatures[0].passive, 105.0) << "a trip point at -274 °C is none";
  EXPECT_EQ(box.thermals.throttled, 41U);

  ASSERT_THAT(box.energy.counters, SizeIs(2));
  EXPECT_EQ(box.energy.counters[0].name, "package-0");
  EXPECT_EQ(box.energy.counters[0].range, 262143328850U);

  ASSERT_THAT(box.disks, SizeIs(1)) << "a loop device is no disk";
  EXPECT_EQ(box.disks[0].model, "Example NVMe 1TB");
  EXPECT_EQ(box.disks[0].size, 2000409264ULL * 512);
  EXPECT_FALSE(box.disks[0].rotational);
  ASSERT_TRUE(box.data_space);
  EXPECT_GE(box.data_space->total, box.data_space->free);
  EXPECT_THAT(box.notes, IsEmpty());
}

TEST(Inventory, OfAnAmdMiniPc) {
  const MachineTree tree("strix");
  const Inventory box = of(tree);
  EXPECT_EQ(box.board, "Example Mini 370");
  ASSERT_THAT(box.cpu.kinds, SizeIs(2));
  EXPECT_EQ(box.cpu.kinds[0].cores, 4U);
  EXPECT_EQ(box.cpu.kinds[1].cores, 8U);
  EXPECT_EQ(box.cpu.threads, 24U);
  EXPECT_EQ(compute_threads(box.cpu, 24), 12U) << "the compact cores are slower, but many";
  EXPECT_EQ(compute_threads(box.cpu, 3), 3U);
  EXPECT_THAT(box.cpu.features, testing::Contains("AVX-512 VNNI"));
  ASSERT_THAT(box.gpus, SizeIs(1));
  const Gpu& gpu = box.gpus[0];
  EXPECT_EQ(gpu.id, "card1");
  EXPECT_EQ(gpu.driver, "amdgpu");
  EXPECT_EQ(gpu.name, "AMD 150e") << "there is no list of names here";
  EXPECT_TRUE(gpu.shares_memory);
  EXPECT_EQ(gpu.vram_total, 512 * kMiB);
  EXPECT_EQ(gpu.shared_total, 33238286336U);
  EXPECT_EQ(gpu.busy_percent, 2U);
  ASSERT_THAT(box.npus, SizeIs(1));
  EXPECT_EQ(box.npus[0].driver, "amdxdna");
  EXPECT_EQ(box.npus[0].name, "AMD XDNA");
  ASSERT_THAT(box.thermals.temperatures, SizeIs(2));
  EXPECT_EQ(box.thermals.temperatures[0].sensor, "k10temp Tctl");
  EXPECT_DOUBLE_EQ(box.thermals.temperatures[0].celsius, 54.125);
  ASSERT_THAT(box.energy.power, SizeIs(1));
  EXPECT_EQ(box.energy.power[0].sensor, "amdgpu PPT");
  EXPECT_NEAR(box.energy.power[0].watts, 9.012, 1e-9);
}

TEST(Inventory, OfAnRk3588) {
  const MachineTree tree("rk3588");
  const Inventory box = of(tree);
  EXPECT_EQ(box.board, "Example RK3588 Board");
  EXPECT_EQ(box.cpu.model, "Cortex-A76");
  ASSERT_THAT(box.cpu.kinds, SizeIs(2));
  EXPECT_THAT(box.cpu.kinds[0].cpus, ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(box.cpu.kinds[0].pace, 1024U);
  EXPECT_EQ(compute_threads(box.cpu, 8), 4U);
  EXPECT_THAT(box.cpu.features, ElementsAre("NEON", "FP16", "dotprod"));
  ASSERT_THAT(box.gpus, SizeIs(2));
  EXPECT_FALSE(box.gpus[0].compute) << "a display's driver";
  EXPECT_EQ(box.gpus[1].driver, "panthor");
  EXPECT_TRUE(box.gpus[1].compute);
  EXPECT_TRUE(box.gpus[1].shares_memory);
  ASSERT_THAT(box.npus, SizeIs(1)) << "one NPU, however many places it shows in";
  EXPECT_EQ(box.npus[0].driver, "rknpu");
  EXPECT_THAT(box.npus[0].nodes, ElementsAre("/dev/dri/renderD129"));
  EXPECT_EQ(box.npus[0].max_mhz, 1000U);
  EXPECT_TRUE(box.npus[0].accessible);
  ASSERT_THAT(box.thermals.temperatures, SizeIs(2));
  EXPECT_EQ(box.thermals.temperatures[0].passive, 75.0);
  EXPECT_EQ(box.thermals.temperatures[0].critical, 115.0);
  EXPECT_THAT(box.thermals.cooling_now, ElementsAre("cpufreq-cpu4 2 of 9")) << "a fan is not throttling";
  ASSERT_THAT(box.energy.power, SizeIs(1));
  EXPECT_EQ(box.energy.power[0].sensor, "ina226 power1");
  EXPECT_NEAR(box.energy.power[0].watts, 9.6, 1e-9);
  EXPECT_THAT(box.disks, SizeIs(1));
}

TEST(Inventory, OfARaspberryPi5) {
  const MachineTree tree("raspberry-pi-5");
  const Inventory box = of(tree);
  EXPECT_EQ(box.board, "Raspberry Pi 5 Model B Rev 1.0");
  EXPECT_EQ(box.cpu.model, "Cortex-A76");
  ASSERT_THAT(box.cpu.kinds, SizeIs(1));
  EXPECT_EQ(box.cpu.kinds[0].name, "all");
  EXPECT_EQ(compute_threads(box.cpu, 4), 4U);
  ASSERT_THAT(box.npus, SizeIs(1));
  EXPECT_EQ(box.npus[0].name, "Hailo");
  EXPECT_FALSE(box.npus[0].shares_memory);
  EXPECT_TRUE(box.thermals.under_voltage);
  EXPECT_THAT(box.notes, ElementsAre(HasSubstr("power supply")));
  ASSERT_THAT(box.energy.power, SizeIs(1)) << "a rail without a current has no power";
  EXPECT_EQ(box.energy.power[0].sensor, "ina3221 5V");
  EXPECT_NEAR(box.energy.power[0].watts, 6.3, 1e-9);
  ASSERT_THAT(box.disks, SizeIs(2));
  EXPECT_TRUE(box.disks[1].rotational);
}

TEST(Inventory, OfADesktopWithTwoCards) {
  const MachineTree tree("desktop");
  const Inventory box = of(tree);
  EXPECT_EQ(box.cpu.cores, 8U);
  EXPECT_EQ(box.cpu.threads, 16U);
  EXPECT_EQ(compute_threads(box.cpu, 16), 8U) << "hardware threads of one core share its units";
  ASSERT_THAT(box.gpus, SizeIs(2));
  const Gpu& nvidia = box.gpus[0];
  EXPECT_EQ(nvidia.name, "NVIDIA GeForce RTX 3060");
  EXPECT_EQ(nvidia.driver_version, "535.183.01");
  EXPECT_THAT(nvidia.nodes, ElementsAre("/dev/nvidia0", "/dev/dri/renderD128"));
  EXPECT_EQ(nvidia.vram_total, 256 * kMiB);
  EXPECT_TRUE(nvidia.vram_at_least);
  EXPECT_FALSE(nvidia.shares_memory);
  const Gpu& radeon = box.gpus[1];
  EXPECT_FALSE(radeon.shares_memory) << "no north bridge: a card of its own";
  EXPECT_EQ(radeon.vram_total, 17163091968U);
  EXPECT_FALSE(radeon.vram_at_least);
  EXPECT_THAT(box.notes, ElementsAre(HasSubstr("lower bound")));
}

TEST(Inventory, KnowsAnNvidiaCardWithoutADisplayDriver) {
  const MachineTree tree("desktop");
  tree.remove("sys/class/drm/card0");
  tree.remove("dev/nvidia0");
  tree.put("sys/bus/pci/devices/0000:2b:00.0/device", "0x2504");
  const Inventory box = of(tree);
  ASSERT_THAT(box.gpus, SizeIs(2));
  EXPECT_EQ(box.gpus[1].id, "nvidia0");
  EXPECT_EQ(box.gpus[1].device_id, 0x2504U);
  EXPECT_FALSE(box.gpus[1].accessible);
  EXPECT_THAT(box.notes, testing::Contains(HasSubstr("may not open /dev/nvidia0")));
}

TEST(Inventory, OfAPlainVirtualMachine) {
  const MachineTree tree("plain-vm");
  const Inventory box = of(tree);
  EXPECT_EQ(box.cpu.cores, 2U);
  EXPECT_EQ(compute_threads(box.cpu, 2), 2U);
  EXPECT_THAT(box.cpu.features, ElementsAre("SSE4.2"));
  ASSERT_THAT(box.gpus, SizeIs(1));
  EXPECT_FALSE(box.gpus[0].compute);
  EXPECT_EQ(box.gpus[0].name, "1234 1111");
  ASSERT_THAT(box.disks, SizeIs(1));
  EXPECT_FALSE(box.disks[0].rotational) << "the kernel says so of every virtual disk";
  EXPECT_THAT(box.npus, IsEmpty());
  EXPECT_THAT(box.thermals.temperatures, IsEmpty());
  EXPECT_THAT(box.energy.counters, IsEmpty());
  EXPECT_THAT(box.notes, IsEmpty()) << "what was never there is no trouble";
}

TEST(Inventory, KnowsEachVendorsPlaces) {
  const MachineTree tree("plain-vm");
  for (const char* node : {"dev/davinci0", "dev/bm-sophon0", "dev/apex_0", "dev/hailo1", "dev/davinci_manager0x"})
    tree.put(node, "");
  tree.put("sys/class/accel/accel1/device/uevent", "DRIVER=habanalabs");
  tree.put("sys/class/accel/accel10/device/uevent", "DRIVER=something_new");
  tree.put("sys/class/accel/accel2/device/uevent", "DRIVER=rocket");
  tree.put("dev/rknpu", "");
  tree.put("sys/bus/pci/devices/0000:03:00.0/resource", "");
  tree.put("sys/class/drm/card1/device/uevent", "DRIVER=xe\nPCI_SLOT_NAME=0000:03:00.0");
  tree.put("sys/class/drm/card1/device/vendor", "0x8086");
  tree.put("sys/class/drm/card1/device/tile0/physical_vram_size_bytes", "8589934592");
  tree.put("sys/class/drm/card1/device/tile1/physical_vram_size_bytes", "8589934592");
  const Inventory box = of(tree);
  std::vector<std::string> names;
  for (const Npu& npu : box.npus) names.push_back(npu.id + " " + npu.name);
  EXPECT_THAT(names,
              ElementsAre("accel1 Intel Gaudi", "accel2 Rockchip NPU", "accel10 accelerator (something_new)",
                          "davinci0 Huawei Ascend", "bm-sophon0 Sophgo Sophon", "hailo1 Hailo", "apex_0 Google Coral"));
  EXPECT_FALSE(box.npus[3].accessible) << "its manager is missing";
  EXPECT_FALSE(box.gpus[1].shares_memory);
  EXPECT_EQ(box.gpus[1].vram_total, 16384 * kMiB);
}

TEST(Inventory, TakesSizesFromTheKernelsAccounting) {
  const MachineTree tree("plain-vm");
  tree.put("sys/class/drm/card1/device/uevent", "DRIVER=nouveau\nPCI_SLOT_NAME=0000:01:00.0");
  tree.put("sys/class/drm/card1/device/vendor", "0x10de");
  tree.put("sys/fs/cgroup/dmem.capacity", "drm/0000:01:00.0/vram0 8514437120\ndrm/0000:01:00.0/stolen 67108864");
  EXPECT_EQ(of(tree).gpus[1].vram_total, 8514437120U);
}

TEST(Inventory, OfNothingIsEmpty) {
  const MachineTree tree;
  const Inventory box = of(tree);
  EXPECT_EQ(box.cpu.cores, 0U);
  EXPECT_EQ(box.memory.total, 0U);
  EXPECT_TRUE(box.gpus.empty());
  EXPECT_EQ(box.usable_cpus, 1U);
  EXPECT_EQ(compute_threads(box.cpu, 0), 1U);
  EXPECT_THAT(box.notes, ElementsAre(HasSubstr("topology")));
}

// Every file of a whole machine says something odd; the rest must stay.
class OddFiles : public testing::TestWithParam<const char*> {};

TEST_P(OddFiles, MakeAnInventoryPoorerAndNothingElse) {
  const MachineTree tree(GetParam());
  const Inventory whole = of(tree);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root()))
    // hwloc's own files are its business; it gets nonsense below, all of it at once.
    if (entry.is_regular_file() && entry.path().string().find("/sys/devices/system/cpu/") == std::string::npos)
      files.push_back(entry.path());
  const std::vector<std::string> oddities{
      "", "-1", "99999999999999999999999", "18446744073709551615", "\xff\xfe: \n\n:", "0x"};
  // In each round every sixth file is odd, and each file says another odd thing in another round.
  for (std::size_t round = 0; round < oddities.size(); ++round) {
    std::map<std::filesystem::path, std::string> before;
    for (std::size_t i = round; i < files.size(); i += oddities.size()) {
      before[files[i]] = (std::stringstream() << std::ifstream(files[i]).rdbuf()).str();
      std::ofstream(files[i], std::ios::trunc) << oddities[(i / oddities.size() + round) % oddities.size()];
    }
    const Inventory odd = of(tree);
    EXPECT_EQ(odd.cpu.cores, whole.cpu.cores) << round;
    EXPECT_LE(odd.gpus.size(), whole.gpus.size() + 1) << round;
    EXPECT_LE(odd.npus.size(), whole.npus.size() + 1) << round;
    for (const Temperature& t : odd.thermals.temperatures) EXPECT_LT(t.celsius, 251) << t.sensor;
    for (const auto& [file, content] : before) std::ofstream(file, std::ios::trunc) << content;
  }
  EXPECT_EQ(of(tree).memory.total, whole.memory.total);
}

INSTANTIATE_TEST_SUITE_P(Machines, OddFiles, testing::Values("rk3588", "desktop"));

TEST(Inventory, DoesNotStumbleOverOtherThingsInAFilesPlace) {
  const MachineTree tree("core-ultra");
  for (const char* path :
       {"proc/meminfo", "sys/class/thermal/thermal_zone0/temp", "sys/class/drm/card0/device/uevent"}) {
    tree.remove(path);
    std::filesystem::create_directories(tree.root() / path);  // as when the kernel refuses a read
  }
  const std::string queue = "sys/class/powercap/intel-rapl:0/energy_uj";
  tree.remove(queue);
  ASSERT_EQ(::mkfifo((tree.root() / queue).c_str(), 0600), 0);  // nobody ever writes into it
  tree.remove("sys/class/accel");
  std::filesystem::create_symlink("accel", tree.root() / "sys/class/accel");  // points at itself
  const Inventory box = of(tree);
  EXPECT_EQ(box.memory.total, 0U);
  EXPECT_TRUE(box.thermals.temperatures.empty());
  EXPECT_TRUE(box.npus.empty());
  EXPECT_THAT(box.energy.counters, SizeIs(1));
  EXPECT_EQ(box.cpu.cores, 16U);
}

TEST(Inventory, SurvivesANonsenseTopology) {
  const MachineTree tree("strix");
  int i = 0;
  const char* const nonsense[] = {"", "-1", "ffffffff,ffffffff,ffffffff", "zzz", "99999999999999"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root() / "sys/devices/system/cpu"))
    if (entry.is_regular_file()) std::ofstream(entry.path(), std::ios::trunc) << nonsense[i++ % 5];
  const Inventory box = of(tree);
  EXPECT_GE(compute_threads(box.cpu, 4), 1U);
  EXPECT_LE(compute_threads(box.cpu, 4), 4U);
  EXPECT_EQ(box.memory.total, 64918528ULL * 1024);
}

TEST(Inventory, OfThisMachineIsPlausible) {
  const Inventory box = take_inventory({.root = "/", .data = "/tmp"});
  EXPECT_GE(box.cpu.threads, 1U);
  EXPECT_GE(box.cpu.threads, box.cpu.cores);
  EXPECT_GT(box.memory.total, 0U);
  EXPECT_GE(compute_threads(box.cpu, box.usable_cpus), 1U);
  EXPECT_LE(compute_threads(box.cpu, box.usable_cpus), box.usable_cpus);
}

}  // namespace
}  // namespace hearth::hardware
