#include <hearth/net/http.h>
#include <hearth/net/server.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::net {
namespace {

TEST(Headers, NamesCompareWithoutCase) {
  Headers h{{"Content-Type", "a"}, {"X-Two", "1"}, {"x-two", "2"}};
  EXPECT_EQ(h.get("content-TYPE"), "a");
  EXPECT_EQ(h.get("x-two"), "1");
  EXPECT_EQ(h.get("absent"), "");
  EXPECT_FALSE(h.has("absent"));
  h.set("X-TWO", "3");
  EXPECT_EQ(h.get("x-two"), "3");
  EXPECT_EQ(h.fields().size(), 2U);
}

TEST(Headers, HoldWhatFitsOnALine) {
  Headers h;
  h.add("A", "1");
  h.add("B", "");
  h.add("C", "2\r\nD: 3");
  h.add("E\nF", "4");
  h.add("G:", "5");
  h.add("", "6");
  h.add("H", "a: b");
  EXPECT_EQ(h.text(), "A: 1\r\nB: \r\nH: a: b\r\n");
  EXPECT_TRUE(h.has("b"));
  EXPECT_EQ(h.get("H"), "a: b");
  EXPECT_FALSE(h.has("C"));
  EXPECT_FALSE(h.has("D"));
  h.clear();
  EXPECT_FALSE(h.has("A"));
}

// As a list of names and values would do it.
RC_GTEST_PROP(Headers, FindTheFirstOfAName, ()) {
  using Field = std::pair<std::string, std::string>;
  const auto name = rc::gen::element<std::string>("a", "A", "ab", "AB", "b", "b-a");
  const auto value = rc::gen::element<std::string>("", " ", "x", "a: x", "b:");
  const auto fields = *rc::gen::container<std::vector<Field>>(rc::gen::pair(name, value));
  Headers headers;
  for (const auto& [n, v] : fields) headers.add(n, v);
  const std::string wanted = *name;
  const auto found = std::ranges::find_if(fields, [&](const Field& f) { return iequals(f.first, wanted); });
  RC_ASSERT(headers.has(wanted) == (found != fields.end()));
  RC_ASSERT(headers.get(wanted) == (found == fields.end() ? "" : found->second));
  RC_ASSERT(headers.fields().size() == fields.size());
  headers.set(wanted, "new");
  RC_ASSERT(headers.get(wanted) == "new");
  const auto others = std::ranges::count_if(fields, [&](const Field& f) { return !iequals(f.first, wanted); });
  RC_ASSERT(headers.fields().size() == static_cast<std::size_t>(others) + 1);
}

TEST(RequestHead, PathAndQueryAreDecoded) {
  const RequestHead head{"GET", "/v1/files/a%20b+c?name=%C3%A9t%C3%A9&empty=&flag&plus=a+b&bad=%zz", {}};
  EXPECT_EQ(head.path(), "/v1/files/a b+c");
  EXPECT_EQ(head.query("name"), "été");
  EXPECT_EQ(head.query("empty"), "");
  EXPECT_EQ(head.query("flag"), "");
  EXPECT_EQ(head.query("plus"), "a b");
  EXPECT_EQ(head.query("bad"), "%zz");
  EXPECT_EQ(head.query("absent"), std::nullopt);
}

TEST(PercentEncoding, RoundTrips) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/é"), "a%20b%2F%C3%A9");
}

TEST(ListenAddress, ReadsWhatPeopleWrite) {
  const auto v4 = parse_listen_address("127.0.0.1:8420");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 8420);
  const auto v6 = parse_listen_address("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(parse_listen_address("localhost:1")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address("unix:/run/x.sock")->unix_path, "/run/x.sock");
  for (const char* bad :
       {"", "8420", ":8420", "127.0.0.1:", "127.0.0.1:99999", "example.org:80", "127.0.0.1:8x", "unix:"})
    EXPECT_FALSE(parse_listen_address(bad)) << bad;
}

}  // namespace
}  // namespace hearth::net
