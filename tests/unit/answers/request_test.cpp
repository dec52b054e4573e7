#include "samples.h"

#include <hearth/answers/request.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace hearth::answers {
namespace {

constexpr std::size_t kPadding = 64;

Result<Request> read(Shape shape, std::string body) {
  body.reserve(body.size() + kPadding);
  return read_request(shape, body);
}

std::string why(Shape shape, std::string_view body) {
  const auto request = read(shape, std::string(body));
  return request ? std::string(request->not_cacheable) : "unreadable: " + request.error().message();
}

Digest digest(std::string_view body, Shape shape = Shape::chat) {
  const auto request = read(shape, std::string(body));
  EXPECT_TRUE(request) << body;
  return request ? request->digest : Digest();
}

// ── Which answers are the same next time

TEST(RequestTest, ColdOrSeededChatsAreCacheable) {
  for (
      const auto* body :
      {R"({"messages":[],"temperature":0})", R"({"temperature":0.0})", R"({"temperature":-0})",
       R"({"temperature":0e7})", R"({"seed":7})", R"({"seed":7,"temperature":1.3})",
       R"({"seed":7,"n":1,"store":false,"background":null})",
       R"({"seed":7,"tools":[{"type":"function","function":{"name":"f"}},{"name":"anthropic's own"}]})",
       R"({"seed":7,"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}]})",
       R"({"seed":7,"messages":[{"content":"see \"url\": \"http://example.org\" and \"file_id\": \"x\""}]})",
       R"({"seed":7,"tools":[{"type":"function","function":{"parameters":{"properties":{"url":{"type":"string"}}}}}]})"})
    EXPECT_EQ(why(Shape::chat, body), "") << body;
}

TEST(RequestTest, AllOthersAreNot) {
  for (const auto* body :
       {R"({})",
        R"({"temperature":0.1})",
        R"({"temperature":null})",
        R"({"seed":null})",
        R"({"temperature":1e-400})",
        R"({"temperature":"0"})",
        R"({"seed":7,"n":2})",
        R"({"seed":7,"best_of":3})",
        R"({"seed":7,"store":true})",
        R"({"seed":7,"background":true})",
        R"({"seed":7,"previous_response_id":"resp_1"})",
        R"({"seed":7,"conversation":{"id":"c"}})",
        R"({"seed":7,"web_search_options":{}})",
        R"({"seed":7,"tools":[{"type":"web_search"}]})",
        R"({"seed":7,"tools":[{"type":"f\u0075nction"}]})",
        R"({"seed":7,"tools":{}})",
        R"({"seed":7,"mcp_servers":[{"url":"x"}]})",
        R"({"seed":7,"container":"c"})",
        R"({"seed":7,"messages":[{"content":[{"image_url":{"url":"https://example.org/cat.png"}}]}]})",
        R"({"seed":7,"messages":[{"content":[{"image_url" : "HTTPS://example.org/cat.png"}]}]})",
        R"({"seed":7,"messages":[{"content":[{"file":{"file_id" :"file_1"}}]}]})",
        R"({"seed":7,"input":[{"type":"item_reference","id":"msg_1"}]})",
        R"({"seed":7,"messages":[{"content":[{"image_url":{"\u0075rl":"https://example.org/cat.png"}}]}]})",
        R"({"seed":7,"seed":8})",
        R"({"temperature":0,"tem\u0070erature":1})"})
    EXPECT_NE(why(Shape::chat, body), "") << body;
}

TEST(RequestTest, EachDialectSaysItInItsWay) {
  EXPECT_EQ(why(Shape::ollama, R"({"options":{"temperature":0}})"), "");
  EXPECT_EQ(why(Shape::ollama, R"({"options":{"seed":1,"num_ctx":4096}})"), "");
  EXPECT_NE(why(Shape::ollama, R"({"temperature":0})"), "");
  EXPECT_NE(why(Shape::ollama, R"({"options":null})"), "");
  EXPECT_NE(why(Shape::ollama, R"({"options":[]})"), "");
  EXPECT_EQ(why(Shape::responses, R"({"temperature":0,"input":"x"})"), "");
  EXPECT_NE(why(Shape::responses, R"({"temperature":0,"prompt":{"id":"pmpt_1"}})"), "");
  EXPECT_EQ(why(Shape::chat, R"({"temperature":0,"prompt":"a completion's text"})"), "");
  EXPECT_EQ(why(Shape::deterministic, R"({"input":["a","b"]})"), "");
  EXPECT_NE(why(Shape::deterministic, R"({"document":{"document_url":"https://example.org/a.pdf"}})"), "");
}

TEST(RequestTest, StreamsAreTold) {
  const auto streams = [](Shape shape, const char* body) { return read(shape, body)->stream; };
  EXPECT_TRUE(streams(Shape::chat, R"({"stream": true })"));
  EXPECT_FALSE(streams(Shape::chat, R"({"stream":false})"));
  EXPECT_FALSE(streams(Shape::messages, R"({})"));
  EXPECT_TRUE(streams(Shape::ollama, R"({})"));
  EXPECT_FALSE(streams(Shape::ollama, R"({"stream":false})"));
}

TEST(RequestTest, WhatIsNoObjectIsRefused) {
  for (const auto* body : {"", " ", "[]", "7", "\"{}\"", "{", "{]", "nul}", "{\"a\"}", "{\"a\":}", "{\"a}"}) {
    const auto request = read(Shape::chat, body);
    if (!request) EXPECT_TRUE(request.error().is(Errc::invalid_argument)) << body;
  }
  EXPECT_FALSE(read(Shape::chat, "[]"));
  EXPECT_FALSE(read(Shape::chat, ""));
}

// ── Which requests are the same

TEST(RequestTest, OnlyWhatNoAnswerDependsOnIsLeftOut) {
  const Digest plain = digest(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1})");
  EXPECT_EQ(plain, digest(R"( { "seed" : 1 , "messages" : [{"role":"user","content":"hi"}],"model":"m"} )"));
  EXPECT_EQ(plain, digest(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"stream":true})"));
  EXPECT_EQ(plain,
            digest(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"prompt_cache_key":"x"})"));
  EXPECT_EQ(plain, digest(R"({"m\u006fdel":"m","messages":[{"role":"user","content":"hi"}],"seed":1})"));
  for (const auto* other : {R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1.0})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":"1"})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi "}],"seed":1})",
                            R"({"model":"m","messages":[{"content":"hi","role":"user"}],"seed":1})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"user":"u"})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"metadata":{}})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"top_p":null})",
                            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1,"keep_alive":5})",
                            R"({"model":"M","messages":[{"role":"user","content":"hi"}],"seed":1})"})
    EXPECT_NE(plain, digest(other)) << other;
  EXPECT_EQ(digest(R"({"model":"m","keep_alive":"5m"})", Shape::ollama), digest(R"({"model":"m"})", Shape::ollama));
}

// What the last turn is says nothing: the system's text, the history, the tools and the tenant decide too.
TEST(RequestTest, TheSameLastTurnInAnotherContextIsAnotherRequest) {
  const std::string last = R"({"role":"user","content":"continue"}])";
  std::vector<Digest> all{
      digest(R"({"messages":[)" + last + "}"), digest(R"({"messages":[{"role":"system","content":"a"},)" + last + "}"),
      digest(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},)" + last + "}"),
      digest(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"c"},)" + last + "}"),
      digest(R"({"tools":[{"type":"function","function":{"name":"f"}}],"messages":[)" + last + "}")};
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

// A JSON value as text, in a spelling that a generator chooses.
std::string arbitrary_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return *rc::gen::element<std::string>("0", "1", "1.0", "-0", "1e3", "true", "false", "null");
    case 1:
    case 2:
      return "\"" + *rc::gen::element<std::string>("", "a", "b", "a,b", "}", "\\\"", "\\u00e9", "{\\\"a\\\":1}", ":") +
             "\"";
    case 3:
      return std::to_string(*rc::gen::arbitrary<int>());
    case 4: {
      std::string text = "[";
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i) text += (i > 0 ? "," : "") + arbitrary_value(depth - 1);
      return text + "]";
    }
    default: {
      std::string text = "{";
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i)
        text += std::string(i > 0 ? "," : "") + "\"k" + std::to_string(i) + "\":" + arbitrary_value(depth - 1);
      return text + "}";
    }
  }
}

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields arbitrary_fields() {
  Fields fields;
  std::vector<std::string> names{"model", "messages", "seed", "temperature", "tools", "user", "stop", "x", ""};
  const auto count = *rc::gen::inRange<std::size_t>(0, names.size());
  for (std::size_t i = 0; i < count; ++i) fields.emplace_back(names[i], arbitrary_value(3));
  return fields;
}

std::string space() {
  return *rc::gen::element<std::string>("", "", " ", "\n", "\t ", "\r\n");
}

std::string written(const Fields& fields) {
  std::string body = space() + "{";
  for (const auto& [name, value] : fields) {
    if (&name != &fields.front().first) body += ",";
    body += space();
    body += '"';
    body += name;
    body += '"' + space() + ":" + space() + value + space();
  }
  return body + space() + "}" + space();
}

// The order of the outermost keys and the white space between them are all that does not count.
RC_GTEST_PROP(RequestTest, HowTheOutermostObjectIsWrittenDoesNotCount, ()) {
  Fields fields = arbitrary_fields();
  const Digest first = digest(written(fields));
  for (std::size_t i = fields.size(); i > 1; --i)
    std::swap(fields[i - 1], fields[*rc::gen::inRange<std::size_t>(0, i)]);
  RC_ASSERT(digest(written(fields)) == first);
}

// Any other difference counts: two lists of fields have one digest only if they are the same.
RC_GTEST_PROP(RequestTest, AnythingElseCounts, ()) {
  Fields a = arbitrary_fields();
  Fields b = *rc::gen::arbitrary<bool>() ? arbitrary_fields() : a;
  if (!b.empty() && *rc::gen::arbitrary<bool>())
    b[*rc::gen::inRange<std::size_t>(0, b.size())].second = arbitrary_value(3);
  if (!b.empty() && *rc::gen::inRange(0, 4) == 0) b.pop_back();
  const bool same = std::map(a.begin(), a.end()) == std::map(b.begin(), b.end());
  RC_ASSERT((digest(written(a)) == digest(written(b))) == same);
}

// Each part of an identity keeps answers apart, and none runs into its neighbour.
RC_GTEST_PROP(RequestTest, EachPartOfTheIdentityCounts, ()) {
  const auto arbitrary_parts = [] {
    std::vector<std::string> parts;
    for (int i = 0; i < 6; ++i) parts.push_back(*rc::gen::element<std::string>("", "a", "b", "ab", "aa"));
    parts.push_back(*rc::gen::element<std::string>("", "internal"));
    return parts;
  };
  const auto headers_of = [] {
    return *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("", "a: b", "a: bc"));
  };
  const auto request_of = [] {
    Request request;
    request.digest = digest_of(*rc::gen::element<std::string>("x", "y"));
    request.stream = *rc::gen::arbitrary<bool>();
    return request;
  };
  const auto key_of = [](const std::vector<std::string>& p, const std::vector<std::string>& headers,
                         const Request& request) {
    const DataClass data_class = p[6].empty() ? DataClass::open : DataClass::internal;
    return key({p[0], p[1], p[2], p[3], p[4], p[5], data_class, headers}, request);
  };
  const auto a = arbitrary_parts();
  const auto b = *rc::gen::arbitrary<bool>() ? a : arbitrary_parts();
  const auto headers_a = headers_of();
  const auto headers_b = *rc::gen::arbitrary<bool>() ? headers_a : headers_of();
  const Request request_a = request_of();
  const Request request_b = *rc::gen::arbitrary<bool>() ? request_a : request_of();
  const bool same =
      a == b && headers_a == headers_b && request_a.digest == request_b.digest && request_a.stream == request_b.stream;
  RC_ASSERT((key_of(a, headers_a, request_a) == key_of(b, headers_b, request_b)) == same);
}

}  // namespace
}  // namespace hearth::answers
