// That the detectors do not become worse: a part of what `make eval` measures, with floors that today's figures pass
// with a margin.
#include <gtest/gtest.h>
#include <measure.h>

namespace hearth::privacy {
namespace {

constexpr std::uint64_t kSeed = 7;

TEST(QualityTest, MostOfWhatIsThereIsFoundAndLittleElse) {
  const eval::ByKind counts = eval::measure(Detectors(), labelled::texts_with_data(kSeed, 4000));
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if (static_cast<Kind>(kind) == Kind::custom) continue;
    EXPECT_GT(counts[kind].labels, 50U) << to_string(static_cast<Kind>(kind));
    EXPECT_GE(counts[kind].recall(), static_cast<Kind>(kind) == Kind::password ? 0.80 : 0.90)
        << to_string(static_cast<Kind>(kind));
    EXPECT_GE(counts[kind].precision(), 0.95) << to_string(static_cast<Kind>(kind));
  }
}

TEST(QualityTest, WhatOnlyLooksLikeItIsLeftAlone) {
  eval::FalseAlarms alarms;
  for (const std::string& text : labelled::texts_without(kSeed, 8000))
    eval::count_false_alarms(Detectors(), text, alarms);
  EXPECT_GT(alarms.bytes, 500'000U);
  EXPECT_LE(alarms.per_megabyte(), 30);
}

}  // namespace
}  // namespace hearth::privacy
