#include "src/sessions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace hearth::gateway {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

TEST(Sessions, RemembersForAWhile) {
  Sessions sessions(2, Seconds(60));
  sessions.remember(1, "a", kStart);
  EXPECT_EQ(sessions.find(1, kStart + 60s), "a");
  EXPECT_EQ(sessions.find(1, kStart + 61s), std::nullopt);
  EXPECT_EQ(sessions.find(2, kStart), std::nullopt);
}

TEST(Sessions, ForgetsTheOneThatWasUnusedForTheLongestTime) {
  Sessions sessions(2);
  sessions.remember(1, "a", kStart);
  sessions.remember(2, "b", kStart);
  sessions.remember(1, "c", kStart);
  sessions.remember(3, "d", kStart);
  EXPECT_EQ(sessions.find(1, kStart), "c");
  EXPECT_EQ(sessions.find(2, kStart), std::nullopt);
  EXPECT_EQ(sessions.find(3, kStart), "d");
}

// Few enough are never in each other's way, whatever their numbers are.
RC_GTEST_PROP(Sessions, AnswersWhatWasRememberedLast, ()) {
  Sessions sessions;
  std::map<std::size_t, std::string> remembered;
  const auto steps = *rc::gen::container<std::vector<std::size_t>>(rc::gen::arbitrary<std::size_t>());
  SteadyTime now = kStart;
  for (const std::size_t conversation : steps) {
    if (remembered.size() == 8) break;
    remembered[conversation] = *rc::gen::element<std::string>("a", "b", "provider/model-with-a-long-name");
    sessions.remember(conversation, remembered[conversation], now += 1s);
    for (const auto& [known, model] : remembered) RC_ASSERT(sessions.find(known, now) == model);
    RC_ASSERT(remembered.contains(conversation + 1) || !sessions.find(conversation + 1, now));
  }
}

}  // namespace
}  // namespace hearth::gateway
