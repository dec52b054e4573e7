#include "rejects.h"

#include <hearth/dialects/anthropic.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

std::string translate(std::string_view request) {
  const auto translated = translate_messages(JsonBody::copy_of(request));
  EXPECT_TRUE(translated.has_value()) << translated.error().message;
  if (!translated) return {};
  const std::string_view body = translated->body.view();
  EXPECT_EQ(body.substr(translated->head.model_at.offset, translated->head.model_at.length), "\"m\"");
  boost::json::error_code code;
  boost::json::parse(body, code);
  EXPECT_FALSE(code) << body;
  return std::string(body);
}

// Of a request with these messages.
std::string messages_of(std::string_view messages) {
  const std::string body = translate(R"({"model":"m","max_tokens":9,"messages":[)" + std::string(messages) + "]}");
  const std::string_view key = R"("messages":[)";
  const std::size_t at = body.find(key);
  return at == std::string::npos ? body : body.substr(at + key.size(), body.size() - at - key.size() - 2);
}

TEST(AnthropicRequest, says_the_same_as_a_chat_completion) {
  EXPECT_EQ(
      translate(R"({"model":"m","max_tokens":1024,"system":"Be brief.","messages":[{"role":"user","content":"Hi"}],
                         "stream":true,"temperature":0.10,"top_k":40,"stop_sequences":["a","b"],
                         "metadata":{"user_id":"u"},"thinking":{"type":"disabled"},"future":{"x":1.50}})"),
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":1024,"temperature":0.10,)"
      R"("top_k":40,"stop":["a","b"],"user":"u","future":{"x":1.50},)"
      R"("messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]})");
}

TEST(AnthropicRequest, the_order_of_fields_does_not_matter) {
  EXPECT_EQ(messages_of(R"({"content":[{"text":"Hi","type":"text"}],"role":"user"})"),
            R"({"role":"user","content":"Hi"})");
}

TEST(AnthropicRequest, system_blocks_are_one_text) {
  const std::string body = translate(R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],
                   "system":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Two."}]})");
  EXPECT_NE(body.find(R"({"role":"system","content":"One.\n\nTwo."})"), std::string::npos) << body;
}

TEST(AnthropicRequest, images_and_texts_keep_their_order) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":[{"type":"text","text":"What?"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
      {"type":"image","source":{"type":"url","url":"https://example.org/a.png"}},
      {"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}]})"),
            R"({"role":"user","content":[{"type":"text","text":"What?"},)"
            R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},)"
            R"({"type":"image_url","image_url":{"url":"https://example.org/a.png"}},{"type":"text","text":"words"}]})");
}

TEST(AnthropicRequest, tool_calls_keep_their_input_byte_for_byte) {
  EXPECT_EQ(messages_of(R"({"role":"assistant","content":[{"type":"text","text":"Let me see."},
      {"type":"tool_use","id":"t1","name":"look","input":{"z": 1.10, "a": [ 1e3 ]} },
      {"type":"tool_use","id":"t2","name":"look","input":{}}]})"),
            R"({"role":"assistant","content":"Let me see.","tool_calls":[{"id":"t1","type":"function",)"
            R"("function":{"name":"look","arguments":"{\"z\": 1.10, \"a\": [ 1e3 ]}"}},)"
            R"({"id":"t2","type":"function","function":{"name":"look","arguments":"{}"}}]})");
}

TEST(AnthropicRequest, several_results_of_one_turn_are_messages_of_their_own) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"21"},
      {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"22"}],"is_error":true},
      {"type":"tool_result","tool_use_id":"t3"},{"type":"text","text":"And now?"}]})"),
            R"({"role":"tool","tool_call_id":"t1","content":"21"},{"role":"tool","tool_call_id":"t2","content":"22"},)"
            R"({"role":"tool","tool_call_id":"t3","content":""},{"role":"user","content":"And now?"})");
}

TEST(AnthropicRequest, only_thinking_of_this_box_goes_back) {
  EXPECT_EQ(
      messages_of(R"({"role":"assistant","content":[{"type":"thinking","thinking":"ours","signature":""},
      {"type":"thinking","thinking":"theirs","signature":"c2ln"},{"type":"redacted_thinking","data":"AAAA"},
      {"type":"tool_use","id":"t","name":"n","input":{}}]})"),
      R"({"role":"assistant","content":null,"reasoning_content":"ours","tool_calls":[{"id":"t","type":"function",)"
      R"("function":{"name":"n","arguments":"{}"}}]})");
}

TEST(AnthropicRequest, tools_and_the_choice_of_them) {
  const std::string head = R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],)";
  const std::string body = translate(
      head +
      R"("tools":[{"name":"look","description":"Looks.","input_schema":{"type":"object","properties":{"n":{"maximum":1.0}}}}],)"
      R"("tool_choice":{"type":"any","disable_parallel_tool_use":true}})");
  EXPECT_NE(body.find(R"("tool_choice":"required","parallel_tool_calls":false,"tools":[{"type":"function","function":)"
                      R"({"name":"look","description":"Looks.",)"
                      R"("parameters":{"type":"object","properties":{"n":{"maximum":1.0}}}}}])"),
            std::string::npos)
      << body;
  EXPECT_NE(translate(head + R"("tool_choice":{"type":"tool","name":"look"}})")
                .find(R"("tool_choice":{"type":"function","function":{"name":"look"}})"),
            std::string::npos);
}

TEST(AnthropicRequest, names_the_field_that_is_wrong) {
  const auto with = [](std::string_view messages) {
    return R"({"model":"m","max_tokens":1,"messages":[)" + std::string(messages) + "]}";
  };
  const std::vector<std::pair<std::string, std::pair<ApiCode, std::string>>> rows{
      {R"({"max_tokens":1,"messages":[{"role":"user","content":"a"}]})",
       {ApiCode::missing_required_parameter, "model"}},
      {R"({"model":"m","messages":[{"role":"user","content":"a"}]})",
       {ApiCode::missing_required_parameter, "max_tokens"}},
      {R"({"model":"m","max_tokens":0,"messages":[{"role":"user","content":"a"}]})",
       {ApiCode::invalid_value, "max_tokens"}},
      {R"({"model":"m","max_tokens":1})", {ApiCode::missing_required_parameter, "messages"}},
      {with(""), {ApiCode::empty_array, "messages"}},
      {with(R"("hi")"), {ApiCode::invalid_type, "messages[0]"}},
      {with(R"({"role":"user"})"), {ApiCode::missing_required_parameter, "messages[0].content"}},
      {with(R"({"role":"system","content":"a"})"), {ApiCode::invalid_value, "messages[0].role"}},
      {with(R"({"role":"user","content":[{"type":"text"}]})"),
       {ApiCode::missing_required_parameter, "messages[0].content[0].text"}},
      {with(R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"video"}]})"),
       {ApiCode::unsupported_value, "messages[0].content[1]"}},
      {with(R"({"role":"user","content":[{"type":"document","source":{"type":"base64"}}]})"),
       {ApiCode::unsupported_value, "messages[0].content[0]"}},
      {with(R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":"{}"}]})"),
       {ApiCode::invalid_type, "messages[0].content[0].input"}},
  };
  for (const auto& [input, expected] : rows) {
    expect_rejected(translate_messages(JsonBody::copy_of(input)), expected.first, expected.second, input);
  }
}

TEST(AnthropicRequest, counting_needs_no_limit) {
  const auto translated = translate_count_tokens(
      JsonBody::copy_of(R"({"model":"m","messages":[{"role":"user","content":"a"}],"stream":true})"));
  ASSERT_TRUE(translated.has_value());
  EXPECT_EQ(translated->body.view(), R"({"model":"m","messages":[{"role":"user","content":"a"}]})");
}

}  // namespace
}  // namespace hearth::dialects
