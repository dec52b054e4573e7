#include "src/json.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace hearth::trim {
namespace {

namespace json = boost::json;

TEST(JsonTest, WhiteSpaceBetweenTokensGoesAndNothingElse) {
  EXPECT_EQ(minify_json("{ \"a\" : 1.50 ,\n \"b\" : [ 1e+2, -0, \"x  y\\u00e9\" ],\t\"a\" : null }\n"),
            R"({"a":1.50,"b":[1e+2,-0,"x  y\u00e9"],"a":null})");
}

TEST(JsonTest, WhatIsNoJsonStays) {
  for (const char* text : {"{ 'a' : 1 }", "{ \"a\" : 1 } and more", "[ 1, 2, ]", "{ \"a\" : 01 }", "{}", "", "12 ", "[",
                           "{ \"a\" : NaN }", "{ \"a\" : \"\xff\" }"})
    EXPECT_FALSE(minify_json(text)) << text;
}

TEST(JsonTest, ValuesWithinATextAreFound) {
  EXPECT_EQ(minify_json_within("HTTP/1.1 200 OK\nServer: x\n\n{\n  \"a\": 1\n}\n"),
            "HTTP/1.1 200 OK\nServer: x\n\n{\"a\":1}\n");
  EXPECT_EQ(minify_json_within("{\"a\": 1}\n{\"a\": 2}\nend"), "{\"a\":1}\n{\"a\":2}\nend");
  EXPECT_EQ(minify_json_within("```json\n[\n  1,\n  2\n]\n```"), "```json\n[1,2]\n```");
  EXPECT_FALSE(minify_json_within("int main() {\n  return 0;\n}\n"));
  EXPECT_FALSE(minify_json_within("[12:30:01] started\n[ info ] more\n"));
  EXPECT_FALSE(minify_json_within("{ \"a\": 1 } trailing"));
}

TEST(JsonTest, UnbalancedBracketsCostNoMoreThanTheyMay) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "{[\n";
  EXPECT_FALSE(minify_json_within(text));
}

json::value any_value(int depth) {
  const auto kind = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  if (kind == 0) return nullptr;
  if (kind == 1) return *rc::gen::arbitrary<bool>();
  if (kind == 2) return *rc::gen::arbitrary<std::int64_t>();
  if (kind == 3) return *rc::gen::arbitrary<double>();
  if (kind == 4) return json::value(*rc::gen::string<std::string>());
  if (kind == 5) {
    json::array array;
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) array.push_back(any_value(depth - 1));
    return array;
  }
  json::object object;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
    object[*rc::gen::element<std::string>("a", "b {", "c\"", "[d")] = any_value(depth - 1);
  return object;
}

// `text` with white space between its tokens.
std::string spread(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && !in_string) {
      in_string = true;
      out += c;
      continue;
    }
    out += c;
    if (in_string) {
      if (c == '\\') out += text[++i];
      if (c == '"') in_string = false;
    } else if (std::string_view("{}[],:").contains(c)) {
      out += *rc::gen::element<std::string>("", " ", "\n", "\n    ", "\t ");
    }
  }
  return out;
}

RC_GTEST_PROP(JsonProperty, EachValueIsTheSame, ()) {
  const std::string compact = json::serialize(json::array{any_value(3)});
  if (compact.find('\xff') != std::string::npos) RC_DISCARD("no text");
  const std::string text = spread(compact);
  const auto minified = minify_json(text);
  if (!minified) return;
  RC_ASSERT(*minified == compact);
  RC_ASSERT(!minify_json(*minified));
}

}  // namespace
}  // namespace hearth::trim
