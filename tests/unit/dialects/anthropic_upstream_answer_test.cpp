#include <hearth/dialects/anthropic_upstream.h>
#include <hearth/dialects/sse.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

constexpr std::int64_t kCreated = 1'700'000'000;

TEST(AnthropicUpstreamAnswer, is_a_chat_completion) {
  const auto answer = translate_message_answer(
      R"({"id":"msg_1","type":"message","role":"assistant","model":"real","content":[
          {"type":"thinking","thinking":"why","signature":"S=/+"},{"type":"redacted_thinking","data":"Zz"},
          {"type":"text","text":"Hm"},{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},
          {"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"."},
          {"type":"tool_use","id":"t","name":"look","input":{"n": 1.10}}],
          "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":20,
          "cache_read_input_tokens":700,"cache_creation":{"ephemeral_5m_input_tokens":15,"ephemeral_1h_input_tokens":5},
          "output_tokens":40,"output_tokens_details":{"thinking_tokens":30},"service_tier":"standard"}})",
      kCreated);
  ASSERT_TRUE(answer.has_value()) << answer.error().describe();
  EXPECT_EQ(answer->body,
            R"({"id":"msg_1","object":"chat.completion","created":1700000000,"model":"real","choices":[{"index":0,)"
            R"("message":{"role":"assistant","content":"Hm.","refusal":null,"reasoning_content":"why",)"
            R"("thinking_blocks":[{"type":"thinking","thinking":"why","signature":"S=/+"},)"
            R"({"type":"redacted_thinking","data":"Zz"}],)"
            R"("tool_calls":[{"id":"t","type":"function","function":{"name":"look","arguments":"{\"n\": 1.10}"}}]},)"
            R"("logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":723,"completion_tokens":40,)"
            R"("total_tokens":763,"prompt_tokens_details":{"cached_tokens":700,"cache_write_tokens":20},)"
            R"("completion_tokens_details":{"reasoning_tokens":30}}})");
  EXPECT_EQ(answer->usage, (Usage{.input_tokens = 723,
                                  .output_tokens = 40,
                                  .cached_tokens = 700,
                                  .cache_write_tokens = 20,
                                  .cache_write_1h_tokens = 5,
                                  .reasoning_tokens = 30}));
}

TEST(AnthropicUpstreamAnswer, every_reason_to_stop) {
  for (const auto& [theirs, ours] :
       std::vector<std::pair<std::string, std::string>>{{"end_turn", "stop"},
                                                        {"stop_sequence", "stop"},
                                                        {"max_tokens", "length"},
                                                        {"tool_use", "tool_calls"},
                                                        {"pause_turn", "stop"},
                                                        {"refusal", "content_filter"},
                                                        {"model_context_window_exceeded", "length"}}) {
    const auto answer =
        translate_message_answer(R"({"type":"message","content":[],"stop_reason":")" + theirs + R"("})", kCreated);
    ASSERT_TRUE(answer.has_value());
    const json::value choice = json::parse(answer->body).at("choices").at(0);
    EXPECT_EQ(choice.at("finish_reason").as_string(), ours);
    EXPECT_TRUE(choice.at("message").at("content").is_null());
  }
}

TEST(AnthropicUpstreamAnswer, what_is_no_message_is_refused) {
  for (const char* text : {"", "[]", "{}", R"({"type":"message_start"})", R"({"type":"message"})",
                           R"({"type":"message","content":7})", "<html>"})
    EXPECT_FALSE(translate_message_answer(text, kCreated).has_value() || check_message_answer(text).has_value())
        << text;
  const auto failed = translate_message_answer(
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", kCreated);
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().is(Errc::unavailable));
  EXPECT_EQ(failed.error().message(), "Overloaded");
}

TEST(AnthropicUpstreamError, is_one_of_openais) {
  const auto error = [](int status, std::string_view type) {
    return decode_message_error(status, R"({"type":"error","error":{"type":")" + std::string(type) +
                                            R"(","message":"Why."},"request_id":"r"})");
  };
  for (const auto& [status, type, expected, code] : std::vector<std::tuple<int, std::string, int, std::string>>{
           {400, "invalid_request_error", 400, "invalid_request"},
           {401, "authentication_error", 401, "invalid_api_key"},
           {403, "permission_error", 403, "permission_denied"},
           {404, "not_found_error", 404, "model_not_found"},
           {413, "request_too_large", 413, "request_too_large"},
           {429, "rate_limit_error", 429, "rate_limit_exceeded"},
           {500, "api_error", 502, "engine_error"},
           {504, "timeout_error", 504, "deadline_exceeded"},
           {529, "overloaded_error", 503, "service_unavailable"}}) {
    const ApiError is = error(status, type);
    EXPECT_EQ(is.status, expected) << type;
    EXPECT_EQ(is.code, code) << type;
    EXPECT_EQ(is.message, "Why.");
  }
  EXPECT_EQ(decode_message_error(502, "<html>").code, "engine_error");
}

// ---- Streams

std::string event(std::string_view type, const json::object& fields) {
  json::object data{{"type", type}};
  for (const auto& [key, value] : fields) data[key] = value;
  return encode_sse(json::serialize(data), type);
}

std::string delta(std::size_t index, std::string_view type, std::string_view field, std::string_view text) {
  return event("content_block_delta", {{"index", index}, {"delta", json::object{{"type", type}, {field, text}}}});
}

std::vector<std::string> pieces(const std::string& text, std::size_t size) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = std::min(size, text.size() - i);
    while (i + n < text.size() && (static_cast<unsigned char>(text[i + n]) & 0xC0U) == 0x80U) ++n;
    all.push_back(text.substr(i, n));
    i += n;
  }
  return all;
}

// A message as Anthropic would stream it, in deltas of `size` bytes.
std::string stream_of(const json::object& message, std::size_t size) {
  json::object begun = message;
  begun["content"] = json::array();
  begun["stop_reason"] = nullptr;
  std::string out = event("message_start", {{"message", begun}}) + event("ping", {});
  std::size_t index = 0;
  for (const json::value& block : message.at("content").as_array()) {
    const std::string type(block.at("type").as_string());
    json::object start = block.as_object();
    if (type == "text") start["text"] = "";
    if (type == "thinking") start["thinking"] = start["signature"] = "";
    if (type == "tool_use" || type == "server_tool_use") start["input"] = json::object();
    out += event("content_block_start", {{"index", index}, {"content_block", start}});
    if (type == "text")
      for (const auto& one : pieces(std::string(block.at("text").as_string()), size))
        out += delta(index, "text_delta", "text", one);
    if (type == "thinking") {
      for (const auto& one : pieces(std::string(block.at("thinking").as_string()), size))
        out += delta(index, "thinking_delta", "thinking", one);
      for (const auto& one : pieces(std::string(block.at("signature").as_string()), size))
        out += delta(index, "signature_delta", "signature", one);
    }
    if (type == "tool_use" || type == "server_tool_use") {
      out += delta(index, "input_json_delta", "partial_json", "");
      if (!block.at("input").as_object().empty())
        for (const auto& one : pieces(json::serialize(block.at("input")), size))
          out += delta(index, "input_json_delta", "partial_json", one);
    }
    out += event("content_block_stop", {{"index", index++}});
  }
  out += event("message_delta",
               {{"delta", json::object{{"stop_reason", message.at("stop_reason")}}}, {"usage", message.at("usage")}});
  return out + event("message_stop", {});
}

// What a client of OpenAI's puts together from chunks; a chunk that is none fails.
struct Seen {
  json::object message;
  std::string finish_reason;
  json::value usage;
  int finishes = 0;
  bool done = false;
};

void append(json::object& to, std::string_view key, const json::value* text) {
  if (text == nullptr) return;
  json::value& whole = to[key];
  if (!whole.is_string()) whole = "";
  whole.as_string().append(text->as_string());
}

Seen read(std::string_view bytes) {
  Seen seen;
  SseParser parser;
  parser.feed(bytes);
  for (;;) {
    const auto next = parser.next();
    EXPECT_TRUE(next.has_value());
    if (!next || !*next) break;
    EXPECT_FALSE(seen.done);
    if ((*next)->data == "[DONE]") {
      seen.done = true;
      continue;
    }
    const json::object chunk = json::parse((*next)->data).as_object();
    EXPECT_EQ(chunk.at("object").as_string(), "chat.completion.chunk");
    EXPECT_EQ(chunk.at("id").as_string(), "msg_1");
    EXPECT_EQ(chunk.at("model").as_string(), "real");
    if (const json::value* usage = chunk.if_contains("usage"); usage != nullptr && !usage->is_null()) {
      EXPECT_TRUE(chunk.at("choices").as_array().empty());
      seen.usage = *usage;
      continue;
    }
    const json::object& choice = chunk.at("choices").at(0).as_object();
    const json::object& part = choice.at("delta").as_object();
    if (const json::value* role = part.if_contains("role")) seen.message["role"] = *role;
    append(seen.message, "content", part.if_contains("content"));
    append(seen.message, "reasoning_content", part.if_contains("reasoning_content"));
    if (const json::value* blocks = part.if_contains("thinking_blocks"))
      for (const json::value& block : blocks->as_array()) {
        if (!seen.message.contains("thinking_blocks")) seen.message["thinking_blocks"] = json::array();
        seen.message["thinking_blocks"].as_array().push_back(block);
      }
    if (const json::value* calls = part.if_contains("tool_calls"))
      for (const json::value& one : calls->as_array()) {
        if (!seen.message.contains("tool_calls")) seen.message["tool_calls"] = json::array();
        json::array& all = seen.message["tool_calls"].as_array();
        const auto index = static_cast<std::size_t>(one.at("index").as_int64());
        if (index == all.size()) {
          json::object begun = one.as_object();
          begun.erase("index");
          all.push_back(begun);
        } else {
          EXPECT_LT(index, all.size());
          append(all[index].as_object()["function"].as_object(), "arguments", &one.at("function").at("arguments"));
        }
      }
    if (!choice.at("finish_reason").is_null()) {
      seen.finish_reason = choice.at("finish_reason").as_string();
      ++seen.finishes;
    }
  }
  EXPECT_FALSE(parser.has_partial());
  return seen;
}

rc::Gen<std::string> word() {
  return rc::gen::map(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \n\"\\{}"))),
                      [](std::string text) { return text + "é猫"; });
}

json::object any_message() {
  json::array content;
  if (*rc::gen::arbitrary<bool>())
    content.push_back(json::object{{"type", "thinking"}, {"thinking", *word()}, {"signature", *word()}});
  if (*rc::gen::inRange(0, 4) == 0) content.push_back(json::object{{"type", "redacted_thinking"}, {"data", *word()}});
  const int blocks = *rc::gen::inRange(0, 4);
  int number = 0;
  for (int i = 0; i < blocks; ++i) {
    const int kind = *rc::gen::inRange(0, 4);
    const std::string id = "t" + std::to_string(++number);
    const json::object input =
        *rc::gen::arbitrary<bool>() ? json::object() : json::object{{*word(), 1}, {"b", *word()}};
    if (kind < 2) content.push_back(json::object{{"type", "text"}, {"text", *word()}});
    if (kind == 2) content.push_back(json::object{{"type", "tool_use"}, {"id", id}, {"name", "f"}, {"input", input}});
    if (kind == 3)
      content.push_back(
          json::object{{"type", "server_tool_use"}, {"id", id}, {"name", "web_search"}, {"input", input}});
  }
  const int cached = *rc::gen::inRange(0, 1000);
  return {{"id", "msg_1"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", "real"},
          {"content", content},
          {"stop_reason", *rc::gen::element<std::string>("end_turn", "max_tokens", "tool_use", "refusal")},
          {"usage", json::object{{"input_tokens", *rc::gen::inRange(0, 1000)},
                                 {"cache_read_input_tokens", cached},
                                 {"cache_creation_input_tokens", *rc::gen::inRange(0, 1000)},
                                 {"output_tokens", *rc::gen::inRange(0, 1000)}}}};
}

RC_GTEST_PROP(AnthropicUpstreamStream, a_stream_and_a_whole_answer_say_the_same, ()) {
  const json::object message = any_message();
  const auto whole = translate_message_answer(json::serialize(message), kCreated);
  RC_ASSERT(whole.has_value());
  const bool include_usage = *rc::gen::arbitrary<bool>();
  ChatChunkStream stream(kCreated, include_usage);
  const auto chunks = stream.feed(stream_of(message, *rc::gen::inRange<std::size_t>(1, 20)));
  RC_ASSERT(chunks.has_value());
  RC_ASSERT(stream.end().has_value());
  Seen seen = read(*chunks);
  json::object answer = json::parse(whole->body).as_object();
  json::object expected = answer.at("choices").at(0).at("message").as_object();
  expected.erase("refusal");
  if (expected["content"].is_null()) expected["content"] = "";  // as a stream begins
  RC_ASSERT(seen.message == expected);
  RC_ASSERT(seen.finish_reason == std::string(answer.at("choices").at(0).at("finish_reason").as_string()));
  RC_ASSERT(seen.finishes == 1);
  RC_ASSERT(seen.done);
  RC_ASSERT(stream.usage() == whole->usage);
  RC_ASSERT(seen.usage == (include_usage ? answer.at("usage") : json::value()));
}

RC_GTEST_PROP(AnthropicUpstreamStream, is_the_same_however_it_is_cut, ()) {
  const std::string bytes = stream_of(any_message(), 5);
  ChatChunkStream whole(kCreated, true);
  const auto expected = whole.feed(bytes);
  RC_ASSERT(expected.has_value());
  ChatChunkStream cut(kCreated, true);
  CheckedMessageStream checked;
  std::string out;
  std::string passed;
  for (std::string_view left = bytes; !left.empty();) {
    const auto n = std::min(*rc::gen::inRange<std::size_t>(1, 60), left.size());
    const auto part = cut.feed(left.substr(0, n));
    RC_ASSERT(part.has_value());
    out += *part;
    const auto same = checked.feed(left.substr(0, n));
    RC_ASSERT(same.has_value());
    passed += *same;
    left.remove_prefix(n);
  }
  RC_ASSERT(out == *expected);
  RC_ASSERT(passed == bytes);
  RC_ASSERT(checked.usage() == whole.usage());
  RC_ASSERT(checked.end().has_value());
}

// There and back again: a message that was translated for OpenAI's clients, and that for Anthropic's.
RC_GTEST_PROP(AnthropicUpstreamStream, comes_back_as_it_was, ()) {
  json::object message = any_message();
  json::array shown;  // thinking is signed, and what runs at Anthropic stays there; texts become one, before the calls
  std::string text;
  json::array calls;
  for (const json::value& block : message["content"].as_array()) {
    if (block.at("type") == "text") text += block.at("text").as_string();
    if (block.at("type") == "tool_use") calls.push_back(block);
  }
  if (!text.empty()) shown.push_back(json::object{{"type", "text"}, {"text", text}});
  for (const json::value& one : calls) shown.push_back(one);
  const auto there = translate_message_answer(json::serialize(message), kCreated);
  RC_ASSERT(there.has_value());
  const auto back = translate_chat_answer(there->body, "msg_1");
  RC_ASSERT(back.has_value());
  json::object returned = json::parse(back->body).as_object();
  json::array content;
  for (const json::value& block : returned["content"].as_array())
    if (block.at("type") != "thinking") content.push_back(block);
  RC_ASSERT(content == shown);
  RC_ASSERT(returned["stop_reason"] == message["stop_reason"]);
  for (const auto& [name, count] : message["usage"].as_object())
    RC_ASSERT(returned["usage"].at(name).to_number<int>() == count.to_number<int>());
}

TEST(AnthropicUpstreamStream, one_that_is_cut_is_no_whole_one) {
  const json::object message = {{"id", "msg_1"},
                                {"type", "message"},
                                {"model", "real"},
                                {"content", json::array{json::object{{"type", "text"}, {"text", "Hello there."}}}},
                                {"stop_reason", "end_turn"},
                                {"usage", json::object{{"input_tokens", 5}, {"output_tokens", 2}}}};
  const std::string bytes = stream_of(message, 3);
  for (std::size_t n = 0; n + 2 < bytes.size(); ++n) {
    ChatChunkStream stream(kCreated, true);
    CheckedMessageStream checked;
    ASSERT_TRUE(stream.feed(std::string_view(bytes).substr(0, n)).has_value());
    ASSERT_TRUE(checked.feed(std::string_view(bytes).substr(0, n)).has_value());
    ASSERT_FALSE(stream.end().has_value()) << n;
    EXPECT_TRUE(stream.end().error().is(Errc::unavailable));
    EXPECT_FALSE(checked.end().has_value()) << n;
  }
}

TEST(AnthropicUpstreamStream, errors_of_the_upstream_end_it) {
  const std::string start = event("message_start", {{"message", json::object{{"id", "msg_1"}, {"model", "real"}}}});
  const auto failure = [&](const std::string& more) {
    ChatChunkStream stream(kCreated, false);
    const auto fed = stream.feed(start + more);
    EXPECT_FALSE(fed.has_value()) << more;
    CheckedMessageStream checked;
    const auto passed = checked.feed(start + more);
    EXPECT_TRUE(passed.has_value() || passed.error().kind() == fed.error().kind()) << more;
    return fed ? Error(Errc::internal, "") : fed.error();
  };
  const auto error = [](std::string_view type) {
    return event("error", {{"error", json::object{{"type", type}, {"message", "Why."}}}});
  };
  EXPECT_TRUE(failure(error("overloaded_error")).is(Errc::unavailable));
  EXPECT_TRUE(failure(error("rate_limit_error")).is(Errc::resource_exhausted));
  EXPECT_TRUE(failure(error("authentication_error")).is(Errc::failed_precondition));
  EXPECT_EQ(failure(error("api_error")).message(), "Why.");
  EXPECT_TRUE(failure("data: {\"type\":\n\n").is(Errc::protocol_error));
  EXPECT_TRUE(failure(start).is(Errc::protocol_error));
  EXPECT_TRUE(failure(delta(3, "text_delta", "text", "a")).is(Errc::protocol_error));
  ChatChunkStream early(kCreated, false);
  EXPECT_FALSE(early.feed(event("message_stop", {})).has_value());

  CheckedMessageStream checked;
  EXPECT_FALSE(checked.feed(start + error("overloaded_error")).has_value());
  CheckedMessageStream pinged;
  EXPECT_EQ(pinged.feed(event("ping", {})).value(), "") << "another server may still have to answer";
  EXPECT_EQ(pinged.feed(start).value(), start);
}

}  // namespace
}  // namespace hearth::dialects
