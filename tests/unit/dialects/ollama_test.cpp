#include "rejects.h"

#include <hearth/dialects/ollama.h>

#include <boost/json.hpp>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

const OllamaMoment kNow{"2026-01-01T00:00:00.000Z", std::chrono::nanoseconds(5'000'000)};

std::string chat(std::string_view request) {
  const auto translated = translate_ollama_chat(JsonBody::copy_of(request));
  EXPECT_TRUE(translated.has_value()) << translated.error().message;
  return translated ? std::string(translated->body.view()) : "";
}

TEST(OllamaRequest, says_the_same_as_a_chat_completion) {
  EXPECT_EQ(chat(R"({"model":"m:latest","messages":[{"role":"user","content":"Hi"}],"keep_alive":"5m",
                     "options":{"temperature":0.10,"num_ctx":4096,"num_predict":7,"stop":["a"],"num_gpu":1}})"),
            R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":0.10,"max_tokens":7,)"
            R"("stop":["a"],"messages":[{"role":"user","content":"Hi"}]})");
  EXPECT_EQ(
      chat(R"({"model":"m","stream":false,"format":"json","think":false,"messages":[{"role":"user","content":"Hi"}]})"),
      R"({"model":"m","response_format":{"type":"json_object"},"chat_template_kwargs":{"enable_thinking":false},)"
      R"("messages":[{"role":"user","content":"Hi"}]})");
  EXPECT_EQ(
      chat(
          R"({"model":"m","stream":false,"think":"low","format":{"type":"object","maximum":1.0},"messages":[{"role":"user","content":"a"}]})"),
      R"({"model":"m","reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":)"
      R"({"name":"format","schema":{"type":"object","maximum":1.0}}},"messages":[{"role":"user","content":"a"}]})");
}

TEST(OllamaRequest, calls_get_ids_and_their_answers_find_them) {
  EXPECT_EQ(
      chat(R"({"model":"m","stream":false,"messages":[{"role":"assistant","content":"","thinking":"t","tool_calls":[
      {"function":{"name":"f","arguments":{"x":1.10}}},{"function":{"name":"g","arguments":{}}}]},
      {"role":"tool","content":"1","tool_name":"f"},{"role":"tool","content":"2"}]})"),
      R"({"model":"m","messages":[{"role":"assistant","content":"","reasoning_content":"t","tool_calls":[)"
      R"({"id":"call_0","type":"function","function":{"name":"f","arguments":"{\"x\":1.10}"}},)"
      R"({"id":"call_1","type":"function","function":{"name":"g","arguments":"{}"}}]},)"
      R"({"role":"tool","content":"1","tool_call_id":"call_0","name":"f"},)"
      R"({"role":"tool","content":"2","tool_call_id":"call_1"}]})");
}

TEST(OllamaRequest, generate_is_a_conversation_of_one_turn) {
  const auto plain = translate_ollama_generate(
      JsonBody::copy_of(R"({"model":"m","prompt":"Hi","system":"Be brief.","stream":false,"images":["AAAA"]})"));
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->request.body.view(),
            R"({"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[)"
            R"({"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]})");
  EXPECT_FALSE(plain->raw || plain->load);
  const auto raw =
      translate_ollama_generate(JsonBody::copy_of(R"({"model":"m","prompt":"Hi","raw":true,"stream":false})"));
  ASSERT_TRUE(raw.has_value());
  EXPECT_EQ(raw->request.body.view(), R"({"model":"m","prompt":"Hi"})");
  EXPECT_TRUE(raw->raw);
  const auto load = translate_ollama_generate(JsonBody::copy_of(R"({"model":"m"})"));
  ASSERT_TRUE(load.has_value());
  EXPECT_TRUE(load->load);
}

TEST(OllamaRequest, embed) {
  for (const char* key : {"input", "prompt"}) {
    const auto translated =
        translate_ollama_embed(JsonBody::copy_of(R"({"model":"m","truncate":true,")" + std::string(key) + R"(":"a"})"));
    ASSERT_TRUE(translated.has_value());
    EXPECT_EQ(translated->body.view(), R"({"model":"m","input":"a"})");
  }
}

TEST(OllamaRequest, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"messages":[{"role":"user"}]})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "messages"},
      {R"({"model":"m","messages":[]})", ApiCode::empty_array, "messages"},
      {R"({"model":"m","messages":[{"content":"a"}]})", ApiCode::missing_required_parameter, "messages[0].role"},
      {R"({"model":"m","messages":[{"role":"user","images":[1]}]})", ApiCode::invalid_type, "messages[0].images[0]"},
      {R"({"model":"m","messages":[{"role":"user"}],"format":"xml"})", ApiCode::invalid_value, "format"},
      {R"({"model":"m","messages":[{"role":"user"}],"tools":{}})", ApiCode::invalid_type, "tools"},
  };
  for (const Bad& row : rows)
    expect_rejected(translate_ollama_chat(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  const JsonBody both = JsonBody::copy_of(R"({"model":"m","input":"a","prompt":"b"})");
  expect_rejected(translate_ollama_embed(both), ApiCode::invalid_request, "input", both.view());
}

const std::string& whole_stream() {
  static const std::string stream = [] {
    std::string text;
    for (
        const char* data :
        {R"({"choices":[{"delta":{"role":"assistant","content":null}}]})",
         R"({"choices":[{"delta":{"reasoning_content":"Hm"}}]})", R"({"choices":[{"delta":{"content":"Grüße"}}]})",
         R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]})",
         R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1.10}"}},{"index":1,"function":{"arguments":"}"}}]}}]})",
         R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})",
         R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9},"timings":{"prompt_ms":1.5,"predicted_ms":2}})"})
      text += encode_sse(data);
    return text + std::string(kSseDone);
  }();
  return stream;
}

TEST(OllamaStream, is_lines_that_a_client_expects) {
  OllamaStream stream(OllamaShape::chat, "m");
  const auto lines = stream.feed(whole_stream(), kNow);
  ASSERT_TRUE(lines.has_value()) << lines.error().describe();
  EXPECT_TRUE(stream.end().has_value());
  const std::string head =
      R"({"model":"m","created_at":"2026-01-01T00:00:00.000Z","message":{"role":"assistant","content":)";
  EXPECT_EQ(*lines,
            head + R"("","thinking":"Hm"},"done":false})" + "\n" + head + R"("Grüße"},"done":false})" + "\n" + head +
                R"("","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1.10}}},)" +
                R"({"id":"b","function":{"index":1,"name":"g","arguments":{}}}]},"done":false})" + "\n" + head +
                R"(""},"done":true,"done_reason":"stop","total_duration":5000000,"load_duration":1500000,)" +
                R"("prompt_eval_count":5,"prompt_eval_duration":1500000,"eval_count":9,"eval_duration":2000000})" +
                "\n");
  EXPECT_EQ(stream.usage(), (Usage{5, 9}));
}

RC_GTEST_PROP(OllamaStream, is_the_same_however_it_is_cut, ()) {
  OllamaStream whole(OllamaShape::chat, "m");
  const auto expected = whole.feed(whole_stream(), kNow);
  RC_ASSERT(expected.has_value());
  OllamaStream pieces(OllamaShape::chat, "m");
  std::string out;
  for (std::string_view left = whole_stream(); !left.empty();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, 60);
    const auto part = pieces.feed(left.substr(0, n), kNow);
    RC_ASSERT(part.has_value());
    out += *part;
    left.remove_prefix(std::min(n, left.size()));
  }
  RC_ASSERT(out == *expected);
}

TEST(OllamaStream, one_that_is_cut_or_wrong_is_no_whole_one) {
  OllamaStream stream(OllamaShape::chat, "m");
  ASSERT_TRUE(stream.feed(encode_sse(R"({"choices":[{"delta":{"content":"a"}}]})"), kNow).has_value());
  EXPECT_FALSE(stream.end().has_value());
  for (const char* bad : {R"({"error":{"message":"m"}})", "{", "[DONE]"}) {
    OllamaStream wrong(OllamaShape::chat, "m");
    EXPECT_FALSE(wrong.feed(encode_sse(bad), kNow).has_value()) << bad;
  }
}

TEST(OllamaAnswer, of_generate_has_a_response) {
  const auto answer = translate_ollama_answer(
      R"({"choices":[{"finish_reason":"length","text":"abc"}],"usage":{"prompt_tokens":2,"completion_tokens":3}})",
      OllamaShape::generate, "m", kNow);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(
      answer->body,
      R"({"model":"m","created_at":"2026-01-01T00:00:00.000Z","response":"abc","done":true,"done_reason":"length",)"
      R"("total_duration":5000000,"load_duration":5000000,"prompt_eval_count":2,"prompt_eval_duration":0,)"
      R"("eval_count":3,"eval_duration":0})");
}

TEST(OllamaAnswer, embeddings_keep_their_digits) {
  const std::string_view answer =
      R"({"data":[{"embedding":[0.10, -1e-3]},{"embedding":[2]}],"usage":{"prompt_tokens":4}})";
  const auto all = translate_ollama_embeddings(answer, false, "m", kNow);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->body, R"({"model":"m","embeddings":[[0.10, -1e-3],[2]],"total_duration":5000000,"load_duration":0,)"
                       R"("prompt_eval_count":4})");
  EXPECT_FALSE(translate_ollama_embeddings(answer, true, "m", kNow).has_value());
  EXPECT_FALSE(translate_ollama_embeddings(R"({"data":[{"embedding":"AAAA"}]})", false, "m", kNow).has_value());
}

}  // namespace
}  // namespace hearth::dialects
