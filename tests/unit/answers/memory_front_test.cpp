#include "src/memory_front.h"

#include "samples.h"

#include <rapidcheck/gtest.h>

#include <map>

namespace hearth::answers {
namespace {

constexpr std::uint64_t kLimit = 20'000;

// Beside a map that never forgets: what it gives back is what was put there last, and it keeps within its bound.
RC_GTEST_PROP(MemoryFrontTest, GivesBackTheNewestAndKeepsWithinItsBound, ()) {
  MemoryFront front(kLimit);
  std::map<std::string, AnswerPtr> all;
  const int steps = *rc::gen::inRange(0, 300);
  for (int i = 0; i < steps; ++i) {
    const std::string name = std::to_string(*rc::gen::inRange(0, 40));
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        front.remove(digest_of(name));
        all.erase(name);
        break;
      case 1:
      case 2:
      case 3: {
        const AnswerPtr answer = shared_answer(std::string(*rc::gen::inRange<std::size_t>(0, 6'000), 'x'));
        front.put(digest_of(name), answer);
        all[name] = answer;
        break;
      }
      default: {
        const AnswerPtr found = front.find(digest_of(name));
        if (found != nullptr) RC_ASSERT(found == all.at(name));
      }
    }
    RC_ASSERT(front.bytes() <= kLimit);
    RC_ASSERT(front.size() <= all.size());
  }
  front.clear();
  RC_ASSERT(front.bytes() == 0U);
  RC_ASSERT(front.size() == 0U);
}

TEST(MemoryFrontTest, ABurstOfNewOnesLeavesTheUsefulOnes) {
  MemoryFront front(kLimit);
  const Digest useful = digest_of("useful");
  front.put(useful, shared_answer(std::string(1'000, 'u')));
  EXPECT_NE(front.find(useful), nullptr);
  for (int i = 0; i < 500; ++i) front.put(digest_of(std::to_string(i)), shared_answer(std::string(1'000, 'x')));
  EXPECT_NE(front.find(useful), nullptr);
  EXPECT_NE(front.find(digest_of("499")), nullptr);
  EXPECT_EQ(front.find(digest_of("0")), nullptr);
}

TEST(MemoryFrontTest, WhatIsTooLargeIsNotTaken) {
  MemoryFront front(kLimit);
  const Digest key = digest_of("large");
  front.put(key, shared_answer("small"));
  front.put(key, shared_answer(std::string(kLimit / 2, 'x')));
  EXPECT_EQ(front.find(key), nullptr);  // not the old one either
  EXPECT_EQ(front.size(), 0U);
}

}  // namespace
}  // namespace hearth::answers
