#include "forward.h"

#include "upstream_call.h"

#include <fmt/format.h>

#include <vector>

namespace hearth::gateway {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 20;
constexpr std::size_t kPart = 16 * 1024;
constexpr std::size_t kTail = 4 * 1024;  // of a stream: holds its last chunks, which say what it took

bool is_stream(const net::ResponseHead& head) {
  return head.headers.get("Content-Type").starts_with("text/event-stream");
}

// As far as its ends tell: that no byte between them is lost is HTTP's business.
bool is_object(std::string_view body) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = body.find_first_not_of(kSpace);
  return first != std::string_view::npos && body[first] == '{' && body[body.find_last_not_of(kSpace)] == '}';
}

void note(Call& call, const dialects::Usage& usage) {
  call.decision.input_tokens = usage.input_tokens;
  call.decision.output_tokens = usage.output_tokens;
}

// The last kTail bytes of what went through.
class Tail {
 public:
  void add(std::string_view bytes) {
    if (bytes.size() >= kTail) text_.clear();
    if (bytes.size() > kTail) bytes.remove_prefix(bytes.size() - kTail);
    if (text_.size() + bytes.size() > 2 * kTail) text_.erase(0, text_.size() - kTail);
    text_.append(bytes);
  }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

net::awaitable<Attempt<>> pass_stream(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer) {
  std::vector<char> part(kPart);
  Tail tail;
  for (;;) {
    const auto n = co_await answer.read_some(part);
    if (!n) co_return broke(place, upstream, n.error());
    if (!call.exchange.started()) {
      call.decision.first_byte = steady_now();
      call.decision.status = 200;
      net::Headers headers = answer_headers(call, "text/event-stream");
      headers.add("Cache-Control", "no-cache");
      call.exchange.start(200, std::move(headers));
    }
    if (*n == 0) break;
    const std::string_view bytes(part.data(), *n);
    tail.add(bytes);
    const auto written = co_await call.exchange.write(bytes);
    if (!written) co_return give_up(dialects::to_api_error(written.error()));
  }
  note(call, dialects::decode_stream_usage(tail.text()));
  place.finish(Outcome::ok);
  co_await call.exchange.finish();
  co_return Attempt<>();
}

net::awaitable<Attempt<>> pass_whole(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer) {
  const auto body = co_await answer.read_all(kMaxAnswer);
  if (!body) co_return broke(place, upstream, body.error());
  if (!is_object(*body)) co_return unreadable(place, upstream);
  place.finish(Outcome::ok);
  const auto usage = co_await parse_sized(call, body->size(),
                                          [&]() -> Result<dialects::Usage> { return dialects::decode_usage(*body); });
  if (usage) note(call, *usage);
  co_await reply_json(call, *body);
  co_return Attempt<>();
}

net::awaitable<Attempt<>> forward_once(Call& call, const dialects::SplicedBody& body, std::string target,
                                       Upstream& upstream) {
  auto lease = co_await acquire(call, upstream);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& place = **lease;
  net::RequestHead head{"POST", std::move(target), {{"Content-Type", "application/json"}}};
  auto sent = co_await place.client().send(std::move(head), {body.head, body.replacement, body.tail}, place.deadline());
  if (!sent) co_return broke(place, upstream, sent.error());
  const auto answered = co_await expect_ok(place, upstream, *sent);
  if (!answered) co_return std::unexpected(answered.error());
  if (is_stream(*answered)) co_return co_await pass_stream(call, place, upstream, *sent);
  co_return co_await pass_whole(call, place, upstream, *sent);
}

}  // namespace

net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target) {
  const auto model = choose_model(call, head.model, task);
  if (!model) co_return co_await reply_error(call, model.error());
  const dialects::SplicedBody forwarded = dialects::splice_string(body.view(), head.model_at, (*model)->id);
  Attempt<> done;
  do {
    ++call.decision.attempts;
    done = co_await forward_once(call, forwarded, target, *(*model)->upstream);
  } while (!done && done.error().upstream_broke && call.decision.attempts < 2 && !call.exchange.started());
  if (!done) co_await reply_error(call, done.error().error, StreamKind::events);
}

}  // namespace hearth::gateway
