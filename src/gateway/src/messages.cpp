// POST /v1/messages and /v1/messages/count_tokens: Anthropic's clients, answered by whoever speaks chat completions.
#include "forward.h"

#include <hearth/core/ids.h>
#include <hearth/dialects/anthropic.h>

namespace hearth::gateway {
namespace {

class MessageRelay : public Relay {
 public:
  explicit MessageRelay(const Call&) {}
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes));
    return part_;
  }
  Result<void> end() override {
    usage_ = stream_.usage();
    return stream_.end();
  }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(dialects::TranslatedAnswer answer, dialects::translate_chat_answer(body, id_));
    usage_ = answer.usage;
    return std::move(answer.body);
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }

 private:
  std::string id_ = new_id("msg_");
  dialects::MessageStream stream_{id_};
  std::string part_;
  dialects::Usage usage_;
};

class CountRelay : public WholeRelay {
 public:
  explicit CountRelay(const Call&) {}
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(const std::uint64_t tokens, dialects::decode_token_count(body));
    return dialects::encode_token_count(tokens);
  }
  [[nodiscard]] dialects::Usage usage() const override { return {}; }
};

using Translate = dialects::Decoded<dialects::TranslatedRequest> (*)(const dialects::JsonBody&);

// `own`: what Anthropic calls it.
net::awaitable<void> translate_and_forward(Call& call, Translate translate, std::string target, MakeRelay relay,
                                           std::string own) {
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return translate(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  const AsWritten as_written{AsWritten::Dialect::messages, *body, request->model_was_at, std::move(own)};
  co_await forward(call, request->body, request->head, Task::chat, std::move(target), relay, &as_written);
}

}  // namespace

net::awaitable<void> handle_messages(Call& call) {
  call.decision.operation = "chat";
  return translate_and_forward(call, dialects::translate_messages, "/v1/chat/completions", make_relay<MessageRelay>,
                               "/v1/messages");
}

net::awaitable<void> handle_count_tokens(Call& call) {
  call.decision.operation = "count_tokens";
  return translate_and_forward(call, dialects::translate_count_tokens, "/v1/chat/completions/input_tokens",
                               make_relay<CountRelay>, "/v1/messages/count_tokens");
}

}  // namespace hearth::gateway
