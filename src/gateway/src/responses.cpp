// POST /v1/responses: OpenAI's newer API, answered by whoever speaks chat completions.
#include "forward.h"

#include <hearth/core/ids.h>
#include <hearth/dialects/responses.h>

namespace hearth::gateway {
namespace {

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

 private:
  dialects::ResponseHead head_;
  dialects::ResponseStream stream_;
  std::string part_;
  dialects::Usage usage_;
};

}  // namespace

net::awaitable<void> handle_responses(Call& call) {
  call.decision.operation = "chat";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::translate_responses(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  const MakeRelay relay = [&request](const Call& of) -> std::unique_ptr<Relay> {
    return std::make_unique<ResponseRelay>(dialects::ResponseHead{.id = new_id("resp_"),
                                                                  .model = of.decision.model->id,
                                                                  .created_at = unix_seconds(wall_now()),
                                                                  .echo = request->echo});
  };
  co_await forward(call, request->chat.body, request->chat.head, Task::chat, "/v1/chat/completions", relay);
}

}  // namespace hearth::gateway
