// POST /v1/chat/completions, /v1/completions and /v1/rerank: their engine speaks the same dialect.
#include "forward.h"

namespace hearth::gateway {
namespace {

// No language model comes with the box: until there is one, chat says how to get one.
dialects::ApiError no_language_model() {
  return dialects::api_error(
      dialects::ApiCode::model_not_loaded,
      "no language model is on this box yet: `hearth pull NAME` gets one that runs here, or name a provider "
      "under `providers:` in hearth.yaml to have chat answered elsewhere",
      "model");
}

using DecodeHead = dialects::Decoded<dialects::ForwardHead> (*)(const dialects::JsonBody&);

net::awaitable<void> receive_and_forward(Call& call, DecodeHead decode, Task task, std::string target) {
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto head = co_await parse_sized(call, body->size(), [&] { return decode(*body); });
  if (!head) co_return co_await reply_error(call, head.error());
  if (task == Task::chat && !call.services.catalogue.serves(task)) {
    call.decision.requested_model = head->model.substr(0, 128);
    co_return co_await reply_error(call, no_language_model());
  }
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
