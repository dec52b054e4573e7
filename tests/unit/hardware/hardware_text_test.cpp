#include <hearth/hardware/inventory.h>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace hearth::hardware {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CpuFeatures, AreWhatAllProcessorsHave) {
  EXPECT_THAT(parse_cpu_features("Features\t: asimd asimddp sve\n\nFeatures\t: asimd asimddp\n"),
              ElementsAre("NEON", "dotprod"));
  EXPECT_THAT(parse_cpu_features("flags : avx512_vnni  avx512f amx_int8"),
              ElementsAre("AVX-512", "AVX-512 VNNI", "AMX INT8"));
  EXPECT_THAT(parse_cpu_features("Features : neon\n"), ElementsAre("NEON"));
  EXPECT_THAT(parse_cpu_features("vmx flags : avx2\nflags\n"), IsEmpty());
}

TEST(CpuList, StopsAtNonsense) {
  EXPECT_THAT(parse_cpu_list("0-3,8\n"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(parse_cpu_list("5"), ElementsAre(5));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("1,x,3"), ElementsAre(1));
  EXPECT_THAT(parse_cpu_list("3-1"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("0-18446744073709551615"), IsEmpty());
}

TEST(ArmCore, IsTheLastProcessors) {
  EXPECT_EQ(parse_arm_core("CPU implementer : 0x41\nCPU part : 0xd0b\n"), "Cortex-A76");
  EXPECT_EQ(parse_arm_core("CPU implementer : 0x61\nCPU part : 0xd0b\n"), "");
  EXPECT_EQ(parse_arm_core("CPU part : 0xd0b"), "");
  EXPECT_EQ(parse_arm_core("CPU implementer : 0x\nCPU part : d0b"), "");
}

TEST(Bar, IsTheLargestPrefetchableOne) {
  EXPECT_EQ(parse_largest_bar("0x0 0xffffff 0x40200\n0x1000000000 0x17ffffffff 0x14220c\n"), 32ULL << 30);
  EXPECT_EQ(parse_largest_bar("0x10 0x0f 0x2000\n0x0 0xffffffffffffffff 0x2000\nx y z\n"), 0U);
  EXPECT_EQ(parse_largest_bar(""), 0U);
  const std::string rom_after = "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n";
  EXPECT_EQ(parse_largest_bar(rom_after + "0x1000 0x1fff 0x2000\n"), 0U) << "the seventh is the ROM";
}

TEST(PciName, IsFoundUnderItsVendor) {
  const std::string_view ids =
      "# comment\n1002  AMD\n\t73bf  Navi 21 [Radeon RX 6900 XT]\n\t\t1002 0e3a  Subsystem\n10de  NVIDIA\n\t73bf  "
      "Other\n";
  EXPECT_EQ(parse_pci_name(ids, 0x1002, 0x73bf), "Radeon RX 6900 XT");
  EXPECT_EQ(parse_pci_name(ids, 0x10de, 0x73bf), "Other");
  EXPECT_EQ(parse_pci_name(ids, 0x1002, 0x1002), "");
  EXPECT_EQ(parse_pci_name("", 0, 0), "");
}

TEST(Nvidia, VersionsOfBothDrivers) {
  EXPECT_EQ(parse_nvidia_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\n"),
            "535.183.01");
  EXPECT_EQ(parse_nvidia_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release\n"),
            "570.86.15");
  EXPECT_EQ(parse_nvidia_version("GCC version:  gcc version 12.2.0\n"), "");
  EXPECT_EQ(parse_nvidia_version("NVRM version:"), "");
}

TEST(Nvidia, CardsMayLackAnything) {
  const NvidiaCard card = parse_nvidia_card("Model: \t\t NVIDIA H100 PCIe\nDevice Minor: \t 3\n");
  EXPECT_EQ(card.model, "NVIDIA H100 PCIe");
  EXPECT_EQ(card.slot, "");
  EXPECT_EQ(card.minor, 3U);
  EXPECT_EQ(parse_nvidia_card("Device Minor: 99999").minor, std::nullopt);
}

TEST(Energy, CountsAcrossTheWrap) {
  EXPECT_EQ(energy_between({"", 100, 1000}, {"", 250, 1000}), 150U);
  EXPECT_EQ(energy_between({"", 990, 999}, {"", 10, 999}), 20U);
  EXPECT_EQ(energy_between({"", 990, 0}, {"", 10, 0}), 10U) << "without a range it was started anew";
  EXPECT_EQ(energy_between({"", UINT64_MAX, UINT64_MAX}, {"", 0, UINT64_MAX}), 1U);
}

RC_GTEST_PROP(Energy, IsWhatWasUsed, ()) {
  const std::uint64_t range = *rc::gen::inRange<std::uint64_t>(1, 1ULL << 40);
  const std::uint64_t start = *rc::gen::inRange<std::uint64_t>(0, range + 1);
  const std::uint64_t used = *rc::gen::inRange<std::uint64_t>(0, range + 1);
  RC_ASSERT(energy_between({"", start, range}, {"", (start + used) % (range + 1), range}) == used);
}

RC_GTEST_PROP(ComputeThreads, StaysWithinWhatIsThere, ()) {
  Cpu cpu;
  const int kinds = *rc::gen::inRange(0, 4);
  std::uint32_t pace = *rc::gen::inRange(0U, 6000U);
  for (int i = 0; i < kinds; ++i) {
    CoreKind kind;
    kind.cores = *rc::gen::inRange(1U, 64U);
    kind.pace = pace;
    pace -= *rc::gen::inRange(0U, pace + 1);
    cpu.kinds.push_back(kind);
    cpu.cores += kind.cores;
  }
  const std::uint32_t usable = *rc::gen::inRange(0U, 256U);
  const std::uint32_t threads = compute_threads(cpu, usable);
  RC_ASSERT(threads >= 1U);
  RC_ASSERT(threads <= std::max(1U, usable));
  RC_ASSERT(kinds == 0 || threads <= cpu.cores);
}

}  // namespace
}  // namespace hearth::hardware
