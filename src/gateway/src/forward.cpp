#include "forward.h"

#include "answer_once.h"
#include "departure.h"
#include "hedge.h"
#include "outgoing.h"
#include "trimmed.h"

#include <algorithm>
#include <vector>

namespace hearth::gateway {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 20;
constexpr std::size_t kPart = 16 * 1024;

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

net::awaitable<Attempt<>> pass_stream(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer,
                                      Relay& relay, Departure& departure) {
  std::vector<char> part(kPart);
  for (;;) {
    const auto n = co_await answer.read_some(part);
    if (!n) co_return broke(place, upstream, n.error());
    if (*n == 0) break;
    departure.received(*n);
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
                                     Relay& relay, Departure& departure) {
  auto body = co_await answer.read_all(kMaxAnswer);
  if (!body) co_return broke(place, upstream, body.error());
  if (!is_object(*body)) co_return unreadable(place, upstream);
  const std::size_t size = body->size();
  departure.received(size);
  const auto relayed = co_await parse_sized(call, size, [&] { return relay.whole(std::move(*body), nullptr); });
  if (!relayed) co_return misspoke(place, upstream, relayed.error());
  place.finish(Outcome::ok);
  note(call, relay.usage());
  co_await reply_json(call, *relayed);
  co_return Attempt<>();
}

net::awaitable<Attempt<>> pass_answer(Call& call, Lease& place, const Upstream& upstream, net::ClientCall& answer,
                                      Relay& relay, Departure& departure) {
  const auto answered = co_await expect_ok(place, upstream, answer);
  if (!answered) co_return std::unexpected(answered.error());
  if (is_stream(*answered)) co_return co_await pass_stream(call, place, upstream, answer, relay, departure);
  co_return co_await pass_whole(call, place, upstream, answer, relay, departure);
}

// Where the request does not say how long its answer may be: what is said in its place, or what the model can do.
dialects::AnswerBounds bounds_of(const Request& request, const Model& model, bool translated) {
  const UpstreamFacts& facts = model.upstream->facts();
  if (facts.kind == UpstreamKind::engine) return {};
  dialects::AnswerBounds bounds = request.head.facts.bounds;
  if (bounds.max_output) return bounds;
  bounds.max_output = model.max_output;
  if (translated) bounds.max_output = facts.max_output;
  return bounds;
}

// What an attempt says of how fast its model is; nothing where the input was wrong or the client left.
void measure(const Call& call, const Candidate& candidate, const Attempt<>& done, std::uint64_t tokens,
             SteadyTime began) {
  Pace& pace = *candidate.model->pace;
  const SteadyTime now = steady_now();
  if (!done && done.error().again == Again::never) return;
  if (!done) return pace.failed(now);
  Pace::Answer answer{.seconds = seconds_between(began, now), .output_tokens = tokens};
  if (call.decision.first_byte) answer.first_byte = seconds_between(began, *call.decision.first_byte);
  pace.answered(answer, now);
}

// What a later request may name is found again at whoever made it, or goes on with it.
void note_kept(const Call& call, const AsWritten& own, const Model& maker, std::string_view id, bool answered) {
  if (own.stored && !id.empty()) keep_maker(call, id, maker);
  if (answered && !own.kept.empty()) keep_maker(call, own.kept, maker);
}

net::awaitable<Attempt<>> forward_once(Call& call, const Request& request, const Candidate& candidate) {
  Upstream& upstream = *candidate.model->upstream;
  const auto out = co_await prepare(call, request, candidate);
  if (!out) co_return not_begun(out.error().error, out.error().again);
  auto lease = co_await acquire(call, upstream);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& place = **lease;
  const Cargo cargo{out->body(), bounds_of(request, *candidate.model, out->translated != nullptr)};
  auto departure = co_await depart(call, candidate, cargo);
  if (!departure) co_return std::unexpected(departure.error());
  net::RequestHead head{"POST", out->target, out->headers};
  place.address(head);
  Attempt<> done;
  const SteadyTime began = steady_now();
  auto sent = co_await place.client().send(std::move(head), cargo.body, place.deadline());
  if (sent) {
    done = co_await pass_answer(call, place, upstream, *sent, *out->relay, *departure);
  } else {
    done = broke(place, upstream, sent.error());
  }
  measure(call, candidate, done, out->relay->usage().output_tokens, began);
  departure->close(done, out->relay->usage());
  if (done) note_savings(call, candidate, out->relay->usage());
  if (request.own != nullptr) note_kept(call, *request.own, *candidate.model, out->relay->kept_as(), done.has_value());
  call.decision.cost = departure->cost();
  co_return done;
}

bool may_be_stored(const AsWritten& own, const Plan& plan) {
  return std::ranges::any_of(plan.candidates,
                             [&](const Candidate& asked) { return own.is_for(asked.model->upstream->facts()); });
}

net::awaitable<void> ask_in_turn(Call& call, const Request& request, const Plan& plan) {
  Hedge hedge(call, plan, [&](Call& of, const Candidate& candidate) { return forward_once(of, request, candidate); });
  const auto attempt = [&](const Candidate& candidate) { return hedge.attempt(candidate); };
  const Attempt<> done = co_await try_each<void>(call, plan, attempt);
  if (!done) co_await reply_error(call, done.error().error, StreamKind::events);
}

}  // namespace

net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay relay, const AsWritten* own) {
  const Wanted wanted{head.model, task, own != nullptr ? &own->body : &body, head.facts, own};
  const auto plan = co_await plan_call(call, wanted);
  if (!plan) co_return co_await reply_error(call, plan.error());
  if (own != nullptr && own->stored && call.asked && may_be_stored(*own, *plan))
    call.asked->not_cacheable = "the provider is to keep it";
  const Request request{body, head, std::move(target), std::move(relay), own};
  const auto ask = [&] { return ask_in_turn(call, request, *plan); };
  co_await answer_once(call, plan->candidates.front(), wanted.body, ask);
}

}  // namespace hearth::gateway
