#include "texts.h"

#include <hearth/privacy/redaction.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace hearth::privacy {
namespace {

namespace json = boost::json;

Redacted redacted(std::string_view body, DataClass highest = DataClass::open) {
  auto done = redact_body(Detectors(), body, highest);
  if (!done) ADD_FAILURE() << done.error().describe();
  return done ? std::move(*done) : Redacted{};
}

TEST(RedactionTest, ValuesBecomePlaceholdersAndTheRestStays) {
  const Redacted done = redacted(
      R"({ "a" : "from jane@example.org to bob@example.org", "b":"jane@example.org", "n" : 1.50, "c":"\u00e9"})");
  EXPECT_EQ(done.body, R"({ "a" : "from [EMAIL_1] to [EMAIL_2]", "b":"[EMAIL_1]", "n" : 1.50, "c":"\u00e9"})");
  EXPECT_EQ(Detectors().scan_body(done.body).highest, DataClass::open);
  EXPECT_EQ(restore_body(done.placeholders, done.body),
            R"({ "a" : "from jane@example.org to bob@example.org", "b":"jane@example.org", "n" : 1.50, "c":"\u00e9"})");
}

TEST(RedactionTest, OnlyWhatIsAboveTheUpstreamsClassIsReplaced) {
  const Redacted done = redacted(R"(["a@b.org pays 4111 1111 1111 1111"])", DataClass::personal);
  EXPECT_EQ(done.body, R"(["a@b.org pays [CARD_1]"])");
  EXPECT_EQ(Detectors().scan_body(done.body).highest, DataClass::personal);
  EXPECT_EQ(redacted(R"(["a@b.org"])", DataClass::secret).body, R"(["a@b.org"])");
}

TEST(RedactionTest, ANumberBecomesAString) {
  EXPECT_EQ(redacted(R"({"card":4111111111111111})").body, R"({"card":"[CARD_1]"})");
}

TEST(RedactionTest, JsonWithinAStringStaysJson) {
  const std::string body =
      R"({"arguments":"{\"to\":\"a@b.org\",\"password\":\"say \\\"hi\\\"99\",\"n\":4111111111111111}"})";
  const Redacted done = redacted(body);
  EXPECT_EQ(done.body.find("a@b.org"), std::string::npos);
  const json::value outer = json::parse(done.body);
  const json::value inner = json::parse(outer.at("arguments").as_string());
  EXPECT_EQ(inner.at("to").as_string(), "[EMAIL_1]");
  const json::value back = json::parse(restore_body(done.placeholders, done.body));
  EXPECT_EQ(json::parse(back.at("arguments").as_string()).at("to").as_string(), "a@b.org");
}

TEST(RedactionTest, APlaceholderInTheTextAlreadyIsLeftAloneInBothDirections) {
  const Redacted done = redacted(R"(["[EMAIL_1] is the placeholder of a@b.org", "[email_a9"])");
  EXPECT_EQ(done.body, R"(["[EMAIL_1] is the placeholder of [EMAIL_B1]", "[email_a9"])");
  EXPECT_EQ(restore_text(done.placeholders, "[EMAIL_1] and [EMAIL_B1]"), "[EMAIL_1] and a@b.org");
}

TEST(RedactionTest, AMangledPlaceholderStaysAsItIs) {
  const Redacted done = redacted(R"(["a@b.org"])");
  for (const std::string_view text :
       {"[email_1]", "[EMAIL_1", "[EMAIL 1]", "EMAIL_1", "[EMAIL_2]", "[EMAIL_11]", "[EMAIL_1}"})
    EXPECT_EQ(restore_text(done.placeholders, text), text);
}

TEST(RedactionTest, WhatStandsInAFileCannotBeReplaced) {
  const auto done = redact_body(Detectors(), R"(["data:text/plain;base64,bWFpbCBhQGIub3Jn"])", DataClass::open);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().is(Errc::unsupported));
}

TEST(RedactionTest, TooManyFindingsAreRefused) {
  std::string body = "[";
  for (std::size_t i = 0; i <= kMaxFindings; ++i) body += "\"a@b.org\",";
  body.back() = ']';
  const auto done = redact_body(Detectors(), body, DataClass::open);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().is(Errc::too_large));
}

RC_GTEST_PROP(RedactionProperty, ATextComesBackAsItWas, ()) {
  const std::string text = any_text();
  const auto done = redact_text(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  RC_ASSERT(Detectors().scan(done->body).highest == DataClass::open);
  RC_ASSERT(restore_text(done->placeholders, done->body) == text);
}

RC_GTEST_PROP(RedactionProperty, ABodyStaysJsonAndComesBackAsItWas, ()) {
  json::object inner{{"to", any_text()}, {any_text(), any_text()}};
  json::object body{{"content", any_text()},
                    {"arguments", json::serialize(inner)},
                    {"n", 1.5},
                    {any_text(), json::array{any_text(), nullptr, true}}};
  const std::string text = json::serialize(body);
  const auto done = redact_body(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  json::error_code error;
  json::parse(done->body, error);
  RC_ASSERT(!error);
  RC_ASSERT(Detectors().scan_body(done->body).highest == DataClass::open);
  RC_ASSERT(json::parse(restore_body(done->placeholders, done->body)) == json::parse(text));
}

// A longer conversation keeps the placeholders of a shorter one.
RC_GTEST_PROP(RedactionProperty, PlaceholdersAreStableWhileAConversationGrows, ()) {
  const std::string first = "[\"jane@example.org writes to bob@example.org\"";
  const std::string more = *rc::gen::element<std::string>("", ",\"carl@example.org\"", ",\"bob@example.org\"");
  const auto shorter = redact_body(Detectors(), first + "]", DataClass::open);
  const auto longer = redact_body(Detectors(), first + more + "]", DataClass::open);
  RC_ASSERT(longer->body.starts_with(shorter->body.substr(0, shorter->body.size() - 1)));
}

}  // namespace
}  // namespace hearth::privacy
