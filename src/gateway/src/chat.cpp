// POST /v1/chat/completions, /v1/completions and /v1/rerank: their engine speaks the same dialect.
#include "forward.h"

namespace hearth::gateway {
namespace {

using DecodeHead = dialects::Decoded<dialects::ForwardHead> (*)(const dialects::JsonBody&);

net::awaitable<void> receive_and_forward(Call& call, DecodeHead decode, Task task, std::string target) {
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto head = co_await parse_sized(call, body->size(), [&] { return decode(*body); });
  if (!head) co_return co_await reply_error(call, head.error());
  co_await forward(call, *body, *head, task, std::move(target));
}

}  // namespace

net::awaitable<void> handle_chat(Call& call) {
  call.decision.operation = "chat";
  co_await receive_and_forward(call, dialects::decode_chat_head, Task::chat, "/v1/chat/completions");
}

net::awaitable<void> handle_completions(Call& call) {
  call.decision.operation = "text_completion";
  co_await receive_and_forward(call, dialects::decode_completion_head, Task::chat, "/v1/completions");
}

net::awaitable<void> handle_rerank(Call& call) {
  call.decision.operation = "rerank";
  co_await receive_and_forward(call, dialects::decode_rerank_head, Task::rerank, "/v1/rerank");
}

}  // namespace hearth::gateway
