#include <hearth/privacy/declassify.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace hearth::privacy {
namespace {

using Known = std::optional<DataClass>;
using Names = std::vector<std::string>;
using testing::HasSubstr;

DataClass any_class() {
  return static_cast<DataClass>(*rc::gen::inRange(0, 4));
}

Known maybe_class() {
  return *rc::gen::arbitrary<bool>() ? Known(any_class()) : Known();
}

Found any_found() {
  // Few of each, so that a rule holds now and then.
  const auto bits = *rc::gen::inRange(0, 8);
  Found found;
  found.kinds = static_cast<unsigned long long>(bits & 3);
  found.patterns = static_cast<unsigned long long>(bits >> 2);
  return found;
}

std::string any_name() {
  return *rc::gen::element<std::string>("", "shop", "hr");
}

DeclassifyRule any_rule() {
  DeclassifyRule rule{.name = "rule", .most = any_found(), .inputs = *rc::gen::arbitrary<bool>(), .to = any_class()};
  const auto names = [] {
    Names all;
    for (const char* name : {"shop", "hr"})
      if (*rc::gen::arbitrary<bool>()) all.emplace_back(name);
    return all;
  };
  rule.keys = names();
  rule.agents = names();
  return rule;
}

// A call that a rule may hold for or not, with whoever it points to alive.
struct Case {
  std::vector<DeclassifyRule> rules;
  std::string id = any_name();
  std::string key = any_name();
  std::string agent = any_name();
  std::vector<Known> inputs;
  ClassSources sources;
  Seen seen{any_found(), *rc::gen::inRange(0, 4) != 0};

  Case() {
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) rules.push_back(any_rule());
    sources = {.key = maybe_class(),
               .header = maybe_class(),
               .agent = maybe_class(),
               .unsaid = any_class(),
               .detected = seen.found.nothing() ? Known(DataClass::open) : maybe_class()};
    if (*rc::gen::inRange(0, 4) == 0) inputs.push_back(maybe_class());
  }
  [[nodiscard]] ClassSources all() const {
    ClassSources with = sources;
    with.inputs = inputs;
    return with;
  }
  [[nodiscard]] std::optional<Lowered> lowered() const { return declassify(rules, {id, key, agent}, all(), seen); }
  [[nodiscard]] DataClass class_of() const {
    const auto rule = lowered();
    return rule ? rule->to : class_of_call(all());
  }
};

RC_GTEST_PROP(DeclassifyTest, LowersOnlyWhereAllConditionsHold, ()) {
  const Case c;
  const auto lowered = c.lowered();
  if (!lowered) return;
  const DeclassifyRule& rule = *lowered->rule;
  const auto has = [](const Names& names, const std::string& name) {
    return !name.empty() && std::ranges::find(names, name) != names.end();
  };
  RC_ASSERT(has(rule.keys, c.id) || has(rule.keys, c.key));
  RC_ASSERT(rule.agents.empty() || has(rule.agents, c.agent));
  RC_ASSERT(c.seen.complete && c.sources.detected.has_value());
  RC_ASSERT((c.seen.found.kinds & ~rule.most.kinds).none() && (c.seen.found.patterns & ~rule.most.patterns).none());
  RC_ASSERT(rule.inputs || c.inputs.empty());
  RC_ASSERT(lowered->from == class_of_call(c.all()));
  RC_ASSERT(lowered->to < lowered->from && lowered->to >= rule.to);
}

RC_GTEST_PROP(DeclassifyTest, NeverRaisesAndNeverLowersWhatPeopleSaid, ()) {
  const Case c;
  RC_ASSERT(c.class_of() <= class_of_call(c.all()));
  for (const Known& word : {c.sources.key, c.sources.header, c.sources.agent})
    if (word) RC_ASSERT(c.class_of() >= *word);
}

RC_GTEST_PROP(DeclassifyTest, MoreInACallNeverLowersIt, ()) {
  const Case c;
  Case more = c;
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      more.seen.found |= any_found();
      break;
    case 1:
      more.seen.complete = false;
      break;
    case 2:
      more.inputs.push_back(maybe_class());
      break;
    default:
      if (more.sources.detected) more.sources.detected = join(*more.sources.detected, any_class());
      break;
  }
  RC_ASSERT(more.class_of() >= c.class_of());
}

RC_GTEST_PROP(DeclassifyTest, AHigherWordNeverLowersIt, ()) {
  const Case c;
  Case more = c;
  for (Known* word : {&more.sources.key, &more.sources.header, &more.sources.agent})
    if (*word) *word = join(**word, any_class());
  RC_ASSERT(more.class_of() >= c.class_of());
}

RC_GTEST_PROP(DeclassifyTest, TheOrderOfRulesDoesNotMatter, ()) {
  const Case c;
  Case other = c;
  std::ranges::reverse(other.rules);
  RC_ASSERT(other.class_of() == c.class_of());
}

Detectors detectors_with(const std::string& pattern) {
  return Detectors::create(
             std::vector<Pattern>{{"first", "xyzzy", DataClass::internal}, {pattern, "S-[0-9]{6}", DataClass::secret}})
      .value();
}

std::string problem(const Names& found, const Detectors& detectors) {
  const Names keys{"shop"};
  const auto made = make_rule({.name = "r", .keys = keys, .agents = {}, .found = found}, detectors);
  return made ? "" : made.error().describe();
}

TEST(DeclassifyTest, ARuleNamesKindsAndPatterns) {
  const Detectors detectors = detectors_with("staff");
  const Names keys{"shop"};
  const Names found{"email", "staff"};
  const auto rule = make_rule(
      {.name = "r", .keys = keys, .agents = {}, .found = found, .inputs = true, .to = DataClass::internal}, detectors);
  ASSERT_TRUE(rule) << rule.error().describe();
  EXPECT_TRUE(rule->most.kinds.test(static_cast<std::size_t>(Kind::email)));
  EXPECT_EQ(rule->most.kinds.count(), 1U);
  EXPECT_FALSE(rule->most.patterns.test(0));
  EXPECT_TRUE(rule->most.patterns.test(1));
  EXPECT_TRUE(rule->inputs);
  EXPECT_EQ(rule->to, DataClass::internal);
}

TEST(DeclassifyTest, WhatNobodyFindsIsRefused) {
  EXPECT_THAT(problem({"e-mail"}, {}), HasSubstr("\"e-mail\" is no kind"));
  EXPECT_THAT(problem({"staff"}, {}), HasSubstr("declassify.r.found"));
  EXPECT_THAT(problem({"custom"}, detectors_with("staff")), HasSubstr("is no kind"));
  EXPECT_THAT(problem({"email"}, detectors_with("email")), HasSubstr("both"));
  EXPECT_EQ(problem({"phone"}, detectors_with("email")), "");
}

// What a rule is asked about is what the detectors say, also where one finding hides another.
struct Scanned {
  Detectors detectors;
  std::vector<DeclassifyRule> rules;

  static Scanned with(const Names& found) {
    Scanned scanned{detectors_with("staff"), {}};
    const Names keys{"shop"};
    const DataClass to = DataClass::open;
    scanned.rules.push_back(
        make_rule({.name = "r", .keys = keys, .agents = {}, .found = found, .to = to}, scanned.detectors).value());
    return scanned;
  }
  [[nodiscard]] bool lowers(std::string_view body) const {
    const BodyScan scan = detectors.scan_body(body);
    const std::vector<Known> inputs(scan.files > 0 ? 1 : 0);
    const ClassSources sources{.detected = scan.highest, .inputs = inputs};
    return declassify(rules, {.key_id = "key_1", .key_name = "shop", .agent = {}}, sources,
                      {.found = scan.found, .complete = scan.complete})
        .has_value();
  }
};

TEST(DeclassifyTest, HoldsForWhatWasListed) {
  const Scanned scanned = Scanned::with({"email"});
  EXPECT_TRUE(scanned.lowers(R"(["nothing in it"])"));
  EXPECT_TRUE(scanned.lowers(R"(["jane@example.org and joe@example.org"])"));
  EXPECT_FALSE(scanned.lowers(R"(["jane@example.org, 4111 1111 1111 1111"])"));
  EXPECT_FALSE(scanned.lowers(R"(["jane@example.org"," S-123456"])"));
  EXPECT_FALSE(scanned.lowers(R"(["data:image/png;base64,iVBORw0KGgo="])"));
}

TEST(DeclassifyTest, WhatAnotherFindingCoversIsSeen) {
  const std::string_view both = R"(["S-123456@example.org"])";
  EXPECT_FALSE(Scanned::with({"email"}).lowers(both));
  EXPECT_FALSE(Scanned::with({"staff"}).lowers(both));
  EXPECT_TRUE(Scanned::with({"email", "staff"}).lowers(both));
}

TEST(DeclassifyTest, MoreThanCanBeKeptTrackOfIsNotLowered) {
  std::string body = "[\"";
  for (std::size_t i = 0; i <= kMaxFindings; ++i) body += "a@example.org, ";
  body += "\"]";
  EXPECT_FALSE(Scanned::with({"email"}).lowers(body));
}

}  // namespace
}  // namespace hearth::privacy
