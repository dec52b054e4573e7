#include "texts.h"

#include <hearth/privacy/redaction.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace hearth::privacy {
namespace {

namespace json = boost::json;

RC_GTEST_PROP(StreamProperty, ATextInPiecesComesBackAsItWas, ()) {
  const std::string text = any_text();
  const auto done = redact_text(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  TextRestorer restorer(&done->placeholders);
  std::string out;
  for (const std::string& piece : any_pieces(done->body)) out += restorer.push(piece);
  out += restorer.finish();
  RC_ASSERT(out == text);
}

TEST(StreamTest, NoMoreIsHeldBackThanAPlaceholdersBeginning) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a@b.org");
  TextRestorer restorer(&placeholders);
  EXPECT_EQ(restorer.push("hello "), "hello ");
  EXPECT_EQ(restorer.push("[link]"), "[link]");
  EXPECT_EQ(restorer.push("[EMA"), "");
  EXPECT_TRUE(restorer.holds());
  EXPECT_EQ(restorer.push("IL_2]"), "[EMAIL_2]");
  EXPECT_EQ(restorer.push("[[EMAIL_"), "[");
  EXPECT_EQ(restorer.push("1]."), "a@b.org.");
  EXPECT_EQ(restorer.push("[EMAIL_1"), "");
  EXPECT_EQ(restorer.finish(), "[EMAIL_1");
}

// What a client puts together from the events of a stream: for each choice its content and its tools' arguments.
std::map<std::pair<std::int64_t, std::int64_t>, std::string> put_together(const std::vector<std::string>& events) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::string> texts;
  std::map<std::int64_t, bool> ended;
  for (const std::string& event : events) {
    const json::value chunk = json::parse(event);
    for (const json::value& choice : chunk.at("choices").as_array()) {
      const std::int64_t index = choice.at("index").as_int64();
      const json::object& delta = choice.at("delta").as_object();
      EXPECT_FALSE(ended[index] && !delta.empty()) << "text after the end: " << event;
      if (const auto* content = delta.if_contains("content"); content != nullptr && content->is_string())
        texts[{index, -1}] += content->as_string();
      if (const auto* calls = delta.if_contains("tool_calls")) {
        for (const json::value& call : calls->as_array())
          texts[{index, call.at("index").as_int64()}] += call.at("function").at("arguments").as_string();
      }
      if (choice.at("finish_reason").is_string()) ended[index] = true;
    }
  }
  return texts;
}

json::value chunk_of(std::int64_t choice, json::object delta, json::value finish = nullptr) {
  return json::object{
      {"id", "c1"},
      {"object", "chat.completion.chunk"},
      {"created", 7},
      {"model", "m"},
      {"choices", json::array{json::object{
                      {"index", choice}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}}}}};
}

// A model that repeats what it was told, as content and as a tool's arguments, in two choices at once.
RC_GTEST_PROP(StreamProperty, AStreamedAnswerComesBackAsItWas, ()) {
  const std::string text = any_text();
  const auto done = redact_text(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  const std::string arguments = json::serialize(json::object{{"to", done->body}});

  // Characters are not cut: JSON strings cannot hold half of one.
  const auto pieces_of = [](const std::string& whole) {
    std::vector<std::string> pieces;
    for (const std::string& piece : any_pieces(whole)) {
      if (!pieces.empty() && (static_cast<unsigned char>(piece.front()) & 0xC0U) == 0x80U) {
        pieces.back() += piece;
      } else {
        pieces.push_back(piece);
      }
    }
    return pieces;
  };
  std::vector<std::string> sent;
  for (const std::string& piece : pieces_of(done->body)) {
    sent.push_back(json::serialize(chunk_of(0, {{"content", piece}})));
    sent.push_back(json::serialize(chunk_of(1, {{"content", piece}})));
  }
  for (const std::string& piece : pieces_of(arguments))
    sent.push_back(json::serialize(chunk_of(
        0,
        {{"tool_calls", json::array{json::object{{"index", 2}, {"function", json::object{{"arguments", piece}}}}}}})));
  sent.push_back(json::serialize(chunk_of(0, {}, "tool_calls")));
  sent.push_back(json::serialize(chunk_of(1, {}, "stop")));

  ChatStreamRestorer restorer(&done->placeholders);
  std::vector<std::string> out;
  for (const std::string& event : sent) restorer.event(event, out);
  const std::size_t ended = out.size();
  restorer.finish(out);
  RC_ASSERT(out.size() == ended);
  auto texts = put_together(out);
  RC_ASSERT((texts[{0, -1}] == text));
  RC_ASSERT((texts[{1, -1}] == text));
  RC_ASSERT((json::parse(texts[{0, 2}]).at("to").as_string() == text));
}

TEST(StreamTest, WhatIsHeldBackComesBeforeTheChoiceEnds) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a@b.org");
  ChatStreamRestorer restorer(&placeholders);
  std::vector<std::string> out;
  restorer.event(json::serialize(chunk_of(0, {{"content", "x[EMAIL"}})), out);
  restorer.event(json::serialize(chunk_of(0, {}, "length")), out);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(json::parse(out[1]), chunk_of(0, {{"content", "[EMAIL"}}));
  EXPECT_EQ((put_together(out)[{0, -1}]), "x[EMAIL");
}

TEST(StreamTest, AStreamThatIsCutGivesWhatWasHeldBack) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a@b.org");
  ChatStreamRestorer restorer(&placeholders);
  std::vector<std::string> out;
  restorer.event(R"({"id":"x","choices":[{"index":0,"text":"y[EMA","finish_reason":null}]})", out);
  restorer.finish(out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0], R"({"id":"x","choices":[{"index":0,"text":"y","finish_reason":null}]})");
  EXPECT_EQ(out[1], R"({"id":"x","choices":[{"index":0,"text":"[EMA","finish_reason":null}]})");
}

TEST(StreamTest, OtherEventsGoThroughAsTheyAre) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a@b.org");
  ChatStreamRestorer restorer(&placeholders);
  for (const std::string_view event :
       {"[DONE]", "", "{", R"({"error":{"message":"[EMAIL_1]"}})",
        R"({"id":"x","choices":[],"usage":{"prompt_tokens":1}})", R"({"choices":7})",
        R"({"choices":[{"index":0,"delta":{"content":null,"tool_calls":null},"finish_reason":null}]})"}) {
    std::vector<std::string> out;
    restorer.event(event, out);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0], event);
  }
}

TEST(StreamTest, AnotherOrderOfFieldsIsTheSame) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a\"@b.org");
  ChatStreamRestorer restorer(&placeholders);
  std::vector<std::string> out;
  restorer.event(
      R"({"choices":[{"finish_reason":"stop","delta":{"tool_calls":[{"function":{"arguments":"{\"to\":\"[EMAIL_1]\"}"},"index":0}],"content":"[EMAIL_1] [E"},"index":3}],"id":"x"})",
      out);
  ASSERT_EQ(out.size(), 1U);
  const json::value chunk = json::parse(out[0]);
  const json::value& delta = chunk.at("choices").at(0).at("delta");
  EXPECT_EQ(delta.at("content").as_string(), "a\"@b.org [E");
  EXPECT_EQ(json::parse(delta.at("tool_calls").at(0).at("function").at("arguments").as_string()).at("to").as_string(),
            "a\"@b.org");
}

}  // namespace
}  // namespace hearth::privacy
