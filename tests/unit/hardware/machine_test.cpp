#include <hearth/hardware/machine.h>

#include <gtest/gtest.h>
#include <sched.h>

namespace hearth::hardware {
namespace {

TEST(CpuModel, IsFoundOnX86AndArm) {
  EXPECT_EQ(parse_cpu_model("processor\t: 0\nmodel\t\t: 80\nmodel name\t: AMD Ryzen 5 5600U\n"), "AMD Ryzen 5 5600U");
  EXPECT_EQ(parse_cpu_model("processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n"),
            "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(parse_cpu_model("no colon here\n:\n"), "");
}

TEST(OsName, LosesItsQuotes) {
  EXPECT_EQ(parse_os_name("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(parse_os_name("PRETTY_NAME=Plain\n"), "Plain");
  EXPECT_EQ(parse_os_name("PRETTY_NAME=\"\n"), "\"");
  EXPECT_EQ(parse_os_name(""), "");
}

TEST(CpuQuota, IsReadFromCgroup2) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("100000"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("100000 0"), std::nullopt);
  EXPECT_EQ(parse_cpu_max(""), std::nullopt);
}

TEST(UsableCpus, FollowsTheAffinity) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cpus(), 1U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(usable_cpus(), 1U);
}

TEST(Machine, DescribesItself) {
  const Machine machine = describe_machine();
  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_GE(machine.cores, 1U);
  EXPECT_GT(machine.memory, 0U);
  EXPECT_TRUE(machine.kernel.starts_with("Linux "));
  const std::string text = to_string(Machine{"Some CPU", 1, 1ULL << 30, "Linux 6.1 x86_64", "Debian"});
  EXPECT_EQ(text, "Some CPU, 1 core, 1.0 GiB, Debian, Linux 6.1 x86_64");
}

}  // namespace
}  // namespace hearth::hardware
