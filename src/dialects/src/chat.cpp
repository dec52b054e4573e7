#include "src/json_reader.h"

#include <hearth/dialects/chat.h>

#include <array>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxMessages = 1'000'000;  // the body's size is the real bound

Decoded<std::size_t> count_messages(json::Value& value) {
  std::size_t messages = 0;
  HEARTH_TRY(value.each_item(kMaxMessages, [&messages](std::size_t, json::Value item) -> Decoded<void> {
    if (item.kind() != json::Kind::object) return std::unexpected(item.wrong_type("an object"));
    ++messages;
    return item.check();
  }));
  if (messages == 0) {
    return std::unexpected(value.refuse(ApiCode::empty_array, "is an empty array; send at least one message."));
  }
  return messages;
}

}  // namespace

Decoded<ChatHead> decode_chat_head(const JsonBody& body) {
  static constexpr std::array<std::string_view, 3> kFields{"model", "stream", "messages"};
  ChatHead head;
  json::Document document(body);
  const auto read = [&head](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "model") {
      head.model_at = value.span();
      HEARTH_TRY_ASSIGN(head.model, value.name());
    } else if (name == "stream") {
      HEARTH_TRY_ASSIGN(head.stream, value.boolean());
    } else {
      HEARTH_TRY_ASSIGN(head.messages, count_messages(value));
    }
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kFields, read));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("messages"));
  return head;
}

}  // namespace hearth::dialects
