#include "mending.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::daemon {
namespace {

constexpr std::int64_t kInstalled = 1'800'000'000;

models::ModelManifest manifest() {
  models::ModelManifest m;
  m.name = "tiny";
  m.files = {{"model", "tiny.gguf", std::string(64, 'a'), 1000}, {"config", "tiny.json", std::string(64, 'b'), 10}};
  return m;
}
std::vector<FileLook> whole() {
  return {{.there = true, .bytes = 1000, .changed = kInstalled - 60},
          {.there = true, .bytes = 10, .changed = kInstalled}};
}

TEST(FindFault, NothingIsWrongWithWhatIsAsItWasInstalled) {
  EXPECT_FALSE(find_fault(manifest(), whole(), kInstalled));
}

TEST(FindFault, SaysWhatIsMissingCutOrChanged) {
  auto files = whole();
  files[1].there = false;
  EXPECT_EQ(find_fault(manifest(), files, kInstalled), "tiny.json is missing");
  files = whole();
  files[0].bytes = 999;
  EXPECT_EQ(find_fault(manifest(), files, kInstalled), "tiny.gguf has 999 bytes instead of 1000");
  files = whole();
  files[0].changed = kInstalled + 3;
  EXPECT_EQ(find_fault(manifest(), files, kInstalled), "tiny.gguf was changed after it was installed");
  EXPECT_EQ(find_fault(manifest(), {}, kInstalled), "tiny.gguf is missing");
}

RC_GTEST_PROP(FindFaultProperty, IsFoundInAnyFileAndNowhereElse, ()) {
  auto files = whole();
  const auto which = *rc::gen::inRange<std::size_t>(0, files.size());
  const int how = *rc::gen::inRange(0, 4);
  if (how == 0) files[which].there = false;
  if (how == 1) files[which].bytes += 1 + *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
  if (how == 2) files[which].changed = kInstalled + 3 + *rc::gen::inRange(0, 1'000'000);
  if (how == 3) files[which].changed -= *rc::gen::inRange(0, 1'000'000);
  const auto fault = find_fault(manifest(), files, kInstalled);
  RC_ASSERT(fault.has_value() == (how != 3));
  if (fault) RC_ASSERT(fault->starts_with(manifest().files[which].name));
}

RC_GTEST_PROP(RetryPauseProperty, GrowsWithinItsBounds, ()) {
  const RetryPolicy policy;
  const auto tries = *rc::gen::inRange<std::uint32_t>(0, 100'000);
  for (const Errc code : {Errc::unavailable, Errc::io_error, Errc::resource_exhausted, Errc::corrupt}) {
    const Millis pause = retry_pause(tries, Error(code, "x"), policy);
    RC_ASSERT(pause >= policy.first && pause <= policy.most);
    RC_ASSERT(retry_pause(tries + 1, Error(code, "x"), policy) >= pause);
  }
  for (const Errc code : {Errc::not_found, Errc::failed_precondition}) {
    const Millis pause = retry_pause(tries, Error(code, "x"), policy);
    RC_ASSERT(pause >= policy.refused && pause <= policy.refused_most);
  }
}

TEST(IsDue, AfterItsTimeAndWhenTheClockWasSetBack) {
  const WallTime now(Seconds{kInstalled});
  EXPECT_FALSE(is_due(now - Seconds(59), now, Seconds(60)));
  EXPECT_TRUE(is_due(now - Seconds(60), now, Seconds(60)));
  EXPECT_TRUE(is_due(now + Seconds(1), now, Seconds(60)));
}

}  // namespace
}  // namespace hearth::daemon
