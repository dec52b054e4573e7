#include "rejects.h"

#include <hearth/dialects/chat.h>

namespace hearth::dialects {
namespace {

Usage usage_of(std::string_view answer) {
  return decode_usage(JsonBody::copy_of(answer));
}

TEST(Chat, reads_the_head) {
  const auto head = decode_chat_head(JsonBody::copy_of(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{}],"stream":true,"model":"gpt-4o","n":1})"));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->model, "gpt-4o");
  EXPECT_TRUE(head->stream);
}

TEST(Chat, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"messages":[{}]})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "messages"},
      {R"({"model":null,"messages":[{}]})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":7,"messages":[{}]})", ApiCode::invalid_type, "model"},
      {R"({"model":"","messages":[{}]})", ApiCode::empty_string, "model"},
      {R"({"model":"m","messages":[]})", ApiCode::empty_array, "messages"},
      {R"({"model":"m","messages":"hi"})", ApiCode::invalid_type, "messages"},
      {R"({"model":"m","messages":[{},"hi"]})", ApiCode::invalid_type, "messages[1]"},
      {R"({"model":"m","messages":[{}],"stream":"yes"})", ApiCode::invalid_type, "stream"},
      {R"({"model":"m","messages":[{}],"n":1,"n":9})", ApiCode::duplicate_field, "n"},
      {R"({"model":"m","messages":[{"content":"a","content":"b"}]})", ApiCode::duplicate_field, "messages[0].content"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_chat_head(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
}

TEST(Chat, each_endpoint_asks_for_what_it_needs) {
  const auto prompt = decode_completion_head(JsonBody::copy_of(R"({"prompt":["a",[1,2]],"model":"m"})"));
  ASSERT_TRUE(prompt.has_value());
  EXPECT_FALSE(prompt->stream);
  EXPECT_TRUE(decode_rerank_head(JsonBody::copy_of(R"({"model":"m","query":"q","documents":["a"]})")).has_value());
  const JsonBody no_prompt = JsonBody::copy_of(R"({"model":"m"})");
  expect_rejected(decode_completion_head(no_prompt), ApiCode::missing_required_parameter, "prompt", no_prompt.view());
  const JsonBody no_documents = JsonBody::copy_of(R"({"model":"m","query":"q"})");
  expect_rejected(decode_rerank_head(no_documents), ApiCode::missing_required_parameter, "documents",
                  no_documents.view());
}

TEST(Usage, is_read_from_usage_and_else_from_timings) {
  EXPECT_EQ(usage_of(R"({"choices":[{}],"usage":{"completion_tokens":4,"prompt_tokens":42,"total_tokens":46}})"),
            (Usage{42, 4}));
  EXPECT_EQ(usage_of(R"({"timings":{"cache_n":40,"prompt_n":2,"predicted_n":4},"usage":{"prompt_tokens":1}})"),
            (Usage{1, 0}));
  EXPECT_EQ(usage_of(R"({"timings":{"cache_n":40,"prompt_n":2,"predicted_n":4}})"),
            (Usage{.input_tokens = 42, .output_tokens = 4, .cached_tokens = 40}));
  EXPECT_EQ(
      usage_of(R"({"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":
                {"cached_tokens":7,"cache_write_tokens":99},"completion_tokens_details":{"reasoning_tokens":3}}})"),
      (Usage{
          .input_tokens = 10, .output_tokens = 4, .cached_tokens = 7, .cache_write_tokens = 3, .reasoning_tokens = 3}))
      << "parts are no more than the whole";
  for (const char* nothing : {"", "[DONE]", "{}", R"({"usage":null})", R"({"usage":{"prompt_tokens":-1}})",
                              R"({"usage":{"prompt_tokens":1e300}})", R"({"usage":{"prompt_tokens":"1"}})"})
    EXPECT_EQ(usage_of(nothing), Usage()) << nothing;
}

TEST(Usage, of_a_stream_is_in_its_last_events) {
  const std::string_view chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"data: {}\"}}]}\n\n";
  const std::string_view last = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}\n\n";
  const std::string whole = std::string(chunk) + std::string(last) + "data: [DONE]\n\n";
  EXPECT_EQ(decode_stream_usage(whole), (Usage{7, 9}));
  for (std::size_t cut = 0; cut < chunk.size(); ++cut)
    EXPECT_EQ(decode_stream_usage(std::string_view(whole).substr(cut)), (Usage{7, 9})) << cut;
  EXPECT_EQ(decode_stream_usage(chunk), Usage());
  EXPECT_EQ(decode_stream_usage(""), Usage());
}

}  // namespace
}  // namespace hearth::dialects
