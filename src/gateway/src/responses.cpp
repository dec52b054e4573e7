// POST /v1/responses: OpenAI's newer API, for those who have it as its client wrote it, for all others as a chat
// completion.
#include "forward.h"

#include <hearth/core/ids.h>
#include <hearth/dialects/responses.h>
#include <hearth/dialects/responses_upstream.h>

#include <algorithm>

namespace hearth::gateway {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";

class ResponseRelay : public Relay {
 public:
  explicit ResponseRelay(dialects::ResponseHead head) : head_(std::move(head)), stream_(head_) {}
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes));
    return part_;
  }
  Result<void> end() override {
    usage_ = stream_.usage();
    return stream_.end();
  }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(dialects::ResponseAnswer answer, dialects::translate_response(body, head_));
    usage_ = answer.usage;
    return std::move(answer.body);
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }
  // Nothing is kept here: what goes on from it is to be refused here, and not by somebody who does not know it.
  [[nodiscard]] std::string_view kept_as() const override { return head_.id; }

 private:
  dialects::ResponseHead head_;
  dialects::ResponseStream stream_;
  std::string part_;
  dialects::Usage usage_;
};

// Is there anybody who has that API?
bool is_spoken(const Call& call) {
  return std::ranges::any_of(*call.services.catalogue.models(),
                             [](const Model& model) { return model.upstream->facts().responses; });
}

MakeRelay translating_relay(const dialects::ResponsesRequest& request) {
  return [&request](const Call& of) -> std::unique_ptr<Relay> {
    return std::make_unique<ResponseRelay>(dialects::ResponseHead{.id = new_id("resp_"),
                                                                  .model = of.decision.model->id,
                                                                  .created_at = unix_seconds(wall_now()),
                                                                  .echo = request.echo});
  };
}

AsWritten as_written(const dialects::JsonBody& body, const dialects::ResponsesHead& head,
                     const dialects::Decoded<dialects::ResponsesRequest>& translated) {
  AsWritten own{AsWritten::Dialect::responses, body, head.forward.model_at, "/v1/responses"};
  if (!translated) own.untranslatable = translated.error();
  own.kept_in = head.kept_in;
  own.kept = head.kept;
  own.stored = head.stored;
  return own;
}

}  // namespace

net::awaitable<void> handle_responses(Call& call) {
  call.decision.operation = "chat";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::translate_responses(*body); });
  if (!is_spoken(call)) {
    if (!request) co_return co_await reply_error(call, request.error());
    co_return co_await forward(call, request->chat.body, request->chat.head, Task::chat, std::string(kChat),
                               translating_relay(*request));
  }
  const auto head = co_await parse_sized(call, body->size(), [&] { return dialects::decode_responses_head(*body); });
  if (!head) co_return co_await reply_error(call, request ? head.error() : request.error());
  const AsWritten own = as_written(*body, *head, request);
  if (!request)
    co_return co_await forward(call, *body, head->forward, Task::chat, std::string(kChat), pass_through, &own);
  dialects::ForwardHead chat = request->chat.head;
  chat.facts = head->forward.facts;  // the same of a request whether or not it can be translated
  co_await forward(call, request->chat.body, chat, Task::chat, std::string(kChat), translating_relay(*request), &own);
}

}  // namespace hearth::gateway
