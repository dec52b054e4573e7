#include <hearth/gateway/plan.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace hearth::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FakeUpstream final : public Upstream {
 public:
  FakeUpstream(std::string name, UpstreamKind kind, DataClass sees, std::string obstacle = {})
      : name_(std::move(name)), obstacle_(std::move(obstacle)) {
    facts_.kind = kind;
    facts_.sees = sees;
    facts_.responses = name_.starts_with("native");
  }
  std::string_view name() const override { return name_; }
  const UpstreamFacts& facts() const override { return facts_; }
  bool ready() const override { return true; }
  std::string obstacle() const override { return obstacle_; }
  net::awaitable<Result<std::unique_ptr<Lease>>> acquire(Deadline) override {
    co_return fail(Errc::unsupported, "not asked here");
  }
  Seconds retry_after() const override { return Seconds(0); }

 private:
  UpstreamFacts facts_;
  std::string name_;
  std::string obstacle_;
};

Model model(std::string id, UpstreamKind kind, DataClass sees = DataClass::secret, std::string obstacle = {}) {
  Model m;
  m.task = Task::chat;
  m.upstream = std::make_shared<FakeUpstream>(id.substr(0, id.find('/')), kind, sees, std::move(obstacle));
  if (const auto slash = id.find('/'); slash != std::string::npos) m.aliases = {id.substr(slash + 1)};
  m.id = std::move(id);
  return m;
}

Models box() {
  return std::make_shared<const std::vector<Model>>(
      std::vector<Model>{model("tiny", UpstreamKind::engine), model("small", UpstreamKind::engine),
                         model("cloud/big", UpstreamKind::provider, DataClass::internal),
                         model("other/big", UpstreamKind::provider, DataClass::personal),
                         model("den/big", UpstreamKind::lan, DataClass::secret)});
}

Asked ask(std::string_view name, DataClass data_class = DataClass::open) {
  Asked asked;
  asked.name = name;
  asked.facts.data_class = data_class;
  return asked;
}

std::vector<std::string> order(const Plan& plan) {
  std::vector<std::string> ids;
  for (const Candidate& candidate : plan.candidates) ids.push_back(candidate.model->id);
  return ids;
}

Routes routes(const std::string& name, std::initializer_list<std::string_view> steps) {
  Routes all;
  for (const std::string_view step : steps) all[name].push_back(config::parse_route_step(step).value());
  return all;
}

TEST(Plan, WhoDoesNotChooseGetsWhatIsNearest) {
  EXPECT_THAT(order(make_plan(box(), {}, ask(""))), ElementsAre("tiny", "den/big", "cloud/big", "other/big"));
  EXPECT_THAT(order(make_plan(box(), {}, ask("auto"))), ElementsAre("tiny", "den/big", "cloud/big", "other/big"));
}

std::optional<Price> price_in(const Model& model, std::string_view currency_of_other) {
  if (model.id == "cloud/big") return Price{"USD", 2'000'000};
  if (model.id == "other/big") return Price{std::string(currency_of_other), 1'200'000};
  return std::nullopt;
}

TEST(Plan, WhoDoesNotChooseGetsTheCheapestProvider) {
  Asked asked = ask("auto");
  asked.price = [](const Model& model) { return price_in(model, "USD"); };
  const Plan plan = make_plan(box(), {}, asked);
  EXPECT_THAT(order(plan), ElementsAre("tiny", "den/big", "other/big", "cloud/big"));
  EXPECT_EQ(plan.candidates[2].reason, "at a provider, for about 0.0012 USD");
  asked.price = [](const Model& model) { return price_in(model, "EUR"); };
  EXPECT_THAT(order(make_plan(box(), {}, asked)), ElementsAre("tiny", "den/big", "cloud/big", "other/big"));
  asked.price = [](const Model& model) {
    return model.id == "cloud/big" ? std::nullopt : price_in(model, "USD");  // not known comes last
  };
  EXPECT_THAT(order(make_plan(box(), {}, asked)), ElementsAre("tiny", "den/big", "other/big", "cloud/big"));
}

TEST(Plan, OfEqualPricesWhoBeginsSoonerComesFirst) {
  Asked asked = ask("auto");
  asked.price = [](const Model&) { return Price{"USD", 1'000'000}; };
  const auto measured = [&](std::optional<double> cloud, std::optional<double> other) {
    asked.first_byte = [=](const Model& model) { return model.id == "cloud/big" ? cloud : other; };
    return order(make_plan(box(), {}, asked));
  };
  const auto cloud_first = ElementsAre("tiny", "den/big", "cloud/big", "other/big");
  const auto other_first = ElementsAre("tiny", "den/big", "other/big", "cloud/big");
  EXPECT_THAT(measured(1.0, 0.5), other_first);
  EXPECT_THAT(measured(0.5, 1.0), cloud_first);
  EXPECT_THAT(measured(0.5, std::nullopt), other_first);  // so that it gets measured
  EXPECT_THAT(measured(std::nullopt, std::nullopt), cloud_first);
  asked.price = [](const Model& model) { return price_in(model, "EUR"); };
  EXPECT_THAT(measured(1.0, 0.5), cloud_first);  // prices that cannot be compared are not equal
}

TEST(Plan, ARoutePassesOverWhoIsSlow) {
  const Routes all = routes("auto", {"big if first_byte<2s", "local"});
  Asked asked = ask("auto");
  asked.first_byte = [](const Model& model) {
    return model.id == "cloud/big" ? std::optional(2.5) : model.id == "den/big" ? std::optional(0.1) : std::nullopt;
  };
  const Plan plan = make_plan(box(), all, asked);
  EXPECT_THAT(order(plan), ElementsAre("other/big", "den/big", "tiny"));
  EXPECT_EQ(explain_nobody(plan), "cloud/big: step 1 asks for first_byte<2s: it took 2.50 s lately");
}

// Whatever prices and measurements there are: nobody comes before who is cheaper, nor, at the same price, before who is
// faster or was never measured.
TEST(Plan, TheOrderOfProvidersIsByPriceThenBySpeed) {
  const bool held = rc::check("cheaper first, then faster", [] {
    std::vector<Model> all;
    std::vector<std::optional<Price>> prices;
    std::vector<std::optional<double>> speeds;
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
      all.push_back(model(fmt::format("p{}/m", i), UpstreamKind::provider));
      prices.push_back(
          *rc::gen::elementOf(std::vector<std::optional<Price>>{std::nullopt, Price{"USD", 1}, Price{"USD", 2}}));
      speeds.push_back(*rc::gen::elementOf(std::vector<std::optional<double>>{std::nullopt, 0.5, 1.5}));
    }
    const auto models = std::make_shared<const std::vector<Model>>(std::move(all));
    const auto number = [&](const Model& m) { return static_cast<std::size_t>(&m - models->data()); };
    Asked asked = ask("auto");
    asked.price = [&](const Model& m) { return prices[number(m)]; };
    asked.first_byte = [&](const Model& m) { return speeds[number(m)]; };
    const Plan plan = make_plan(models, {}, asked);
    RC_ASSERT(plan.candidates.size() == models->size());
    for (std::size_t i = 1; i < plan.candidates.size(); ++i) {
      const std::size_t a = number(*plan.candidates[i - 1].model);
      const std::size_t b = number(*plan.candidates[i].model);
      const std::int64_t never = 3;
      const auto price = [&](std::size_t n) { return prices[n] ? prices[n]->nano : never; };
      RC_ASSERT(price(a) <= price(b));
      if (price(a) < price(b)) continue;
      const auto speed = [&](std::size_t n) { return prices[n] ? speeds[n].value_or(0) : 0; };
      RC_ASSERT(speed(a) <= speed(b));
      if (speed(a) == speed(b)) RC_ASSERT(a < b);
    }
  });
  EXPECT_TRUE(held);
}

TEST(Plan, AnyIsWhoeverIsGoodEnoughFromTheCheapest) {
  const Qualities held{{"tiny", 0.3}, {"small", 0.7}, {"cloud/big", 0.9}, {"other/big", 0.8}};
  Asked asked = ask("auto");
  asked.quality = &held;
  asked.price = [](const Model& model) { return price_in(model, "USD"); };
  const Plan plan = make_plan(box(), routes("auto", {"any if quality>=0.7"}), asked);
  EXPECT_THAT(order(plan), ElementsAre("small", "other/big", "cloud/big"));
  EXPECT_EQ(plan.candidates[1].reason, "step 1 of the route 'auto', at a provider, for about 0.0012 USD");
  EXPECT_EQ(explain_nobody(plan), "den/big: step 1 asks for quality>=0.7: nobody said how good it is");
  EXPECT_THAT(order(make_plan(box(), routes("auto", {"any if quality>=0.85"}), asked)), ElementsAre("cloud/big"));
  EXPECT_THAT(order(make_plan(box(), routes("auto", {"any"}), asked)),
              ElementsAre("tiny", "den/big", "other/big", "cloud/big"));
}

TEST(Plan, ANameLeadsToAllWhoAnswerToIt) {
  EXPECT_THAT(order(make_plan(box(), {}, ask("small"))), ElementsAre("small"));
  EXPECT_THAT(order(make_plan(box(), {}, ask("big"))), ElementsAre("cloud/big", "other/big", "den/big"));
  EXPECT_THAT(order(make_plan(box(), {}, ask("other/big"))), ElementsAre("other/big"));
  const Plan nothing = make_plan(box(), {}, ask("huge"));
  EXPECT_FALSE(nothing.known);
  EXPECT_THAT(nothing.candidates, IsEmpty());
}

TEST(Plan, DataGoOnlyWhereTheirClassMay) {
  const Plan plan = make_plan(box(), {}, ask("big", DataClass::personal));
  EXPECT_THAT(order(plan), ElementsAre("other/big", "den/big"));
  ASSERT_EQ(plan.passed.size(), 1U);
  EXPECT_EQ(plan.passed[0].why, PassedOver::Why::data_class);
  EXPECT_THAT(explain_nobody(plan), HasSubstr("cloud/big: the data are personal, and it may see internal at most"));
  const Plan none = make_plan(box(), {}, ask("cloud/big", DataClass::secret));
  EXPECT_TRUE(none.known);
  EXPECT_TRUE(only_class_forbids(none));
}

TEST(Plan, WhoMaySeeTheDataWithPlaceholdersIsAskedWithThem) {
  Asked asked = ask("big", DataClass::secret);
  asked.redacted_class = DataClass::personal;
  const Plan plan = make_plan(box(), {}, asked);
  EXPECT_THAT(order(plan), ElementsAre("other/big", "den/big"));
  EXPECT_TRUE(plan.candidates[0].redact);
  EXPECT_THAT(plan.candidates[0].reason, HasSubstr("placeholders"));
  EXPECT_FALSE(plan.candidates[1].redact);
  // What an embedding says of an address nobody can give back.
  std::vector<Model> models = {model("p/b", UpstreamKind::provider, DataClass::personal)};
  models[0].task = Task::embedding;
  asked.name = "b";
  asked.task = Task::embedding;
  EXPECT_THAT(order(make_plan(std::make_shared<const std::vector<Model>>(models), {}, asked)), IsEmpty());
}

TEST(Plan, ARouteLeadsByItsConditions) {
  const Routes all = routes("auto", {"local if size<8k", "big if class<=internal", "other/big", "local"});
  Asked asked = ask("auto");
  asked.facts.size = 100;
  EXPECT_THAT(order(make_plan(box(), all, asked)), ElementsAre("tiny", "cloud/big", "other/big", "den/big"));
  asked.facts.size = 9'000;
  EXPECT_THAT(order(make_plan(box(), all, asked)), ElementsAre("cloud/big", "other/big", "den/big", "tiny"));
  asked.facts.data_class = DataClass::secret;
  const Plan secret = make_plan(box(), all, asked);
  EXPECT_THAT(order(secret), ElementsAre("tiny"));
  EXPECT_THAT(secret.candidates[0].reason, HasSubstr("step 4 of the route 'auto'"));
}

TEST(Plan, WhichConditionDoesNotHoldIsSaid) {
  const Routes all = routes("auto", {"local if size<8k", "big if price<0.002USD and online"});
  Asked asked = ask("auto");
  asked.facts.size = 9'000;
  asked.price = [](const Model& model) { return price_in(model, "USD"); };
  const Plan plan = make_plan(box(), all, asked);
  EXPECT_THAT(order(plan), ElementsAre("other/big"));
  EXPECT_EQ(explain_nobody(plan),
            "local: step 1 asks for size<8k: the request has 9000 bytes; cloud/big: step 2 asks for price<0.002USD: it "
            "would ask for about 0.002 USD; den/big: step 2 asks for price<0.002USD: nobody knows its price");
  asked.facts.online = false;
  EXPECT_THAT(explain_nobody(make_plan(box(), all, asked)),
              HasSubstr("big: step 2 asks for online: the world outside cannot be reached"));
}

TEST(Plan, WhatStandsInTheWayIsSaid) {
  const auto models = std::make_shared<const std::vector<Model>>(
      std::vector<Model>{model("cloud/big", UpstreamKind::provider, DataClass::secret, "the line is down")});
  const Plan plan = make_plan(models, {}, ask("big"));
  EXPECT_THAT(plan.candidates, IsEmpty());
  EXPECT_FALSE(only_class_forbids(plan));
  EXPECT_EQ(explain_nobody(plan), "cloud/big: the line is down");
}

TEST(Plan, AConversationStaysWithItsModel) {
  Asked asked = ask("big");
  asked.held = "den/big";
  asked.hold = Hold::prefers;
  EXPECT_THAT(order(make_plan(box(), {}, asked)), ElementsAre("den/big", "cloud/big", "other/big"));
  asked.hold = Hold::only;
  EXPECT_THAT(order(make_plan(box(), {}, asked)), ElementsAre("den/big"));
  asked.held = "gone/big";
  EXPECT_THAT(order(make_plan(box(), {}, asked)), IsEmpty());
  asked.hold = Hold::prefers;
  EXPECT_EQ(make_plan(box(), {}, asked).candidates.size(), 3U);
}

TEST(Plan, ALoopOfToolsEndsForNoConditionButTheClass) {
  const Routes all = routes("auto", {"local if size<8k and class<=personal", "big if first_byte<2s"});
  Asked asked = ask("auto");
  asked.facts.size = 9'000;
  asked.hold = Hold::only;
  asked.held = "tiny";
  EXPECT_THAT(order(make_plan(box(), all, asked)), ElementsAre("tiny"));
  asked.held = "small";  // as when `tiny` was slow
  EXPECT_THAT(order(make_plan(box(), all, asked)), ElementsAre("small"));
  asked.facts.data_class = DataClass::secret;
  EXPECT_THAT(order(make_plan(box(), all, asked)), IsEmpty());
  asked.facts.data_class = DataClass::open;
  asked.held = "other/big";
  asked.first_byte = [](const Model&) { return 3.0; };
  EXPECT_THAT(order(make_plan(box(), all, asked)), ElementsAre("other/big"));
  asked.hold = Hold::prefers;
  EXPECT_THAT(order(make_plan(box(), all, asked)), IsEmpty());
}

// Some have the Responses API.
Models responders(std::string obstacle = {}) {
  return std::make_shared<const std::vector<Model>>(
      std::vector<Model>{model("tiny", UpstreamKind::engine), model("cloud/big", UpstreamKind::provider),
                         model("native/big", UpstreamKind::provider, DataClass::internal, std::move(obstacle)),
                         model("native2/big", UpstreamKind::provider, DataClass::personal),
                         model("native2/small", UpstreamKind::provider, DataClass::personal)});
}

TEST(Plan, WhatCannotBeTranslatedGoesOnlyWhereItNeedNotBe) {
  Asked asked = ask("big");
  EXPECT_THAT(order(make_plan(responders(), {}, asked)), ElementsAre("cloud/big", "native/big", "native2/big"));
  asked.untranslatable = "tools[0]";
  const Plan plan = make_plan(responders(), {}, asked);
  EXPECT_THAT(order(plan), ElementsAre("native/big", "native2/big"));
  EXPECT_EQ(explain_nobody(plan), "cloud/big: it has no Responses API, and `tools[0]` can be asked of no other");
  asked.name = "tiny";
  EXPECT_TRUE(nobody_ever(make_plan(responders(), {}, asked)));
  asked.name = "native/big";
  EXPECT_FALSE(nobody_ever(make_plan(responders(), {}, asked)));
  EXPECT_FALSE(nobody_ever(make_plan(responders("it rests"), {}, asked))) << "later it can be answered";
  asked.facts.data_class = DataClass::secret;
  asked.name = "big";
  EXPECT_TRUE(only_class_forbids(make_plan(responders(), {}, asked)));
}

TEST(Plan, WhatOneKeepsNobodyElseIsAskedFor) {
  Asked asked = ask("big");
  asked.untranslatable = "previous_response_id";
  asked.goes_on = true;
  EXPECT_THAT(order(make_plan(responders(), {}, asked)), ElementsAre("native/big", "native2/big"));
  asked.keeper = "native2";
  asked.held = "native2/small";
  asked.hold = Hold::prefers;
  EXPECT_THAT(order(make_plan(responders(), {}, asked)), ElementsAre("native2/big"));
  asked.name = "auto";
  const Routes all = routes("auto", {"tiny", "native/big", "native2/big", "native2/small if size<10"});
  asked.facts.size = 1000;
  const Plan plan = make_plan(responders(), all, asked);
  EXPECT_THAT(order(plan), ElementsAre("native2/small", "native2/big")) << "as with tools, conditions do not end it";
  EXPECT_THAT(explain_nobody(plan), HasSubstr("native/big: native2 keeps what the request goes on from"));
  asked.name = "native/big";
  EXPECT_TRUE(nobody_ever(make_plan(responders(), {}, asked)));
}

TEST(Plan, PlaceholdersDoNotMeetThoseOfBefore) {
  Asked asked = ask("native/big", DataClass::secret);
  asked.redacted_class = DataClass::open;
  EXPECT_THAT(order(make_plan(responders(), {}, asked)), ElementsAre("native/big"));
  asked.goes_on = true;
  const Plan plan = make_plan(responders(), {}, asked);
  EXPECT_THAT(order(plan), IsEmpty());
  EXPECT_TRUE(only_class_forbids(plan));
}

TEST(Plan, OnlyChatHasASecondChoiceThatNobodyNamed) {
  std::vector<Model> models = {model("a", UpstreamKind::engine), model("p/b", UpstreamKind::provider)};
  for (Model& m : models) m.task = Task::embedding;
  Asked asked = ask("auto");
  asked.task = Task::embedding;
  EXPECT_THAT(order(make_plan(std::make_shared<const std::vector<Model>>(models), {}, asked)), ElementsAre("a"));
}

// Whatever is installed, routed and asked: nobody is asked who may not see the data, nobody twice, nobody with an
// obstacle; and every model that the name leads to is either a candidate or said to be passed over.
TEST(Plan, NothingOverridesTheClass) {
  const bool held = rc::check("a plan keeps data where they may be", [] {
    constexpr std::array kKinds{UpstreamKind::engine, UpstreamKind::lan, UpstreamKind::provider};
    std::vector<Model> all;
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
      const auto kind = kKinds[*rc::gen::inRange<std::size_t>(0, 3)];
      const auto sees = static_cast<DataClass>(*rc::gen::inRange(0, 4));
      all.push_back(model(*rc::gen::element<std::string>("a", "b", "p/a", "q/a", "q/b", "native/a"), kind, sees,
                          *rc::gen::element<std::string>("", "", "it rests")));
    }
    const auto models = std::make_shared<const std::vector<Model>>(std::move(all));
    Routes routed;
    if (*rc::gen::arbitrary<bool>())
      routed = routes("auto", {*rc::gen::element<std::string_view>("local", "a", "q/b if size<500",
                                                                   "a if price<0.002USD and no metered",
                                                                   "any if quality>=0.7", "any"),
                               "b", "local"});
    Asked asked = ask(*rc::gen::element<std::string_view>("", "auto", "a", "q/b", "none"),
                      static_cast<DataClass>(*rc::gen::inRange(0, 4)));
    if (*rc::gen::arbitrary<bool>()) asked.redacted_class = static_cast<DataClass>(*rc::gen::inRange(0, 4));
    asked.facts.size = *rc::gen::inRange<std::uint64_t>(0, 1000);
    const Qualities held_to_be{{"a", 0.8}, {"q/b", 0.6}};
    asked.quality = &held_to_be;
    asked.facts.metered = *rc::gen::arbitrary<bool>();
    asked.price = [price = *rc::gen::elementOf(std::vector<std::optional<Price>>{
                       std::nullopt, Price{"USD", 1'000'000}, Price{"USD", 3'000'000}})](const Model&) {
      return price;
    };
    asked.hold = *rc::gen::element(Hold::none, Hold::prefers, Hold::only);
    asked.held = *rc::gen::element<std::string_view>("a", "q/b", "gone");
    asked.untranslatable = *rc::gen::element<std::string_view>("", "", "tools");
    asked.keeper = *rc::gen::element<std::string_view>("", "", "native", "q");
    asked.goes_on = !asked.keeper.empty() || *rc::gen::arbitrary<bool>();
    const Plan plan = make_plan(models, routed, asked);
    std::vector<const Model*> seen;
    for (const Candidate& candidate : plan.candidates) {
      const Upstream& upstream = *candidate.model->upstream;
      RC_ASSERT(asked.untranslatable.empty() || upstream.facts().responses);
      RC_ASSERT(asked.keeper.empty() || upstream.name() == asked.keeper);
      RC_ASSERT(!candidate.redact || !asked.goes_on);
      const DataClass sees = candidate.model->upstream->facts().sees;
      RC_ASSERT(candidate.redact == (sees < asked.facts.data_class));
      if (candidate.redact) RC_ASSERT(asked.redacted_class && sees >= *asked.redacted_class);
      RC_ASSERT(candidate.model->upstream->obstacle().empty());
      RC_ASSERT(!candidate.reason.empty());
      RC_ASSERT(std::ranges::find(seen, candidate.model.get()) == seen.end());
      seen.push_back(candidate.model.get());
      if (asked.hold == Hold::only) RC_ASSERT(candidate.model->id == asked.held);
    }
    for (const PassedOver& passed : plan.passed) RC_ASSERT(!passed.reason.empty());
    if (!plan.known) RC_ASSERT(plan.candidates.empty() && plan.passed.empty());
    if (plan.known) RC_ASSERT(!plan.candidates.empty() || !plan.passed.empty());
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace hearth::gateway
