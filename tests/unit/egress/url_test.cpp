#include <hearth/egress/url.h>

#include <gtest/gtest.h>

namespace hearth::egress {
namespace {

TEST(ParseUrl, TakesItApart) {
  const auto url = parse_url("https://API.OpenAI.com/v1");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.openai.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/v1");
  EXPECT_EQ(url->authority(), "api.openai.com");
  const auto local = parse_url("http://[::1]:8000");
  ASSERT_TRUE(local);
  EXPECT_FALSE(local->tls);
  EXPECT_EQ(local->host, "::1");
  EXPECT_EQ(local->path, "/");
  EXPECT_EQ(local->authority(), "[::1]:8000");
}

TEST(ParseUrl, RefusesWhatIsNone) {
  for (const char* text : {"", "api.openai.com", "ftp://x/", "file:///etc/passwd", "https://", "https://a b/",
                           "https://user@x/", "https://x:0/", "https://x:70000/", "https://x/#y"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace hearth::egress
