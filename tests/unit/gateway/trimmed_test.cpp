#include "src/trimmed.h"

#include <hearth/gateway/metrics.h>

#include <gtest/gtest.h>

namespace hearth::gateway {
namespace {

TEST(TrimmedTest, TheConfigurationKnowsEachStep) {
  config::Config config;
  EXPECT_EQ(steps_of(config), trim::Steps::all());
  EXPECT_EQ(config.trim.steps.size(), trim::kSteps);
  config.trim.steps = {"json", "logs"};
  EXPECT_EQ(steps_of(config).text(), "json, logs");
  config.trim.enabled = false;
  EXPECT_TRUE(steps_of(config).empty());
}

TEST(TrimmedTest, MetricsCountWhatEachStepSaved) {
  trim::Trimmed trimmed;
  trim::StepReport& json = trimmed.steps[static_cast<std::size_t>(trim::Step::json)];
  json.tokens_before = 100;
  json.tokens_after = 40;
  json.took = std::chrono::milliseconds(2);
  Metrics metrics;
  metrics.record({.operation = "chat", .model = "m", .status = 200, .trimmed = &trimmed});
  const std::string text = metrics.expose({});
  EXPECT_NE(text.find("hearth_trim_saved_tokens_total{step=\"json\"} 60"), std::string::npos) << text;
  EXPECT_NE(text.find("hearth_trim_seconds_total{step=\"json\"} 0.002"), std::string::npos) << text;
  EXPECT_EQ(text.find("step=\"logs\""), std::string::npos);
}

}  // namespace
}  // namespace hearth::gateway
