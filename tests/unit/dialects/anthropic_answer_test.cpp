#include <hearth/dialects/anthropic.h>
#include <hearth/dialects/sse.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

TEST(AnthropicAnswer, is_a_message) {
  const auto answer = translate_chat_answer(
      R"({"id":"c","object":"chat.completion","model":"real","choices":[{"index":0,"finish_reason":"tool_calls","message":
          {"role":"assistant","content":"Hm.","reasoning_content":"why","tool_calls":[{"id":"t","type":"function",
           "function":{"name":"look","arguments":"{\"n\": 1.10}"}}]}}],
          "usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":7}}})",
      "msg_1");
  ASSERT_TRUE(answer.has_value()) << answer.error().describe();
  EXPECT_EQ(answer->body, R"({"id":"msg_1","type":"message","role":"assistant","model":"real","content":[)"
                          R"({"type":"thinking","thinking":"why","signature":""},{"type":"text","text":"Hm."},)"
                          R"({"type":"tool_use","id":"t","name":"look","input":{"n": 1.10}}],)"
                          R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,)"
                          R"("cache_creation_input_tokens":0,"cache_read_input_tokens":7,"output_tokens":4}})");
  EXPECT_EQ(answer->usage, (Usage{.input_tokens = 10, .output_tokens = 4, .cached_tokens = 7}));
}

TEST(AnthropicAnswer, every_reason_to_stop) {
  for (const auto& [theirs, ours] : std::vector<std::pair<std::string, std::string>>{
           {"stop", "end_turn"}, {"length", "max_tokens"}, {"tool_calls", "tool_use"}, {"content_filter", "refusal"}}) {
    const auto answer =
        translate_chat_answer(R"({"choices":[{"finish_reason":")" + theirs + R"(","message":{"content":"a"}}]})", "m");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(json::parse(answer->body).at("stop_reason").as_string(), ours);
  }
}

TEST(AnthropicAnswer, arguments_that_are_no_object) {
  const auto with = [](std::string_view reason) {
    return R"({"choices":[{"finish_reason":")" + std::string(reason) +
           R"(","message":{"tool_calls":[{"id":"t","function":{"name":"f","arguments":"{\"a\":"}}]}}]})";
  };
  const auto broken = translate_chat_answer(with("tool_calls"), "m");
  ASSERT_FALSE(broken.has_value());
  EXPECT_TRUE(broken.error().is(Errc::protocol_error));
  const auto cut = translate_chat_answer(with("length"), "m");
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(json::serialize(json::parse(cut->body).at("content").at(0).at("input")), "{}");
}

TEST(AnthropicAnswer, what_is_no_completion_is_refused) {
  for (const char* text : {"", "[]", "{}", R"({"error":{"message":"m"}})", R"({"choices":[]})", R"({"choices":7})"})
    EXPECT_FALSE(translate_chat_answer(text, "m").has_value()) << text;
}

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"(data: {"id":"c","model":"real","choices":[{"index":0,"delta":)" + std::string(delta) +
         R"(,"finish_reason":)" + std::string(finish) + "}]}\n\n";
}

const std::string& whole_stream() {
  static const std::string stream =
      chunk(R"({"role":"assistant","content":null})") + ": keep-alive\n\n" + chunk(R"({"reasoning_content":"Hm"})") +
      chunk(R"({"content":"Gr\u00fc"})") + chunk(R"({"content":"ße €"})") +
      chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})") +
      chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})") +
      chunk(
          R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]})") +
      chunk("{}", R"("tool_calls")") +
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9}}\n\n" + std::string(kSseDone);
  return stream;
}

struct Seen {
  std::vector<std::string> types;
  json::array blocks;  // as a client puts them together
  json::object message;
  json::object delta;
  bool stopped = false;
};

// What a client understands; an event out of order fails.
Seen read(std::string_view bytes) {
  Seen seen;
  SseParser parser;
  parser.feed(bytes);
  int open = -1;
  for (;;) {
    const auto event = parser.next();
    EXPECT_TRUE(event.has_value());
    if (!event || !*event) break;
    const json::object data = json::parse((*event)->data).as_object();
    const std::string type((*event)->type);
    EXPECT_EQ(data.at("type").as_string(), type);
    seen.types.push_back(type);
    if (type == "message_start") {
      seen.message = data.at("message").as_object();
    } else if (type == "content_block_start") {
      EXPECT_EQ(open, -1);
      open = static_cast<int>(data.at("index").as_int64());
      EXPECT_EQ(open, static_cast<int>(seen.blocks.size()));
      seen.blocks.push_back(data.at("content_block"));
      if (data.at("content_block").at("type") == "tool_use") seen.blocks.back().as_object()["input"] = "";
    } else if (type == "content_block_delta") {
      EXPECT_EQ(data.at("index").as_int64(), open);
      const json::object& delta = data.at("delta").as_object();
      for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
               {"text", "text"}, {"thinking", "thinking"}, {"partial_json", "input"}})
        if (const json::value* text = delta.if_contains(from)) {
          json::string& whole = seen.blocks.back().as_object()[to].as_string();
          whole.append(text->as_string());
        }
    } else if (type == "content_block_stop") {
      EXPECT_EQ(data.at("index").as_int64(), open);
      open = -1;
    } else if (type == "message_delta") {
      EXPECT_EQ(open, -1);
      seen.delta = data;
    } else if (type == "message_stop") {
      seen.stopped = true;
    }
  }
  EXPECT_FALSE(parser.has_partial());
  return seen;
}

TEST(AnthropicStream, is_what_a_client_expects) {
  MessageStream stream("msg_1");
  const auto events = stream.feed(whole_stream());
  ASSERT_TRUE(events.has_value()) << events.error().describe();
  EXPECT_TRUE(stream.end().has_value());
  const Seen seen = read(*events);
  EXPECT_EQ(seen.types.front(), "message_start");
  EXPECT_TRUE(seen.stopped);
  EXPECT_EQ(seen.message.at("id").as_string(), "msg_1");
  EXPECT_EQ(json::serialize(seen.blocks),
            R"([{"type":"thinking","thinking":"Hm","signature":""},{"type":"text","text":"Grüße €"},)"
            R"({"type":"tool_use","id":"a","name":"f","input":"{\"x\":1}"},)"
            R"({"type":"tool_use","id":"b","name":"g","input":"{}"}])");
  EXPECT_EQ(seen.delta.at("delta").at("stop_reason").as_string(), "tool_use");
  EXPECT_EQ(seen.delta.at("usage").at("output_tokens").as_int64(), 9);
  EXPECT_EQ(stream.usage(), (Usage{5, 9}));
}

RC_GTEST_PROP(AnthropicStream, is_the_same_however_it_is_cut, ()) {
  MessageStream whole("msg_1");
  const auto expected = whole.feed(whole_stream());
  RC_ASSERT(expected.has_value());
  MessageStream pieces("msg_1");
  std::string out;
  for (std::string_view left = whole_stream(); !left.empty();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, 60);
    const auto part = pieces.feed(left.substr(0, n));
    RC_ASSERT(part.has_value());
    out += *part;
    left.remove_prefix(std::min(n, left.size()));
  }
  RC_ASSERT(out == *expected);
}

TEST(AnthropicStream, one_that_is_cut_is_no_whole_one) {
  MessageStream stream("m");
  ASSERT_TRUE(stream.feed(chunk(R"({"content":"a"})")).has_value());
  const auto end = stream.end();
  ASSERT_FALSE(end.has_value());
  EXPECT_TRUE(end.error().is(Errc::unavailable));
}

TEST(AnthropicStream, errors_of_the_upstream_end_it) {
  for (
      const std::string& bad :
      {std::string("data: {\"error\":{\"message\":\"out of memory\"}}\n\n"), std::string("data: {\"choices\":\n\n"),
       std::string(kSseDone),
       chunk(
           R"({"tool_calls":[{"index":1,"id":"a","function":{"name":"f"}},{"index":0,"function":{"arguments":"x"}}]})")}) {
    MessageStream stream("m");
    EXPECT_FALSE(stream.feed(bad).has_value()) << bad;
  }
}

TEST(AnthropicError, has_its_type_by_status) {
  EXPECT_EQ(encode_anthropic(api_error(ApiCode::queue_full, "Wait."), "req_1"),
            R"({"type":"error","error":{"type":"rate_limit_error","message":"Wait."},"request_id":"req_1"})");
  EXPECT_EQ(encode_anthropic_event(api_error(ApiCode::engine_unavailable, "Gone."), "r").substr(0, 20),
            "event: error\ndata: {");
}

}  // namespace
}  // namespace hearth::dialects
