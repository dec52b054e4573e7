#include <hearth/privacy/class_of_call.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace hearth::privacy {
namespace {

using Known = std::optional<DataClass>;

DataClass class_from(int n) {
  return static_cast<DataClass>(n);
}

DataClass any_class() {
  return class_from(*rc::gen::inRange(0, 4));
}

Known maybe_class() {
  const int n = *rc::gen::inRange(-1, 4);
  return n < 0 ? Known() : Known(class_from(n));
}

struct Sources {
  Known key;
  Known header;
  Known agent;
  DataClass unsaid{};
  Known detected;
  std::vector<Known> inputs;

  static Sources any() {
    Sources sources{maybe_class(), maybe_class(), maybe_class(), any_class(), maybe_class(), {}};
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) sources.inputs.push_back(maybe_class());
    return sources;
  }
  [[nodiscard]] bool said() const { return key || header || agent; }
  [[nodiscard]] DataClass join_all() const { return class_of_call({key, header, agent, unsaid, detected, inputs}); }
};

RC_GTEST_PROP(ClassOfCallTest, IsTheHighestOfItsSources, ()) {
  const Sources sources = Sources::any();
  std::vector<DataClass> all{sources.detected.value_or(kUnknownClass)};
  if (!sources.said()) all.push_back(sources.unsaid);
  for (const Known& word : {sources.key, sources.header, sources.agent})
    if (word) all.push_back(*word);
  for (const Known& input : sources.inputs) all.push_back(input.value_or(kUnknownClass));
  RC_ASSERT(sources.join_all() == *std::ranges::max_element(all));
}

RC_GTEST_PROP(ClassOfCallTest, AddingAnInputNeverLowersIt, ()) {
  const Sources sources = Sources::any();
  Sources more = sources;
  const Known added = maybe_class();
  const auto place = *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(more.inputs.size()) + 1);
  more.inputs.insert(more.inputs.begin() + place, added);
  RC_ASSERT(more.join_all() >= sources.join_all());
  RC_ASSERT(more.join_all() >= added.value_or(kUnknownClass));
}

RC_GTEST_PROP(ClassOfCallTest, AnotherWordNeverLowersIt, ()) {
  const Sources sources = Sources::any();
  RC_PRE(sources.said());
  Sources more = sources;
  if (!more.key) more.key = any_class();
  if (!more.header) more.header = any_class();
  if (!more.agent) more.agent = any_class();
  RC_ASSERT(more.join_all() >= sources.join_all());
}

RC_GTEST_PROP(ClassOfCallTest, RaisingASourceNeverLowersIt, ()) {
  const Sources sources = Sources::any();
  Sources raised = sources;
  raised.unsaid = join(raised.unsaid, any_class());
  for (Known* word : {&raised.key, &raised.header, &raised.agent, &raised.detected})
    if (*word) *word = join(**word, any_class());
  for (Known& input : raised.inputs)
    if (input) input = join(*input, any_class());
  RC_ASSERT(raised.join_all() >= sources.join_all());
}

TEST(ClassOfCallTest, UnknownIsPersonal) {
  EXPECT_EQ(class_of_call({}), DataClass::personal);
  EXPECT_EQ(class_of_call({.header = DataClass::open}), DataClass::personal);  // nobody looked into it
  EXPECT_EQ(class_of_call({.header = DataClass::open, .detected = DataClass::open}), DataClass::open);
  const std::vector<Known> file{std::nullopt};
  EXPECT_EQ(class_of_call({.header = DataClass::open, .detected = DataClass::open, .inputs = file}),
            DataClass::personal);
}

}  // namespace
}  // namespace hearth::privacy
