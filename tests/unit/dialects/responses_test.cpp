#include "rejects.h"

#include <hearth/dialects/responses.h>
#include <hearth/dialects/sse.h>

#include <boost/json.hpp>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

std::string chat(std::string_view request) {
  const auto translated = translate_responses(JsonBody::copy_of(request));
  EXPECT_TRUE(translated.has_value()) << translated.error().message;
  if (!translated) return {};
  const std::string_view body = translated->chat.body.view();
  EXPECT_EQ(body.substr(translated->chat.head.model_at.offset, translated->chat.head.model_at.length), "\"m\"");
  return std::string(body);
}

TEST(ResponsesRequest, says_the_same_as_a_chat_completion) {
  EXPECT_EQ(
      chat(
          R"({"model":"m","input":"Hi","instructions":"Be brief.","max_output_tokens":9,"temperature":0.10,"stream":true,
                    "store":true,"include":["x"],"reasoning":{"effort":"low","summary":"auto"},"tool_choice":{"type":"function","name":"f"},
                    "tools":[{"type":"function","name":"f","description":"d","parameters":{"maximum":1.0},"strict":true}],
                    "text":{"format":{"type":"json_schema","name":"n","schema":{"b":1.0,"a":2},"strict":true}}})"),
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"temperature":0.10,)"
      R"("reasoning_effort":"low","tool_choice":{"type":"function","function":{"name":"f"}},)"
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"maximum":1.0},"strict":true}}],)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"b":1.0,"a":2},"strict":true}},)"
      R"("messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]})");
}

TEST(ResponsesRequest, a_conversation_with_calls_and_thoughts) {
  EXPECT_EQ(chat(R"({"model":"m","input":[{"role":"developer","content":"D"},
      {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:,x"}]},
      {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]},
      {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1.10}"},
      {"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
      {"type":"function_call_output","call_id":"c1","output":"1"},
      {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]}]})"),
            R"({"model":"m","messages":[{"role":"system","content":"D"},{"role":"user","content":[)"
            R"({"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:,x"}}]},)"
            R"({"role":"assistant","content":"b","reasoning_content":"hm","tool_calls":[)"
            R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1.10}"}},)"
            R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},)"
            R"({"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"2"}]})");
}

TEST(ResponsesRequest, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"input":"a"})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "input"},
      {R"({"model":"m","input":[]})", ApiCode::empty_array, "input"},
      {R"({"model":"m","input":[{"role":"user"}]})", ApiCode::missing_required_parameter, "input[0].content"},
      {R"({"model":"m","input":[{"type":"item_reference","id":"x"}]})", ApiCode::unsupported_value, "input[0]"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"x"}]}]})",
       ApiCode::unsupported_value, "input[0].content[0]"},
      {R"({"model":"m","input":"a","tools":[{"type":"web_search"}]})", ApiCode::unsupported_value, "tools[0]"},
      {R"({"model":"m","input":"a","previous_response_id":"resp_1"})", ApiCode::unsupported_value,
       "previous_response_id"},
      {R"({"model":"m","input":"a","background":true})", ApiCode::unsupported_value, "background"},
  };
  for (const Bad& row : rows)
    expect_rejected(translate_responses(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  EXPECT_TRUE(
      translate_responses(JsonBody::copy_of(R"({"model":"m","input":"a","previous_response_id":null})")).has_value());
}

ResponseHead head() {
  return {.id = "resp_1", .model = "m", .created_at = 7, .echo = {{"temperature", "0.10"}}};
}

TEST(ResponsesAnswer, is_a_response) {
  const auto answer = translate_response(
      R"({"choices":[{"finish_reason":"tool_calls","message":{"content":"Hm.","reasoning_content":"why","tool_calls":[
          {"id":"c","function":{"name":"f","arguments":"{\"n\": 1.10}"}}]}}],
          "usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":7}}})",
      head());
  ASSERT_TRUE(answer.has_value()) << answer.error().describe();
  const json::value response = json::parse(answer->body);
  EXPECT_NE(answer->body.find(R"("temperature":0.10)"), std::string::npos);
  EXPECT_EQ(
      json::serialize(response.at("output")),
      R"([{"type":"reasoning","id":"rs_resp_1_0","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"why"}]},)"
      R"({"type":"message","id":"msg_resp_1_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hm.","annotations":[],"logprobs":[]}]},)"
      R"({"type":"function_call","id":"fc_resp_1_2","status":"completed","call_id":"c","name":"f","arguments":"{\"n\": 1.10}"}])");
  EXPECT_EQ(response.at("usage").at("input_tokens_details").at("cached_tokens").as_int64(), 7);
  EXPECT_EQ(answer->usage, (Usage{.input_tokens = 10, .output_tokens = 4, .cached_tokens = 7}));
  const auto cut = translate_response(R"({"choices":[{"finish_reason":"length","message":{"content":"a"}}]})", head());
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(json::parse(cut->body).at("incomplete_details").at("reason").as_string(), "max_output_tokens");
  for (const char* bad : {"", "{}", R"({"error":{"message":"m"}})", R"({"choices":[]})"})
    EXPECT_FALSE(translate_response(bad, head()).has_value()) << bad;
}

const std::string& whole_stream() {
  static const std::string stream = [] {
    std::string text;
    for (
        const char* data :
        {R"({"choices":[{"delta":{"role":"assistant","content":null}}]})",
         R"({"choices":[{"delta":{"reasoning_content":"Hm"}}]})", R"({"choices":[{"delta":{"content":"Grü"}}]})",
         R"({"choices":[{"delta":{"content":"ße"}}]})",
         R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]})",
         R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})",
         R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})",
         R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9}})"})
      text += encode_sse(data);
    return text + std::string(kSseDone);
  }();
  return stream;
}

TEST(ResponsesStream, is_what_a_client_expects) {
  ResponseStream stream(head());
  const auto events = stream.feed(whole_stream());
  ASSERT_TRUE(events.has_value()) << events.error().describe();
  EXPECT_TRUE(stream.end().has_value());
  SseParser parser;
  parser.feed(*events);
  std::int64_t sequence = 0;
  std::vector<json::object> items;  // as a client puts them together
  json::value last;
  for (auto event = parser.next(); event && *event; event = parser.next()) {
    last = json::parse((*event)->data);
    EXPECT_EQ(last.at("type").as_string(), (*event)->type);
    EXPECT_EQ(last.at("sequence_number").as_int64(), sequence++);
    const std::string& type = (*event)->type;
    if (type == "response.output_item.added") {
      EXPECT_EQ(last.at("output_index").as_int64(), std::ssize(items));
      items.push_back(last.at("item").as_object());
      items.back()["said"] = "";
    }
    if (type.ends_with(".delta")) items.back().at("said").as_string().append(last.at("delta").as_string());
    if (type == "response.output_item.done") {
      const json::object& done = last.at("item").as_object();
      EXPECT_EQ(done.at("id"), items.back().at("id"));
      const json::value& whole =
          done.at("type") == "function_call" ? done.at("arguments") : done.at("content").at(0).at("text");
      EXPECT_EQ(whole, items.back().at("said"));
    }
  }
  EXPECT_EQ(last.at("type").as_string(), "response.completed");
  EXPECT_EQ(last.at("response").at("output").as_array().size(), 4U);
  EXPECT_EQ(last.at("response").at("usage").at("output_tokens").as_int64(), 9);
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[1].at("said").as_string(), "Grüße");
  EXPECT_EQ(items[2].at("said").as_string(), R"({"x":1})");
  EXPECT_EQ(stream.usage(), (Usage{5, 9}));
}

RC_GTEST_PROP(ResponsesStream, is_the_same_however_it_is_cut, ()) {
  ResponseStream whole(head());
  const auto expected = whole.feed(whole_stream());
  RC_ASSERT(expected.has_value());
  ResponseStream pieces(head());
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

TEST(ResponsesStream, one_that_is_cut_or_wrong_is_no_whole_one) {
  ResponseStream stream(head());
  ASSERT_TRUE(stream.feed(encode_sse(R"({"choices":[{"delta":{"content":"a"}}]})")).has_value());
  EXPECT_FALSE(stream.end().has_value());
  for (const char* bad : {R"({"error":{"message":"m"}})", "{", "[DONE]"}) {
    ResponseStream wrong(head());
    EXPECT_FALSE(wrong.feed(encode_sse(bad)).has_value()) << bad;
  }
}

}  // namespace
}  // namespace hearth::dialects
