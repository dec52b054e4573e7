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

// Characters are not cut: JSON strings cannot hold half of one.
std::vector<std::string> characters_of(const std::string& whole) {
  std::vector<std::string> pieces;
  for (const std::string& piece : any_pieces(whole)) {
    if (!pieces.empty() && (static_cast<unsigned char>(piece.front()) & 0xC0U) == 0x80U) {
      pieces.back() += piece;
    } else {
      pieces.push_back(piece);
    }
  }
  return pieces;
}

// A model that repeats what it was told, as content and as a tool's arguments, in two choices at once.
RC_GTEST_PROP(StreamProperty, AStreamedAnswerComesBackAsItWas, ()) {
  const std::string text = any_text();
  const auto done = redact_text(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  const std::string arguments = json::serialize(json::object{{"to", done->body}});

  std::vector<std::string> sent;
  for (const std::string& piece : characters_of(done->body)) {
    sent.push_back(json::serialize(chunk_of(0, {{"content", piece}})));
    sent.push_back(json::serialize(chunk_of(1, {{"content", piece}})));
  }
  for (const std::string& piece : characters_of(arguments))
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

// ── Responses

struct Texts {
  std::map<std::string, std::string> deltas;  // by kind and place, as a client puts them together
  std::vector<std::string> whole;             // what repeats them
};

Texts texts_of(const std::vector<StreamEvent>& events) {
  Texts texts;
  std::int64_t number = 0;
  for (const StreamEvent& event : events) {
    const json::value data = json::parse(event.data);
    EXPECT_EQ(event.type, data.at("type").as_string());
    EXPECT_EQ(data.at("sequence_number").as_int64(), number++) << "none is missing, and none is there twice";
    if (const auto* delta = data.as_object().if_contains("delta"))
      texts.deltas[event.type + json::serialize(data.at("output_index"))] += delta->as_string();
    if (const auto* text = data.as_object().if_contains("text")) texts.whole.emplace_back(text->as_string());
  }
  return texts;
}

StreamEvent response_event(std::string type, json::object more, std::int64_t number) {
  more["type"] = type;
  more["sequence_number"] = number;
  return {type, json::serialize(more)};
}

// A model that repeats what it was told: as its text, as a tool's arguments, and as a whole at the end.
RC_GTEST_PROP(StreamProperty, AStreamedResponseComesBackAsItWas, ()) {
  const std::string text = any_text();
  const auto done = redact_text(Detectors(), text, DataClass::open);
  if (!done) RC_DISCARD("what is left is something again");
  const std::string arguments = json::serialize(json::object{{"to", done->body}});
  std::vector<StreamEvent> sent;
  const auto send = [&](std::string type, json::object more) {
    sent.push_back(response_event(std::move(type), std::move(more), static_cast<std::int64_t>(sent.size())));
  };
  const json::object said{{"item_id", "msg_1"}, {"output_index", 0}, {"content_index", 0}};
  const json::object called{{"item_id", "fc_1"}, {"output_index", 1}};
  const auto with = [](json::object place, const char* name, const std::string& value) {
    place[name] = value;
    return place;
  };
  send("response.created", {{"response", json::object{{"id", "resp_1"}}}});
  for (const std::string& piece : characters_of(done->body))
    send("response.output_text.delta", with(said, "delta", piece));
  send("response.output_text.done", with(said, "text", done->body));
  for (const std::string& piece : characters_of(arguments))
    send("response.function_call_arguments.delta", with(called, "delta", piece));
  if (*rc::gen::arbitrary<bool>()) send("response.output_item.done", {{"output_index", 1}, {"item", json::object()}});
  send("response.completed", {{"response", json::object{{"id", "resp_1"}}}, {"text", done->body}});

  ResponseStreamRestorer restorer(&done->placeholders);
  std::vector<StreamEvent> out;
  for (const StreamEvent& event : sent) restorer.event(event.type, event.data, out);
  Texts texts = texts_of(out);
  RC_ASSERT(texts.deltas["response.output_text.delta0"] == text);
  RC_ASSERT(json::parse(texts.deltas["response.function_call_arguments.delta1"]).at("to").as_string() == text);
  RC_ASSERT(texts.whole.size() == 2U);
  for (const std::string& whole : texts.whole) RC_ASSERT(whole == restore_text(done->placeholders, done->body));
}

TEST(StreamTest, WhatAResponseHoldsBackComesBeforeItsTextEnds) {
  Placeholders placeholders;
  placeholders.of("EMAIL", "a@b.org");
  ResponseStreamRestorer restorer(&placeholders);
  std::vector<StreamEvent> out;
  const json::object place{{"item_id", "i"}, {"output_index", 0}, {"summary_index", 2}};
  json::object delta = place;
  delta["delta"] = "x[EMAIL";
  const StreamEvent first = response_event("response.reasoning_summary_text.delta", delta, 0);
  restorer.event(first.type, first.data, out);
  // Another text, and what says nothing of texts, end nothing.
  const StreamEvent other = response_event("response.output_text.delta", {{"output_index", 1}, {"delta", "[EM"}}, 1);
  restorer.event(other.type, other.data, out);
  const StreamEvent searching = response_event("response.web_search_call.searching", {{"output_index", 1}}, 2);
  restorer.event(searching.type, searching.data, out);
  ASSERT_EQ(out.size(), 3U);
  const StreamEvent done = response_event("response.reasoning_summary_text.done", place, 3);
  restorer.event(done.type, done.data, out);
  ASSERT_EQ(out.size(), 5U);
  delta["delta"] = "[EMAIL";
  EXPECT_EQ(json::parse(out[3].data), json::parse(response_event(first.type, delta, 3).data));
  EXPECT_EQ(json::parse(out[4].data).at("sequence_number"), 4);
  restorer.event("", R"({"type":"response.failed"})", out);
  ASSERT_EQ(out.size(), 7U);
  EXPECT_EQ(json::parse(out[5].data).at("delta"), "[EM");
  restorer.event("", "no JSON", out);
  EXPECT_EQ(out.back().data, "no JSON");
}

}  // namespace
}  // namespace hearth::privacy
