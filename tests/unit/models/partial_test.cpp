#include "src/partial.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace hearth::models {
namespace {

constexpr std::uint64_t kTotal = 64;

// Against the plainest set there is.
RC_GTEST_PROP(RangeSet, AgreesWithASetOfBytes, ()) {
  const auto adds = *rc::gen::container<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, kTotal), rc::gen::inRange<std::uint64_t>(0, kTotal + 1)));
  const auto piece = *rc::gen::inRange<std::uint64_t>(1, 20);
  RangeSet set;
  std::vector<bool> bytes(kTotal, false);
  for (const auto& [begin, end] : adds) {
    set.add({begin, end});
    for (std::uint64_t i = begin; i < end; ++i) bytes[i] = true;
  }
  RC_ASSERT(set.size() == static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), true)));
  std::vector<bool> missing(kTotal, false);
  std::uint64_t before = 0;
  for (const Range& gap : set.missing(kTotal, piece)) {
    RC_ASSERT(gap.begin >= before && gap.begin < gap.end && gap.size() <= piece && gap.end <= kTotal);
    before = gap.end;
    for (std::uint64_t i = gap.begin; i < gap.end; ++i) missing[i] = true;
  }
  for (std::uint64_t i = 0; i < kTotal; ++i) RC_ASSERT(bytes[i] != missing[i]);
  std::uint64_t last = 0;
  for (const Range& range : set.ranges()) {
    RC_ASSERT(range.begin < range.end && (last == 0 || range.begin > last));  // ordered, and none touches the next
    last = range.end;
  }
}

RC_GTEST_PROP(PartialState, ReadsBackWhatWasWritten, ()) {
  PartialState state;
  state.url = "https://example.org/model.gguf";
  state.etag = *rc::gen::element<std::string>("", "\"abc\"");
  state.total = kTotal;
  for (const auto begin :
       *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, kTotal - 1)))
    state.done.add({begin, begin + 1});
  const std::string text = write_partial_state(state);
  RC_ASSERT(parse_partial_state(text) == state);
  // Torn or changed anywhere: it is not believed.
  const auto cut = *rc::gen::inRange<std::size_t>(0, text.size());
  RC_ASSERT(!parse_partial_state(std::string_view(text).substr(0, cut)));
  std::string flipped = text;
  flipped[cut] = static_cast<char>(flipped[cut] ^ 1);
  RC_ASSERT(!parse_partial_state(flipped));
}

}  // namespace
}  // namespace hearth::models
