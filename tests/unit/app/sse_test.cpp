#include "sse.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(EventReader, JoinsWhatTheNetCut) {
  constexpr std::string_view kStream = ": hello\n\ndata: one\n\nevent: x\ndata: two\r\ndata:three\r\n\r\ndata: lost";
  for (std::size_t step = 1; step <= kStream.size(); ++step) {
    std::vector<std::string> events;
    EventReader reader([&](std::string_view data) -> Result<void> {
      events.emplace_back(data);
      return {};
    });
    for (std::size_t at = 0; at < kStream.size(); at += step) ASSERT_TRUE(reader.feed(kStream.substr(at, step)));
    EXPECT_EQ(events, (std::vector<std::string>{"one", "two\nthree"})) << step;
  }
}

TEST(EventReader, BoundsALine) {
  EventReader reader([](std::string_view) -> Result<void> { return {}; });
  const std::string megabyte(1U << 20U, 'x');
  Result<void> fed;
  for (int i = 0; i < 20 && fed; ++i) fed = reader.feed(megabyte);
  ASSERT_FALSE(fed);
  EXPECT_TRUE(fed.error().is(Errc::too_large));
}

TEST(EventReader, PassesOnWhatTheListenerSays) {
  EventReader reader([](std::string_view) -> Result<void> { return fail(Errc::cancelled, "enough"); });
  EXPECT_FALSE(reader.feed("data: x\n\n"));
}

}  // namespace
}  // namespace hearth::tool
