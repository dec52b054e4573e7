#include "src/sessions.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace hearth::gateway
