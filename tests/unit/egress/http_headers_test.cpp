#include <hearth/egress/http.h>
#include <hearth/egress/http_headers.h>

#include <gtest/gtest.h>

namespace hearth::egress {
namespace {

TEST(ContentRange, IsReadExactly) {
  const auto range = parse_content_range("bytes 200-999/67589");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->begin, 200U);
  EXPECT_EQ(range->end, 1000U);
  EXPECT_EQ(range->total, 67589U);
  EXPECT_FALSE(parse_content_range("bytes 0-9/*")->total);
  EXPECT_TRUE(parse_content_range("Bytes 0-0/1"));
}

TEST(ContentRange, NonsenseIsRefused) {
  for (const char* bad : {"", "bytes", "bytes */100", "bytes 5-4/10", "bytes 0-10/10", "bytes -1-5/10", "items 0-1/2",
                          "bytes 0-1", "bytes 0-1/2/3", "bytes 0x0-1/2", "bytes 0-99999999999999999999/9"})
    EXPECT_FALSE(parse_content_range(bad)) << bad;
}

TEST(Etag, OnlyAStrongOneJoinsHalves) {
  EXPECT_EQ(strong_etag("\"abc-1\""), "\"abc-1\"");
  for (const char* bad : {"W/\"abc\"", "abc", "\"", "\"\"", "\"a\"b\"", "\"a\nb\""})
    EXPECT_FALSE(strong_etag(bad)) << bad;
}

TEST(Challenge, IsReadWithAndWithoutQuotes) {
  const auto c =
      parse_challenge(R"(Bearer realm="https://auth.example/token",service="reg", scope="repository:a/b:pull,push")");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->realm, "https://auth.example/token");
  EXPECT_EQ(c->service, "reg");
  EXPECT_EQ(c->scope, "repository:a/b:pull,push");
  EXPECT_EQ(parse_challenge("bearer realm=https://x/t,service=s")->service, "s");
  for (const char* bad :
       {"", "Basic realm=\"x\"", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x", "Bearer realm=\"a\" x=\"b\""})
    EXPECT_FALSE(parse_challenge(bad)) << bad;
}

TEST(Link, NextIsFoundAmongOthers) {
  EXPECT_EQ(next_link("<https://x/a?cursor=1>; rel=\"next\""), "https://x/a?cursor=1");
  EXPECT_EQ(next_link("<https://x/0>; rel=\"prev\", </b>; rel=\"next\""), "/b");
  EXPECT_EQ(next_link("<https://x/0>; rel=\"prev\""), "");
  EXPECT_EQ(next_link("<https://x/0"), "");
}

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers;
  headers.add("ETag: \"x\"\r\n");
  headers.add("no header\r\n");
  headers.add(": nothing");
  EXPECT_EQ(headers.get("etag"), "\"x\"");
  EXPECT_EQ(headers.get("location"), "");
  for (int i = 0; i < 1000; ++i) headers.add("h" + std::to_string(i) + ": 1");
  EXPECT_EQ(headers.get("h999"), "");  // bounded
}

TEST(RetryAfter, SecondsOnly) {
  EXPECT_EQ(parse_retry_after("120"), 120U);
  EXPECT_FALSE(parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT"));
}

TEST(Url, LoopbackIsOnlyWhatTheAddressSays) {
  for (const char* yes : {"http://127.0.0.1/x", "http://127.1.2.3:80/x", "http://localhost:1/x", "http://[::1]:5/x"})
    EXPECT_TRUE(is_loopback_url(yes)) << yes;
  for (const char* no : {"http://127.0.0.1.example.org/x", "http://localhost.example.org/", "http://10.0.0.1/",
                         "http://127.0.0.1@example.org/", "127.0.0.1", "http://[::2]/"})
    EXPECT_FALSE(is_loopback_url(no)) << no;
}

}  // namespace
}  // namespace hearth::egress
