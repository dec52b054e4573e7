// Sixteen bytes at once say the same as one after the other.
#include "src/wake.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace hearth::privacy {
namespace {

std::size_t one_by_one(std::string_view text, std::size_t i) {
  while (i < text.size() && wake_of(text[i]) == Wake::nothing) ++i;
  return i;
}

TEST(NextWake, KnowsEachByteAtEachPlace) {
  for (int value = 0; value < 256; ++value) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'a');
      text[place] = static_cast<char>(value);
      EXPECT_EQ(next_wake(text, 0), one_by_one(text, 0)) << value << " at " << place;
    }
  }
}

RC_GTEST_PROP(NextWake, FindsWhatALoopFinds, ()) {
  const auto byte = rc::gen::weightedOneOf<char>({{20, rc::gen::just('a')}, {1, rc::gen::arbitrary<char>()}});
  const auto text = *rc::gen::container<std::string>(byte);
  const auto from = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  RC_ASSERT(next_wake(text, from) == one_by_one(text, from));
}

}  // namespace
}  // namespace hearth::privacy
