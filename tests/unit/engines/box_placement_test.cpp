#include <hearth/engines/box_placement.h>

#include <gmock/gmock.h>

#include <algorithm>

namespace hearth::engines {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kGiB = 1ULL << 30;

EngineSpec engine(std::string name, Task task, std::vector<DeviceKind> devices = {DeviceKind{}}) {
  EngineSpec spec;
  spec.manifest.name = std::move(name);
  Model model;
  model.id = spec.manifest.name;
  model.task = task;
  spec.manifest.models.push_back(model);
  spec.manifest.devices = std::move(devices);
  spec.manifest.memory = 2 * kGiB;
  return spec;
}

// A mini PC: twelve cores, graphics inside, an NPU.
hardware::Inventory mini_pc() {
  hardware::Inventory box;
  box.cpu.model = "Example";
  box.cpu.cores = 12;
  box.cpu.threads = 24;
  box.usable_cpus = 24;
  hardware::CoreKind kind;
  kind.name = "all";
  kind.cores = 12;
  kind.max_mhz = 3000;
  kind.pace = 3000;
  box.cpu.kinds.push_back(kind);
  box.memory.total = 32 * kGiB;
  hardware::Gpu gpu;
  gpu.name = "Radeon";
  gpu.driver = "amdgpu";
  gpu.compute = gpu.accessible = gpu.shares_memory = true;
  gpu.shared_total = 16 * kGiB;
  box.gpus.push_back(gpu);
  hardware::Npu npu;
  npu.name = "AMD XDNA";
  npu.driver = "amdxdna";
  npu.accessible = true;
  box.npus.push_back(npu);
  return box;
}

const Placement& of(const BoxPlacement& placement, std::string_view name) {
  return *std::ranges::find(placement.plan.placements, name, &Placement::workload);
}

const std::vector<EngineSpec> kAll{
    engine("speech", Task::speech, {{DeviceClass::cpu, ""}, {DeviceClass::gpu, ""}}),
    engine("whisper", Task::transcription),
    engine("vision", Task::detection, {{DeviceClass::cpu, ""}, {DeviceClass::npu, "amdxdna"}}),
    engine("media", Task::media)};

TEST(BoxPlacement, FollowsTheEnginesDevices) {
  const hardware::Inventory box = mini_pc();
  const BoxPlacement placement = place_engines(box, kAll, {}, default_memory_budget(box));
  EXPECT_EQ(of(placement, "speech").device, "gpu0");
  EXPECT_EQ(of(placement, "whisper").device, "cpu");
  EXPECT_EQ(of(placement, "vision").device, "npu0");
  EXPECT_FALSE(of(placement, "vision").measured);
  EXPECT_THAT(of(placement, "vision").reason, HasSubstr("a guess"));
  EXPECT_EQ(placement.cores, 12U);
  EXPECT_EQ(placement.threads.at("whisper"), 11U) << "the media engine is busy a tenth of the time";
  EXPECT_FALSE(placement.threads.contains("vision"));
}

TEST(BoxPlacement, NeedsTheDriverThatAnEngineNames) {
  hardware::Inventory box = mini_pc();
  box.npus[0].driver = "intel_vpu";
  EXPECT_EQ(of(place_engines(box, kAll, {}, 8 * kGiB), "vision").device, "cpu");
  box.npus[0].driver = "amdxdna";
  box.npus[0].accessible = false;
  EXPECT_EQ(of(place_engines(box, kAll, {}, 8 * kGiB), "vision").device, "cpu");
}

TEST(BoxPlacement, BelievesMeasurementsMoreThanGuesses) {
  const std::vector<Measurement> measured{
      {"vision", "npu0", 9.0}, {"vision", "cpu", 0.2}, {"speech", "", {}, 3 * kGiB}};
  const BoxPlacement placement = place_engines(mini_pc(), kAll, measured, 16 * kGiB);
  EXPECT_EQ(of(placement, "vision").device, "cpu");
  EXPECT_TRUE(of(placement, "vision").measured);
  EXPECT_EQ(of(placement, "speech").memory, 3 * kGiB);
  EXPECT_EQ(of(placement, "whisper").memory, 2 * kGiB / 4);
}

TEST(BoxPlacement, GivesACardWithItsOwnMemoryThatMuch) {
  hardware::Inventory box = mini_pc();
  box.gpus[0].shares_memory = false;
  box.gpus[0].vram_total = kGiB / 4;
  const BoxPlacement small = place_engines(box, kAll, {}, 8 * kGiB);
  EXPECT_EQ(of(small, "speech").device, "cpu") << "half a GiB does not go into a quarter";
  box.gpus[0].vram_total = 8 * kGiB;
  const BoxPlacement large = place_engines(box, kAll, {}, 8 * kGiB);
  EXPECT_EQ(of(large, "speech").device, "gpu0");
  EXPECT_EQ(large.plan.used.at("gpu0"), kGiB / 2);
}

TEST(BoxPlacement, OfAnUnreadableBoxIsItsProcessor) {
  const BoxPlacement placement = place_engines({}, kAll, {}, 4 * kGiB);
  EXPECT_EQ(of(placement, "media").device, "cpu");
  EXPECT_EQ(placement.threads.at("media"), 1U);
  EXPECT_EQ(of(place_engines({}, kAll, {}, 0), "media").device, "");
}

TEST(BoxPlacement, DoesNotLimitWhatUsesOneThreadARequest) {
  std::vector<EngineSpec> some = kAll;
  some[1].manifest.concurrency = std::nullopt;
  some[3].manifest.concurrency = std::nullopt;
  some[3].settings.concurrency = 2;
  const BoxPlacement placement = place_engines(mini_pc(), some, {}, 8 * kGiB);
  EXPECT_EQ(placement.threads.at("whisper"), 24U);
  EXPECT_EQ(placement.threads.at("media"), 11U) << "12 ÷ 1.15";
}

TEST(BoxPlacement, LeavesOutWhatIsSwitchedOff) {
  std::vector<EngineSpec> some = kAll;
  some[0].settings.enabled = false;
  const BoxPlacement placement = place_engines(mini_pc(), some, {}, 8 * kGiB);
  EXPECT_EQ(placement.plan.placements.size(), 3U);
  apply_threads(placement, some);
  EXPECT_EQ(some[0].threads, std::nullopt);
  EXPECT_EQ(some[1].threads, 11U);
}

}  // namespace
}  // namespace hearth::engines
