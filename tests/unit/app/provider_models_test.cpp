// What is known of providers' models before any of them is asked.
#include "provider_upstream.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

constexpr std::string_view kPrices = R"(as_of: 2026-11-27
providers:
  - name: openai
    source: https://prices.example
    currency: USD
    models:
      - names: [known]
        max_output: 128000
        prices:
          - { from: 2026-01-01, input: 1, output: 2 }
)";

config::Provider provider() {
  config::Provider provider;
  provider.url = "https://api.example.com/v1";
  provider.sees = DataClass::internal;
  provider.models = {"known", "unknown"};
  return provider;
}

std::optional<std::uint64_t> longest(const std::vector<gateway::Model>& models, std::string_view id) {
  for (const gateway::Model& model : models)
    if (model.id == id) return model.max_output;
  ADD_FAILURE() << id << " is not there";
  return std::nullopt;
}

TEST(ProviderModels, TheLongestAnswerIsWhatTheOwnerSaysElseWhatTheListOfPricesSays) {
  boost::asio::io_context io;
  const auto prices = spend::PriceBook::parse(kPrices, "prices.yaml");
  ASSERT_TRUE(prices) << prices.error().describe();
  config::Provider said = provider();
  said.max_output = 500;
  const auto models = provider_models(io.get_executor(), nullptr,
                                      {{"openai", provider()}, {"other", provider()}, {"said", said}}, {}, *prices, {});
  EXPECT_EQ(longest(models, "openai/known"), 128'000U);
  EXPECT_EQ(longest(models, "openai/unknown"), std::nullopt);
  EXPECT_EQ(longest(models, "other/known"), std::nullopt);  // another provider's model of the same name
  EXPECT_EQ(longest(models, "said/known"), 500U);
  // What a provider is told that wants a limit.
  for (const gateway::Model& model : models)
    EXPECT_EQ(model.upstream->facts().max_output, model.id.starts_with("said/") ? 500U : 4096U) << model.id;
}

TEST(ProviderModels, OutsideOfTheRegionsNothingPersonalIsSeen) {
  boost::asio::io_context io;
  const auto prices = spend::PriceBook::parse(kPrices, "prices.yaml");
  ASSERT_TRUE(prices) << prices.error().describe();
  config::Provider far = provider();
  far.sees = DataClass::secret;
  far.region = "us";
  const auto models = provider_models(io.get_executor(), nullptr, {{"far", far}}, {"eu"}, *prices, {});
  ASSERT_FALSE(models.empty());
  EXPECT_EQ(models[0].upstream->facts().sees, DataClass::internal);
  EXPECT_TRUE(models[0].upstream->facts().out_of_region);
}

// Whatever is configured: regions only ever lower what may be seen, and nobody outside of them, or of whom nobody said
// where they are, sees what is personal.
TEST(ProviderModels, RegionsFailClosed) {
  const bool held = rc::check("regions only lower", [] {
    config::Provider some = provider();
    some.sees = static_cast<DataClass>(*rc::gen::inRange(0, 4));
    some.lan = *rc::gen::arbitrary<bool>();
    some.region = *rc::gen::element<std::string>("", "eu", "EU", "us");
    const auto regions = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("eu", "ch", "us"));
    const DataClass sees = may_see(some, regions);
    RC_ASSERT(sees <= *some.sees);
    const bool within = some.lan || regions.empty() || std::ranges::count(regions, some.region) > 0;
    RC_ASSERT((within ? sees == *some.sees : sees < DataClass::personal));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace hearth::daemon
