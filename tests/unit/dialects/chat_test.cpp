#include "rejects.h"

#include <hearth/dialects/chat.h>

namespace hearth::dialects {
namespace {

TEST(Chat, reads_the_head) {
  const auto head = decode_chat_head(JsonBody::copy_of(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{}],"stream":true,"model":"gpt-4o","n":1})"));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->model, "gpt-4o");
  EXPECT_TRUE(head->stream);
  EXPECT_EQ(head->messages, 2U);
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
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_chat_head(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
}

}  // namespace
}  // namespace hearth::dialects
