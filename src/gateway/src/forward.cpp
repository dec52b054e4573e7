#include "forward.h"

#include <hearth/dialects/chat_stream.h>

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

void begin_stream(Call& call, const Relay& relay) {
  if (call.exchange.started()) return;
  call.decision.first_byte = steady_now();
  call.decision.status = 200;
  net::Headers headers = answer_headers(call, relay.stream_type());
  headers.add("Cache-Control", "no-cache");
  call.exchange.start(200, std::move(headers));
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

// What a server elsewhere answers is checked before a client's dialect gets to see it.
class CheckedRelay : public Relay {
 public:
  CheckedRelay(std::unique_ptr<Relay> next, bool usage_wanted) : next_(std::move(next)), stream_(usage_wanted) {}
  [[nodiscard]] std::string_view stream_type() const override { return next_->stream_type(); }
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes));
    if (part_.empty()) return std::string_view();
    return next_->part(part_);
  }
  Result<void> end() override {
    HEARTH_TRY(stream_.end());
    return next_->end();
  }
  Result<std::string> whole(std::string body) override {
    if (const std::string error = dialects::error_in_answer(body); !error.empty())
      return fail(Errc::unavailable, error);
    return next_->whole(std::move(body));
  }
  [[nodiscard]] dialects::Usage usage() const override {
    return stream_.usage() == dialects::Usage() ? next_->usage() : stream_.usage();
  }

 private:
  std::unique_ptr<Relay> next_;
  dialects::ChatStream stream_;
  std::string part_;
};

// What is to be sent, but for the model's name.
struct Outgoing {
  const dialects::JsonBody& body;
  const dialects::ForwardHead& head;
  std::string target;
};

net::awaitable<Attempt<>> pass_stream(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer,
                                      Relay& relay) {
  std::vector<char> part(kPart);
  for (;;) {
    const auto n = co_await answer.read_some(part);
    if (!n) co_return broke(place, upstream, n.error());
    if (*n == 0) break;
    const auto bytes = relay.part({part.data(), *n});
    if (!bytes) co_return misspoke(place, upstream, bytes.error());
    if (bytes->empty()) continue;
    begin_stream(call, relay);
    const auto written = co_await call.exchange.write(*bytes);
    if (!written) co_return give_up(dialects::to_api_error(written.error()));
  }
  if (const auto ended = relay.end(); !ended) co_return misspoke(place, upstream, ended.error());
  begin_stream(call, relay);
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

net::awaitable<Attempt<>> forward_once(Call& call, const Outgoing& out, const Candidate& candidate,
                                       const MakeRelay& make) {
  const Model& model = *candidate.model;
  Upstream& upstream = *model.upstream;
  std::unique_ptr<Relay> relay = make(call);
  const dialects::SplicedBody body = dialects::splice_string(out.body.view(), out.head.model_at, model.there());
  std::string asking;  // the same with what this box wants to know
  net::BodyParts parts{body.head, body.replacement, body.tail};
  if (upstream.facts().kind != UpstreamKind::engine) {
    const bool says = dialects::has_word(out.body, "stream_options");
    relay = std::make_unique<CheckedRelay>(std::move(relay), says);
    if (out.head.stream && !says) {
      asking = dialects::ask_for_usage(body.join());
      parts = net::BodyParts(asking);
    }
  }
  auto lease = co_await acquire(call, upstream);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& place = **lease;
  net::RequestHead head{"POST", out.target, {{"Content-Type", "application/json"}}};
  place.address(head);
  auto sent = co_await place.client().send(std::move(head), parts, place.deadline());
  if (!sent) co_return broke(place, upstream, sent.error());
  const auto answered = co_await expect_ok(place, upstream, *sent);
  if (!answered) co_return std::unexpected(answered.error());
  if (is_stream(*answered)) co_return co_await pass_stream(call, place, upstream, *sent, *relay);
  co_return co_await pass_whole(call, place, upstream, *sent, *relay);
}

}  // namespace

std::unique_ptr<Relay> pass_through(const Call&) {
  return std::make_unique<PassThrough>();
}

net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay make) {
  const Wanted wanted{head.model, task, &body};
  const auto plan = co_await plan_call(call, wanted);
  if (!plan) co_return co_await reply_error(call, plan.error());
  const Outgoing out{body, head, std::move(target)};
  const auto attempt = [&](const Candidate& candidate) { return forward_once(call, out, candidate, make); };
  const Attempt<> done = co_await try_each<void>(call, *plan, attempt);
  if (!done) co_await reply_error(call, done.error().error, StreamKind::events);
}

}  // namespace hearth::gateway
