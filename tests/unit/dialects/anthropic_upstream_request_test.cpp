#include "rejects.h"

#include <hearth/dialects/anthropic_upstream.h>

#include <boost/json.hpp>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

std::string translate(std::string_view request) {
  const auto translated = translate_chat(JsonBody::copy_of(request), 4096);
  EXPECT_TRUE(translated.has_value()) << translated.error().message;
  if (!translated) return {};
  const std::string_view body = translated->body.view();
  EXPECT_EQ(body.substr(translated->head.model_at.offset, translated->head.model_at.length), "\"m\"");
  boost::json::error_code code;
  boost::json::parse(body, code);
  EXPECT_FALSE(code) << body;
  return std::string(body);
}

// With one message of a user, and these fields.
std::string with(std::string_view fields) {
  const std::string body =
      translate(R"({"model":"m",)" + std::string(fields) + R"(,"messages":[{"role":"user","content":"Hi"}]})");
  const std::string begin = R"({"model":"m","max_tokens":)";
  const std::string end = R"(,"messages":[{"role":"user","content":"Hi"}]})";
  EXPECT_TRUE(body.starts_with(begin) && body.ends_with(end)) << body;
  return body.substr(begin.size(), body.size() - begin.size() - end.size());
}

std::string messages_of(std::string_view messages) {
  const std::string body = translate(R"({"model":"m","messages":[)" + std::string(messages) + "]}");
  const std::string begin = R"({"model":"m","max_tokens":4096,)";
  EXPECT_TRUE(body.starts_with(begin)) << body;
  return body.substr(begin.size(), body.size() - begin.size() - 1);
}

ApiError refusal(std::string_view request) {
  const auto translated = translate_chat(JsonBody::copy_of(request), 4096);
  EXPECT_FALSE(translated.has_value()) << request;
  return translated ? ApiError() : translated.error();
}

TEST(AnthropicUpstreamRequest, says_the_same_as_a_message) {
  EXPECT_EQ(
      translate(R"({"messages":[{"role":"system","content":"Be \u0062rief."},{"role":"user","content":"Hi \u00e4"}],
          "model":"m","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":77,"max_tokens":5,
          "temperature":0.10,"top_p":0.90,"top_k":40,"stop":["a","b"],"user":"u","seed":3,"future":{"x":1.50}})"),
      R"({"model":"m","max_tokens":77,"stream":true,"temperature":0.10,"top_p":0.90,"top_k":40,)"
      R"("stop_sequences":["a","b"],"future":{"x":1.50},"metadata":{"user_id":"u"},"system":"Be \u0062rief.",)"
      R"("messages":[{"role":"user","content":"Hi \u00e4"}]})");
}

TEST(AnthropicUpstreamRequest, the_head_says_what_the_client_wants) {
  const auto translated = translate_chat(
      JsonBody::copy_of(
          R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"a"}]})"),
      1);
  ASSERT_TRUE(translated.has_value());
  EXPECT_EQ(translated->head.model, "m");
  EXPECT_TRUE(translated->head.stream);
  EXPECT_TRUE(translated->head.include_usage);
}

TEST(AnthropicUpstreamRequest, the_most_tokens) {
  EXPECT_EQ(with(R"("top_p":1)"), R"(4096,"top_p":1)");
  EXPECT_EQ(with(R"("max_tokens":12)"), "12");
  EXPECT_EQ(with(R"("max_tokens":null)"), "4096");
  EXPECT_EQ(refusal(R"({"model":"m","max_tokens":0,"messages":[{"role":"user","content":"a"}]})").param, "max_tokens");
}

TEST(AnthropicUpstreamRequest, a_temperature_goes_up_to_one) {
  EXPECT_EQ(with(R"("temperature":1.0)"), R"(4096,"temperature":1.0)");
  EXPECT_EQ(with(R"("temperature":1.7)"), R"(4096,"temperature":1)");
}

TEST(AnthropicUpstreamRequest, one_stop_is_a_list_of_one) {
  EXPECT_EQ(with(R"("stop":"\n")"), R"(4096,"stop_sequences":["\n"])");
  EXPECT_EQ(with(R"("stop":[])"), "4096");
}

TEST(AnthropicUpstreamRequest, system_messages_are_hoisted_in_their_order) {
  EXPECT_EQ(messages_of(
                R"({"role":"developer","content":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}}]},
      {"role":"user","content":"a"},{"role":"system","content":"Two."})"),
            R"("system":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}},)"
            R"({"type":"text","text":"Two."}],"messages":[{"role":"user","content":"a"}])");
}

TEST(AnthropicUpstreamRequest, images_and_files_keep_their_order) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":[{"type":"text","text":"What?"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
      {"type":"image_url","image_url":{"url":"https://example.org/a.png"},"cache_control":{"type":"ephemeral"}},
      {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}},
      {"type":"search_result","title":"t","source":"s","content":[{"type":"text","text":"x"}]}]})"),
            R"("messages":[{"role":"user","content":[{"type":"text","text":"What?"},)"
            R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},)"
            R"({"type":"image","source":{"type":"url","url":"https://example.org/a.png"},)"
            R"("cache_control":{"type":"ephemeral"}},)"
            R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},)"
            R"("title":"a.pdf"},)"
            R"({"type":"search_result","title":"t","source":"s","content":[{"type":"text","text":"x"}]}]}])");
}

TEST(AnthropicUpstreamRequest, a_tools_input_is_its_arguments_byte_for_byte) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":"a"},
      {"role":"assistant","content":"Let me see.","tool_calls":[
        {"id":"t.1","type":"function","function":{"name":"look","arguments":"{\"z\": 1.10, \"a\": [ 1e3, \"\\u00e4\" ]}"}},
        {"id":"t2","type":"function","function":{"name":"look","arguments":""}}]},
      {"role":"tool","tool_call_id":"t.1","content":"warm"},
      {"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"cold"}]},
      {"role":"user","content":"And?"})"),
            R"("messages":[{"role":"user","content":"a"},)"
            R"({"role":"assistant","content":[{"type":"text","text":"Let me see."},)"
            R"({"type":"tool_use","id":"t_1","name":"look","input":{"z": 1.10, "a": [ 1e3, "\u00e4" ]}},)"
            R"({"type":"tool_use","id":"t2","name":"look","input":{}}]},)"
            R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t_1","content":"warm"},)"
            R"({"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"cold"}]}]},)"
            R"({"role":"user","content":"And?"}])");
}

TEST(AnthropicUpstreamRequest, signed_thinking_comes_back_as_it_was) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":"a"},{"role":"assistant","content":null,"reasoning_content":"x",
      "thinking_blocks":[{"type":"thinking","thinking":"x\u00e4","signature":"AbC=/+"},{"type":"redacted_thinking","data":"Zz"}],
      "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"t","content":""})"),
            R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":[)"
            R"({"type":"thinking","thinking":"x\u00e4","signature":"AbC=/+"},{"type":"redacted_thinking","data":"Zz"},)"
            R"({"type":"tool_use","id":"t","name":"f","input":{}}]},)"
            R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}])");
}

TEST(AnthropicUpstreamRequest, what_is_empty_is_left_out) {
  EXPECT_EQ(messages_of(R"({"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"a"}]},
      {"role":"assistant","content":""},{"role":"user","content":"b"})"),
            R"("messages":[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"user","content":"b"}])");
}

TEST(AnthropicUpstreamRequest, tools) {
  EXPECT_EQ(
      with(
          R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type": "object"},"strict":true},
          "cache_control":{"type":"ephemeral"}},{"type":"function","function":{"name":"g","strict":false}},
          {"type":"web_search_20250305","name":"web_search","max_uses":5}],
          "parallel_tool_calls":false)"),
      R"(4096,"tools":[{"name":"f","description":"d","input_schema":{"type": "object"},"strict":true,)"
      R"("cache_control":{"type":"ephemeral"}},{"name":"g","input_schema":{"type":"object","properties":{}}},)"
      R"({"type":"web_search_20250305","name":"web_search","max_uses":5}],)"
      R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true})");
}

TEST(AnthropicUpstreamRequest, every_choice_of_tools) {
  for (const auto& [ours, theirs] : std::vector<std::pair<std::string, std::string>>{
           {R"("auto")", R"({"type":"auto"})"},
           {R"("none")", R"({"type":"none"})"},
           {R"("required")", R"({"type":"any"})"},
           {R"({"type":"function","function":{"name":"f"}})", R"({"type":"tool","name":"f"})"}}) {
    const std::string body = with(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":)" + ours);
    EXPECT_TRUE(body.ends_with(R"("tool_choice":)" + theirs)) << body;
  }
  EXPECT_EQ(with(R"("tool_choice":"auto","parallel_tool_calls":false)"), "4096") << "a choice without tools is none";
  const std::string none =
      with(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none","parallel_tool_calls":false)");
  EXPECT_TRUE(none.ends_with(R"("tool_choice":{"type":"none"})")) << none;
}

TEST(AnthropicUpstreamRequest, a_schema_and_an_effort) {
  EXPECT_EQ(
      with(
          R"("reasoning_effort":"minimal","response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type": "object"}}})"),
      R"(4096,"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type": "object"}}})");
  EXPECT_EQ(with(R"("reasoning_effort":"none","response_format":{"type":"text"})"), "4096");
  EXPECT_EQ(with(R"("output_config":{"effort":"max"})"), R"(4096,"output_config":{"effort":"max"})");
}

TEST(AnthropicUpstreamRequest, what_this_model_cannot_answer_is_refused) {
  const auto refused = [](std::string_view fields) {
    return refusal(R"({"model":"m","messages":[{"role":"user","content":"a"}],)" + std::string(fields) + "}");
  };
  for (const auto& [fields, param] : std::vector<std::pair<std::string, std::string>>{
           {R"("n":2)", "n"},
           {R"("logprobs":true)", "logprobs"},
           {R"("modalities":["text","audio"])", "modalities[1]"},
           {R"("audio":{"voice":"alloy"})", "audio"},
           {R"("functions":[])", "functions"},
           {R"("response_format":{"type":"json_object"})", "response_format"},
           {R"("tool_choice":{"type":"allowed_tools"},"tools":[])", "tool_choice"},
           {R"("tools":[{"type":"custom","custom":{"name":"x"}}])", "tools[0]"}}) {
    const ApiError error = refused(fields);
    EXPECT_EQ(error.code, "unsupported_value") << fields << error.message;
    EXPECT_EQ(error.param, param) << fields;
  }
  EXPECT_EQ(with(R"("n":1,"logprobs":false,"modalities":["text"],"logit_bias":{"1":2},"store":true)"), "4096");
}

TEST(AnthropicUpstreamRequest, what_is_wrong_is_named) {
  const auto refused = [](std::string_view messages) {
    return refusal(R"({"model":"m","messages":[)" + std::string(messages) + "]}");
  };
  EXPECT_EQ(
      refused(
          R"({"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"[1]"}}]})")
          .param,
      "messages[0].tool_calls[0].function.arguments");
  EXPECT_EQ(refused(R"({"role":"user","content":[{"type":"input_audio","input_audio":{}}]})").param,
            "messages[0].content[0]");
  EXPECT_EQ(refused(R"({"role":"function","content":"a"})").param, "messages[0].role");
  EXPECT_EQ(refused(R"({"role":"tool","content":"a"})").param, "messages[0].tool_call_id");
  EXPECT_EQ(
      refused(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,abc"}}]})").code,
      "invalid_data_url");
  EXPECT_EQ(refused(R"({"role":"system","content":"a"})").code, "empty_array");
  EXPECT_EQ(refusal(R"({"messages":[{"role":"user","content":"a"}]})").param, "model");
}

// ---- There and back

rc::Gen<std::string> word() {
  return rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \n\"\\{}")))),
      [](std::string text) { return text + "é猫"; });
}

rc::Gen<json::object> arguments() {
  return rc::gen::map(rc::gen::pair(word(), rc::gen::arbitrary<int>()), [](const std::pair<std::string, int>& of) {
    return json::object{{of.first, of.second}, {"nested", json::object{{"text", of.first}}}};
  });
}

json::object call(int number, const json::object& input) {
  return {{"id", "call_" + std::to_string(number)},
          {"type", "function"},
          {"function", json::object{{"name", "f"}, {"arguments", json::serialize(input)}}}};
}

// What a client could have said so far, as it would write it and as it is written when it comes back.
json::array conversation() {
  json::array messages;
  if (*rc::gen::arbitrary<bool>()) messages.push_back(json::object{{"role", "system"}, {"content", *word()}});
  int number = 0;
  const int turns = *rc::gen::inRange(1, 5);
  for (int i = 0; i < turns; ++i) {
    messages.push_back(json::object{{"role", "user"}, {"content", *word()}});
    json::object assistant{{"role", "assistant"}, {"content", *word()}};
    const int calls = *rc::gen::inRange(0, 3);
    if (calls > 0 && *rc::gen::arbitrary<bool>()) assistant["content"] = nullptr;
    json::array list;
    for (int c = 0; c < calls; ++c) list.push_back(call(++number, *arguments()));
    if (calls > 0) assistant["tool_calls"] = list;
    messages.push_back(assistant);
    for (const json::value& one : list)
      messages.push_back(json::object{{"role", "tool"}, {"tool_call_id", one.at("id")}, {"content", *word()}});
  }
  if (messages.back().at("role") != "tool") messages.push_back(json::object{{"role", "user"}, {"content", *word()}});
  return messages;
}

RC_GTEST_PROP(AnthropicUpstreamRequest, a_conversation_comes_back_as_it_went, ()) {
  const json::array messages = conversation();
  json::object request{{"model", "m"}, {"messages", messages}, {"max_tokens", 7}};
  request["tools"] = json::array{json::object{
      {"type", "function"},
      {"function",
       json::object{{"name", "f"}, {"description", *word()}, {"parameters", json::object{{"type", "object"}}}}}}};
  request["tool_choice"] = *rc::gen::element<std::string>("auto", "required", "none");
  request["stop"] = json::array{*word()};
  const auto there = translate_chat(JsonBody::copy_of(json::serialize(request)), 1);
  RC_ASSERT(there.has_value());
  const auto back = translate_messages(there->body);
  RC_ASSERT(back.has_value());
  RC_ASSERT(json::parse(back->body.view()) == json::value(request));
}

}  // namespace
}  // namespace hearth::dialects
