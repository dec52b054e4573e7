#include "forward.h"

#include <hearth/core/log.h>

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

// It answered, and not with what it should have: its client is told what was wrong.
std::unexpected<Failure> misspoke(Lease& place, const Upstream& upstream, const Error& error) {
  place.finish(Outcome::error);
  log::warn("gateway", "an engine answered wrongly", {{"engine", upstream.name()}, {"error", error.describe()}});
  return give_up(dialects::to_api_error(error));
}

// No language model comes with the box: until there is one, chat says how to get one.
dialects::ApiError no_language_model() {
  return dialects::api_error(
      dialects::ApiCode::model_not_loaded,
      "no language model is on this box yet: `hearth pull NAME` gets one that runs here, or name a provider "
      "under `providers:` in hearth.yaml to have chat answered elsewhere",
      "model");
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

class PassThrough : public Relay {
 public:
  Result<std::string_view> part(std::string_view bytes) override {
    tail_.add(bytes);
    return bytes;
  }
  Result<void> end() override {
    usage_ = dialects::decode_stream_usage(tail_.text());
    return {};
  }
  Result<std::string> whole(std::string body) override {
    usage_ = dialects::decode_usage(body);
    return body;
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }

 private:
  Tail tail_;
  dialects::Usage usage_;
};

net::awaitable<Attempt<>> pass_stream(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer,
                                      Relay& relay) {
  std::vector<char> part(kPart);
  for (;;) {
    const auto n = co_await answer.read_some(part);
    if (!n) co_return broke(place, upstream, n.error());
    if (!call.exchange.started()) {
      call.decision.first_byte = steady_now();
      call.decision.status = 200;
      net::Headers headers = answer_headers(call, relay.stream_type());
      headers.add("Cache-Control", "no-cache");
      call.exchange.start(200, std::move(headers));
    }
    if (*n == 0) break;
    const auto bytes = relay.part({part.data(), *n});
    if (!bytes) co_return misspoke(place, upstream, bytes.error());
    if (bytes->empty()) continue;
    const auto written = co_await call.exchange.write(*bytes);
    if (!written) co_return give_up(dialects::to_api_error(written.error()));
  }
  if (const auto ended = relay.end(); !ended) co_return misspoke(place, upstream, ended.error());
  note(call, relay.usage());
  place.finish(Outcome::ok);
  co_await call.exchange.finish();
  co_return Attempt<>();
}

net::awaitable<Attempt<>> pass_whole(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer,
                                     Relay& relay) {
  auto body = co_await answer.read_all(kMaxAnswer);
  if (!body) co_return broke(place, upstream, body.error());
  if (!is_object(*body)) co_return unreadable(place, upstream);
  const std::size_t size = body->size();
  const auto relayed = co_await parse_sized(call, size, [&] { return relay.whole(std::move(*body)); });
  if (!relayed) co_return misspoke(place, upstream, relayed.error());
  place.finish(Outcome::ok);
  note(call, relay.usage());
  co_await reply_json(call, *relayed);
  co_return Attempt<>();
}

net::awaitable<Attempt<>> forward_once(Call& call, const dialects::SplicedBody& body, std::string target,
                                       Upstream& upstream, Relay& relay) {
  auto lease = co_await acquire(call, upstream);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& place = **lease;
  net::RequestHead head{"POST", std::move(target), {{"Content-Type", "application/json"}}};
  auto sent = co_await place.client().send(std::move(head), {body.head, body.replacement, body.tail}, place.deadline());
  if (!sent) co_return broke(place, upstream, sent.error());
  const auto answered = co_await expect_ok(place, upstream, *sent);
  if (!answered) co_return std::unexpected(answered.error());
  if (is_stream(*answered)) co_return co_await pass_stream(call, place, upstream, *sent, relay);
  co_return co_await pass_whole(call, place, upstream, *sent, relay);
}

}  // namespace

std::unique_ptr<Relay> pass_through(const Call&) {
  return std::make_unique<PassThrough>();
}

net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay make) {
  if (task == Task::chat && !call.services.catalogue.serves(task)) {
    call.decision.requested_model = head.model.substr(0, 128);
    co_return co_await reply_error(call, no_language_model());
  }
  const auto model = choose_model(call, head.model, task);
  if (!model) co_return co_await reply_error(call, model.error());
  const dialects::SplicedBody forwarded = dialects::splice_string(body.view(), head.model_at, (*model)->id);
  Attempt<> done;
  do {
    ++call.decision.attempts;
    const std::unique_ptr<Relay> relay = make(call);
    done = co_await forward_once(call, forwarded, target, *(*model)->upstream, *relay);
  } while (!done && done.error().upstream_broke && call.decision.attempts < 2 && !call.exchange.started());
  if (!done) co_await reply_error(call, done.error().error, StreamKind::events);
}

}  // namespace hearth::gateway
