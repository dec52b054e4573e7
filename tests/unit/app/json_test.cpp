#include "json.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(Json, AbsentAndOddFieldsReadAsEmpty) {
  const auto v = json::parse(R"({"a":"x","n":3,"f":1.5,"b":true,"l":["p","q",1]})").value();
  EXPECT_EQ(json::text(v, "a"), "x");
  EXPECT_EQ(json::text(v, "n"), "");
  EXPECT_EQ(json::text(v, "none"), "");
  EXPECT_EQ(json::number(v, "n"), 3);
  EXPECT_EQ(json::number(v, "f"), 1.5);
  EXPECT_EQ(json::number(v, "a", 7), 7);
  EXPECT_TRUE(json::flag(v, "b"));
  EXPECT_FALSE(json::flag(v, "a"));
  EXPECT_EQ(json::joined(v, "l"), "p, q");
  EXPECT_TRUE(json::list(v, "a").empty());
  EXPECT_EQ(json::text(json::value(nullptr), "a"), "");
}

TEST(Json, PrettyReadsBackAsTheSame) {
  const auto v =
      json::parse(R"({"s":"a\"\n你","e":{},"l":[],"n":[1,2.25,-3],"o":[{"x":null},{"y":[["z"]]}],"f":0.1})").value();
  EXPECT_EQ(json::parse(json::pretty(v)).value(), v) << json::pretty(v);
}

TEST(Json, NumbersAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(json::pretty(json::object{{"seconds", 0.42}}), "{\n  \"seconds\": 0.42\n}\n");
}

TEST(Json, RefusesDeepAndBrokenText) {
  EXPECT_FALSE(json::parse("{"));
  EXPECT_FALSE(json::parse(std::string(100000, '[')));
}

}  // namespace
}  // namespace hearth::tool
