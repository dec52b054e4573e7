#include "page_stream.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

constexpr std::string_view kAnswer =
    R"({"model":"x","pages":[{"index":0,"markdown":"a \"}]\\","images":[{"id":"i"}],"dimensions":{"dpi":200}},)"
    R"({"index":1,"markdown":"b"}],"usage_info":{"pages_processed":2}})";

TEST(PageStream, GivesEveryPageWhateverTheCuts) {
  for (std::size_t step = 1; step <= kAnswer.size(); ++step) {
    std::vector<std::string> pages;
    PageStream stream([&](const json::value& page) -> Result<void> {
      pages.push_back(json::text(page, "markdown"));
      return {};
    });
    for (std::size_t at = 0; at < kAnswer.size(); at += step) ASSERT_TRUE(stream.feed(kAnswer.substr(at, step)));
    EXPECT_TRUE(stream.finish());
    EXPECT_EQ(pages, (std::vector<std::string>{"a \"}]\\", "b"})) << step;
  }
}

TEST(PageStream, GivesAPageBeforeTheNextOneCame) {
  int pages = 0;
  PageStream stream([&](const json::value&) -> Result<void> {
    ++pages;
    return {};
  });
  ASSERT_TRUE(stream.feed(R"({"pages":[{"index":0},)"));
  EXPECT_EQ(pages, 1);
  EXPECT_FALSE(stream.finish()) << "the answer is not whole";
}

TEST(PageStream, NoPagesIsFine) {
  PageStream stream([](const json::value&) -> Result<void> { return {}; });
  ASSERT_TRUE(stream.feed(R"({"pages":[]})"));
  EXPECT_TRUE(stream.finish());
}

TEST(PageStream, RefusesWhatIsNotJson) {
  const auto ignore = [](const json::value&) -> Result<void> { return {}; };
  EXPECT_FALSE(PageStream(ignore).feed("]"));
  EXPECT_FALSE(PageStream(ignore).feed(R"({"pages":[{"index":}]})"));
  EXPECT_FALSE(PageStream(ignore).feed(std::string(100, '[')));
  EXPECT_FALSE(PageStream(ignore).finish());
}

TEST(PageStream, StopsWhenThePageIsRefused) {
  PageStream stream([](const json::value&) -> Result<void> { return fail(Errc::io_error, "disk full"); });
  const auto fed = stream.feed(R"({"pages":[{"index":0}]})");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message(), "disk full");
}

}  // namespace
}  // namespace hearth::tool
