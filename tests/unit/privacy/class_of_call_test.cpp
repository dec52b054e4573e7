#include <hearth/privacy/class_of_call.h>

#include <rapidcheck/gtest.h>

#include <vector>

namespace hearth::privacy {
namespace {

using Known = std::optional<DataClass>;

DataClass class_from(int n) {
  return static_cast<DataClass>(n);
}

rc::Gen<DataClass> any_class() {
  return rc::gen::map(rc::gen::inRange(0, 4), class_from);
}

rc::Gen<Known> maybe_class() {
  return rc::gen::map(rc::gen::inRange(-1, 4), [](int n) { return n < 0 ? Known() : Known(class_from(n)); });
}

struct Sources {
  DataClass key{};
  Known header;
  Known agent;
  Known detected;
  std::vector<Known> inputs;
  [[nodiscard]] ClassSources view() const { return {key, header, agent, detected, inputs}; }
};

Sources any_sources() {
  return {*any_class(), *maybe_class(), *maybe_class(), *maybe_class(),
          *rc::gen::container<std::vector<Known>>(maybe_class())};
}

RC_GTEST_PROP(ClassOfCallTest, IsTheHighestOfItsSources, ()) {
  const Sources sources = any_sources();
  const DataClass got = class_of_call(sources.view());
  std::vector<DataClass> all{sources.key, sources.detected.value_or(kUnknownClass)};
  if (sources.header) all.push_back(*sources.header);
  if (sources.agent) all.push_back(*sources.agent);
  for (const Known& input : sources.inputs) all.push_back(input.value_or(kUnknownClass));
  RC_ASSERT(got == *std::ranges::max_element(all));
}

RC_GTEST_PROP(ClassOfCallTest, AddingASourceNeverLowersIt, ()) {
  const Sources sources = any_sources();
  const DataClass before = class_of_call(sources.view());
  Sources more = sources;
  const Known added = *maybe_class();
  more.inputs.insert(
      more.inputs.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(more.inputs.size()) + 1),
      added);
  RC_ASSERT(class_of_call(more.view()) >= before);
  RC_ASSERT(class_of_call(more.view()) >= added.value_or(kUnknownClass));
  more = sources;
  if (!more.header) more.header = *any_class();
  if (!more.agent) more.agent = *any_class();
  RC_ASSERT(class_of_call(more.view()) >= before);
}

RC_GTEST_PROP(ClassOfCallTest, RaisingASourceNeverLowersIt, ()) {
  const Sources sources = any_sources();
  Sources raised = sources;
  raised.key = join(raised.key, *any_class());
  if (raised.detected) raised.detected = join(*raised.detected, *any_class());
  for (Known& input : raised.inputs)
    if (input) input = join(*input, *any_class());
  RC_ASSERT(class_of_call(raised.view()) >= class_of_call(sources.view()));
}

TEST(ClassOfCallTest, UnknownIsPersonal) {
  EXPECT_EQ(class_of_call({}), DataClass::personal);
  EXPECT_EQ(class_of_call({.key = DataClass::open}), DataClass::personal);
  EXPECT_EQ(class_of_call({.key = DataClass::open, .detected = DataClass::open}), DataClass::open);
  const std::vector<Known> file{std::nullopt};
  EXPECT_EQ(class_of_call({.key = DataClass::open, .detected = DataClass::open, .inputs = file}), DataClass::personal);
}

}  // namespace
}  // namespace hearth::privacy
