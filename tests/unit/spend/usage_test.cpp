#include <hearth/spend/usage.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::spend {
namespace {

TEST(UsageTest, OpenAiCountsTheCacheWithinThePrompt) {
  EXPECT_EQ(from_openai(1000, 200, 600), (Usage{.input = 400, .cached = 600, .output = 200}));
  EXPECT_EQ(from_openai(1000, 200, 600, 300), (Usage{.input = 100, .cached = 600, .cache_write = 300, .output = 200}));
}

TEST(UsageTest, AnthropicCountsTheCacheBesideThePrompt) {
  EXPECT_EQ(from_anthropic(50, 200, 600, 300, 100),
            (Usage{.input = 50, .cached = 600, .cache_write = 200, .cache_write_long = 100, .output = 200}));
}

TEST(UsageTest, CountsThatContradictThemselvesAreCut) {
  EXPECT_EQ(from_openai(10, 1, 600, 600), (Usage{.cached = 10, .output = 1}));
  EXPECT_EQ(from_anthropic(1, 1, 0, 5, 50), (Usage{.input = 1, .cache_write_long = 5, .output = 1}));
  EXPECT_EQ(from_openai(~0ULL, ~0ULL, 0).tokens(), 2 * kMaxTokens);
}

RC_GTEST_PROP(UsageProperty, NothingIsCountedTwiceOrLost, ()) {
  const auto n = [] { return *rc::gen::inRange<std::uint64_t>(0, 1'000'000); };
  const std::uint64_t prompt = n();
  const std::uint64_t output = n();
  RC_ASSERT(from_openai(prompt, output, n(), n()).tokens() == prompt + output);
  const std::uint64_t read = n();
  const std::uint64_t creation = n();
  RC_ASSERT(from_anthropic(prompt, output, read, creation, n()).tokens() == prompt + output + read + creation);
}

TEST(UsageTest, TheWorstCaseIsNotCheap) {
  EXPECT_EQ(worst_case({.text_bytes = 500, .max_output = 100}), (Usage{.input = 500 + kFrameTokens, .output = 100}));
  EXPECT_EQ(worst_case({.text_bytes = 0, .images = 2, .choices = 3, .max_output = 100}),
            (Usage{.input = 2 * kImageTokens + kFrameTokens, .output = 300}));
  EXPECT_EQ(worst_case({}).output, kMostOutput);
  EXPECT_EQ(worst_case({.choices = 0, .max_output = 7}).output, 7U);
  const Usage huge = worst_case({.text_bytes = ~0ULL, .images = ~0ULL, .choices = ~0ULL, .max_output = ~0ULL});
  EXPECT_EQ(huge.input, kMaxTokens);
  EXPECT_EQ(huge.output, kMaxTokens);
}

}  // namespace
}  // namespace hearth::spend
