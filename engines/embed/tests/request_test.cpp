#include "request.h"

#include "support/tiny_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace hearth::embed {
namespace {

using testing::HasSubstr;

class Request : public testing::Test {
 protected:
  test::AlignedBytes bytes_ = test::tiny_cl100k({"red", " gre", "en", "s"});
  Cl100kView ids_ = Cl100kView::parse(bytes_.bytes()).value();
  RequestDecoder decoder_{256, ids_};
  std::string body_;  // decoded texts point into the decoder, not into this

  std::expected<EmbedRequest, Refusal> decode(std::string body) {
    body_ = std::move(body);
    return decoder_.decode(body_);
  }
  void refused(const std::string& body, std::string_view code, std::string_view param, int status = 400) {
    SCOPED_TRACE(body.substr(0, 100));
    const auto r = decode(body);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, code) << r.error().message;
    EXPECT_EQ(r.error().param, param);
    EXPECT_EQ(r.error().status, status);
    EXPECT_THAT(r.error().message, testing::EndsWith("."));
  }
};

TEST_F(Request, TakesOneText) {
  const auto r = decode(R"({"model":"m","input":"r\u00e9d \"x\"\n","user":"me"})");
  ASSERT_TRUE(r) << r.error().message;
  ASSERT_EQ(r->inputs.size(), 1U);
  EXPECT_EQ(r->inputs[0].text, "r\u00e9d \"x\"\n");
  EXPECT_EQ(r->dimensions, 256U);
  EXPECT_EQ(r->encoding, Encoding::floats);
}

TEST_F(Request, TakesTextsInOrder) {
  const auto r = decode(R"({"input":["a","b","c"],"dimensions":12,"encoding_format":"base64"})");
  ASSERT_TRUE(r) << r.error().message;
  ASSERT_EQ(r->inputs.size(), 3U);
  EXPECT_EQ(r->inputs[2].text, "c");
  EXPECT_EQ(r->dimensions, 12U);
  EXPECT_EQ(r->encoding, Encoding::base64);
}

TEST_F(Request, TakesTokenIdsAndListsOfThem) {
  auto r = decode(R"({"input":[0,1,2]})");
  ASSERT_TRUE(r) << r.error().message;
  ASSERT_EQ(r->inputs.size(), 1U);
  EXPECT_EQ(r->inputs[0].id_count, 3U);
  EXPECT_THAT(r->ids, testing::ElementsAre(0, 1, 2));

  r = decode(R"({"input":[[0],[1,2,3]]})");
  ASSERT_TRUE(r) << r.error().message;
  ASSERT_EQ(r->inputs.size(), 2U);
  EXPECT_EQ(r->inputs[1].first_id, 1U);
  EXPECT_EQ(r->inputs[1].id_count, 3U);
}

TEST_F(Request, IgnoresWhatItDoesNotKnowAndTakesNullForAbsent) {
  const auto r = decode(
      R"({"extra":{"deep":[1,{"input":7}]},"input":"x","dimensions":null,"encoding_format":null,"user":null,"model":null})");
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->dimensions, 256U);
}

TEST_F(Request, TheLastOfTwoInputsCounts) {
  const auto r = decode(R"({"input":["a","b"],"input":"c"})");
  ASSERT_TRUE(r);
  ASSERT_EQ(r->inputs.size(), 1U);
  EXPECT_EQ(r->inputs[0].text, "c");
}

TEST_F(Request, RefusesWrongTypesAndNamesTheField) {
  for (const char* input : {"7",          "1.5",
                            "null",       "true",
                            "{}",         R"({"text":"x"})",
                            R"(["a",1])", R"([1,"a"])",
                            R"([["a"]])", "[[1],2]",
                            "[null]",     "[true]",
                            "[{}]",       "[1.5]",
                            "[-1]",       "[[1.0]]",
                            "[[null]]",   "[[[1]]]",
                            "[1e3]",      "[99999999999999999999]"})
    refused(fmt::format(R"({{"input":{}}})", input), "invalid_type", "input");
  refused(R"({"input":"x","dimensions":"8"})", "invalid_type", "dimensions");
  refused(R"({"input":"x","dimensions":8.5})", "invalid_type", "dimensions");
  refused(R"({"input":"x","dimensions":[8]})", "invalid_type", "dimensions");
  refused(R"({"input":"x","encoding_format":1})", "invalid_type", "encoding_format");
  refused(R"({"input":"x","model":5})", "invalid_type", "model");
  refused(R"({"input":"x","user":{}})", "invalid_type", "user");
}

TEST_F(Request, RefusesWrongValues) {
  refused(R"({"input":"x","dimensions":0})", "invalid_value", "dimensions");
  refused(R"({"input":"x","dimensions":257})", "invalid_value", "dimensions");
  refused(R"({"input":"x","dimensions":-1})", "invalid_value", "dimensions");
  refused(R"({"input":"x","encoding_format":"int8"})", "invalid_value", "encoding_format");
  refused(R"({"input":[4]})", "invalid_value", "input");
  refused(R"({"input":[[0],[4294967296]]})", "invalid_value", "input");
}

TEST_F(Request, RefusesNothingToEmbed) {
  refused("{}", "missing_required_parameter", "input");
  refused(R"({"model":"m"})", "missing_required_parameter", "input");
  refused(R"({"input":""})", "empty_string", "input");
  refused(R"({"input":["a",""]})", "empty_string", "input");
  refused(R"({"input":[]})", "empty_array", "input");
  refused(R"({"input":[[]]})", "empty_array", "input");
  refused(R"({"input":[[1],[]]})", "empty_array", "input");
}

TEST_F(Request, RefusesWhatIsNotJson) {
  for (const char* body : {"",
                           " ",
                           "x",
                           "[]",
                           "7",
                           "null",
                           "\"input\"",
                           "{",
                           R"({"input")",
                           R"({"input":)",
                           R"({"input":"x)",
                           R"({"input":"x")",
                           R"({"input":["x")",
                           R"({"input":["x"})",
                           R"({"input":"x"}})",
                           R"({"input":"x"} x)",
                           R"({"input":"x"}{"input":"y"})",
                           R"({"input":"\ud800"})",
                           "{\"input\":\"\xff\"}",
                           "{\"input\":\"a\nb\"}",
                           R"({"input":"\q"})",
                           R"({input:"x"})",
                           "\xEF\xBB\xBF",
                           "{\"input\":\"a\" \"b\":1}"})
    refused(body, "invalid_json", "");
  refused(std::string("{\"input\":\"a\0b\"}", 15), "invalid_json", "");
}

TEST_F(Request, HasLimits) {
  std::string many = R"({"input":["a")";
  for (std::size_t i = 1; i < kMaxInputs; ++i) many += R"(,"a")";
  const auto fits = decode(many + "]}");
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->inputs.size(), kMaxInputs);
  refused(many + R"(,"a"]})", "array_above_max_length", "input");

  std::string ids = R"({"input":[0)";
  for (std::size_t i = 1; i < kMaxIdsPerInput; ++i) ids += ",0";
  EXPECT_TRUE(decode(ids + "]}"));
  refused(ids + ",0]}", "array_above_max_length", "input");
  refused(R"({"input":")" + std::string(kMaxBody, 'a') + "\"}", "too_large", "", 413);
  refused(R"({"input":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}", "invalid_type", "input");
  refused(R"({"x":)" + std::string(100'000, '['), "invalid_json", "");
}

TEST_F(Request, ARefusedRequestLeavesTheDecoderUsable) {
  EXPECT_FALSE(decode(R"({"input":["a","b",)"));
  const auto r = decode(R"({"input":"c"})");
  ASSERT_TRUE(r);
  ASSERT_EQ(r->inputs.size(), 1U);
  EXPECT_EQ(r->inputs[0].text, "c");
}

}  // namespace
}  // namespace hearth::embed
