#include "answer_once.h"

#include "judge.h"

#include <hearth/answers/cache_control.h>
#include <hearth/core/log.h>
#include <hearth/privacy/class_of_call.h>

#include <fmt/format.h>

#include <array>

namespace hearth::gateway {
namespace {

using answers::AnswerPtr;
using answers::Digest;
using dialects::ApiCode;

constexpr std::string_view kKeyHeader = "Idempotency-Key";
constexpr std::string_view kAgainHeader = "x-hearth-idempotency";
constexpr std::string_view kRetryHeader = "x-stainless-retry-count";  // of OpenAI's and Anthropic's SDKs: 0, 1, …
constexpr std::string_view kSourceHeader = "x-hearth-answer";
// SDKs repeat a call half a second to two seconds after it failed them.
constexpr Millis kWaitForRetry{2'000};

// What those who follow a call know of it: in the flight's note.
struct Told {
  std::shared_ptr<const Model> model;
  std::string reason;
  std::string_view source;
  std::optional<dialects::ApiError> refusal;
};

// ── Keys

// As far as is known before anybody is asked. Where only this box could be, nobody has looked at the data yet.
DataClass class_of(const Call& call) {
  if (call.decision.judged) return call.decision.data_class;
  const auto said = said_class(call.exchange.request().headers);
  if (!said) return DataClass::secret;
  return privacy::class_of_call({.key = call.principal.data_class,
                                 .header = *said,
                                 .agent = call.decision.agent_class,
                                 .unsaid = call.services.config.policy.default_class,
                                 .detected = DataClass::open});
}

Digest key_of(const Call& call, const Model& model, DataClass data_class) {
  static constexpr std::array<std::string_view, 3> kSeen{"anthropic-beta", "anthropic-version", "openai-beta"};
  const net::RequestHead& request = call.exchange.request();
  std::vector<std::string> headers;
  for (const std::string_view name : kSeen)
    if (request.headers.has(name)) headers.push_back(fmt::format("{}: {}", name, request.headers.get(name)));
  answers::Identity identity;
  identity.tenant = call.principal.id;
  identity.target = request.target;
  identity.model = model.id;
  identity.revision = model.revision;
  identity.upstream = model.upstream->name();
  identity.policy = call.services.policy_version;
  identity.data_class = data_class;
  identity.headers = headers;
  return answers::key(identity, *call.asked);
}

answers::CacheTerms terms_of(const Call& call, DataClass data_class) {
  if (call.services.cache == nullptr) return {};
  const auto control = answers::parse_cache_control(call.exchange.request().headers.get("Cache-Control"));
  return answers::cache_terms(call.asked->not_cacheable.empty(), control, data_class,
                              call.services.cache->limits().lifetime);
}

// What the cache has; nullptr: nothing that may be used.
net::awaitable<AnswerPtr> look(Call& call, Digest key, answers::CacheTerms terms, const Candidate& first) {
  AnswerPtr hit = co_await call.services.cache->find(key, call.principal.id, terms.max_age, wall_now());
  if (hit != nullptr) {
    call.decision.model = first.model;
    call.decision.reason = first.reason;
    call.decision.source = "cache";
  }
  co_return hit;
}

// ── From what is there to the client

net::Headers headers_for(const Call& call, const std::string& content_type, const answers::AnswerHeaders& own,
                         bool stream) {
  net::Headers headers = answer_headers(call, content_type);
  for (const auto& [name, value] : own) headers.add(name, value);
  if (!call.decision.source.empty()) headers.add(std::string(kSourceHeader), std::string(call.decision.source));
  if (stream) headers.add("Cache-Control", "no-cache");
  return headers;
}

net::awaitable<void> replay(Call& call, AnswerPtr answer) {
  net::Exchange& client = call.exchange.client();
  call.decision.status = 200;
  net::Headers headers = headers_for(call, answer->content_type, answer->headers, answer->is_stream());
  if (!answer->is_stream()) {
    [[maybe_unused]] const auto sent = co_await client.respond(200, std::move(headers), answer->body);
    co_return;
  }
  call.decision.first_byte = steady_now();
  client.start(200, std::move(headers));
  for (std::size_t i = 0; i < answer->ends.size(); ++i) {
    const auto written = co_await client.write(answer->piece(i));
    if (!written) co_return;
  }
  co_await client.finish();
}

// What the leader was refused with, or the follower's own trouble.
dialects::ApiError refusal_for(const answers::Follower& follower, const Error& error) {
  const auto* told = std::any_cast<Told>(&follower.flight().note);
  const bool own = error.is(Errc::cancelled) || error.is(Errc::resource_exhausted);
  if (!own && told != nullptr && told->refusal) return *told->refusal;
  return dialects::to_api_error(error);
}

// Of a follower: who answers, and why, is as the leader has it.
void take_over(Call& call, const answers::Follower& follower) {
  const auto* told = std::any_cast<Told>(&follower.flight().note);
  if (told == nullptr) return;
  if (!told->source.empty()) call.decision.source = told->source;
  if (follower.leads()) return;
  call.decision.model = told->model;
  call.decision.reason = told->reason;
}

net::awaitable<void> deliver(Call& call, answers::Follower& follower) {
  net::Exchange& client = call.exchange.client();
  const auto opening = co_await follower.opening();
  take_over(call, follower);
  if (!opening) {
    co_await tell_error(call, client, refusal_for(follower, opening.error()), StreamKind::events);
    co_return;
  }
  call.decision.status = 200;
  for (bool first = true;; first = false) {
    const auto piece = co_await follower.next();
    if (!piece) {
      co_await tell_error(call, client, refusal_for(follower, piece.error()), StreamKind::events);
      co_return;
    }
    if (first && !opening->stream) {
      const std::string_view whole = *piece ? std::string_view(**piece) : std::string_view();
      net::Headers headers = headers_for(call, opening->content_type, opening->headers, false);
      [[maybe_unused]] const auto sent = co_await client.respond(200, std::move(headers), whole);
      co_return;
    }
    if (first) {
      call.decision.first_byte = steady_now();
      client.start(200, headers_for(call, opening->content_type, opening->headers, true));
    }
    if (!*piece) break;
    const auto written = co_await client.write(**piece);
    if (!written) {
      call.decision.status = dialects::to_api_error(written.error()).status;
      co_return;
    }
  }
  co_await client.finish();
}

// ── The leader's call upstream

// One call that others may follow.
class Leading {
 public:
  Leading(Call& call, answers::Flight& flight, const dialects::JsonBody* body, answers::CacheTerms terms,
          AskUpstream ask)
      : call_(call), flight_(flight), body_(body), data_class_(class_of(call)), terms_(terms), ask_(std::move(ask)) {
    call_.exchange.divert(flight_, [this] { tell(); });
  }

  // `key` is that of an answer of `model`'s.
  net::awaitable<void> run(const Model& model, Digest key) {
    model_ = &model;
    key_ = key;
    co_await ask_();
    co_await settle();
  }

  // The same under an Idempotency-Key.
  net::awaitable<void> run_once(answers::Ticket ticket, Candidate first) {
    answers::Idempotency& journal = call_.services.idempotency;
    const bool again = call_.exchange.request().headers.get(kAgainHeader) == "rerun";
    const auto standing = co_await journal.accept(ticket, again, wall_now());
    if (!standing) co_return refuse(dialects::to_api_error(standing.error()));
    if (standing->verdict == answers::Verdict::replay) {
      call_.decision.source = "replayed";
      co_return co_await give(standing->answer);
    }
    if (standing->verdict != answers::Verdict::run) co_return refuse(why_not(standing->verdict));
    if (terms_.look) {
      const AnswerPtr hit = co_await look(call_, key_for(*first.model), terms_, first);
      if (hit != nullptr) {
        co_await commit(ticket, hit);
        co_return co_await give(hit);
      }
    }
    call_.ticket = ticket;
    co_await ask_();
    call_.ticket.reset();
    co_await settle(std::move(ticket));
  }

 private:
  // For those who follow.
  void tell(std::optional<dialects::ApiError> refusal = std::nullopt) {
    flight_.note = Told{call_.decision.model, call_.decision.reason, call_.decision.source, std::move(refusal)};
  }

  void refuse(dialects::ApiError error) {
    Error cause(Errc::unavailable, error.message);
    tell(std::move(error));
    flight_.fail(std::move(cause));
  }

  // An answer that is there already.
  net::awaitable<void> give(AnswerPtr answer) {
    tell();
    flight_.open({answer->content_type, answer->headers, answer->is_stream()});
    const std::size_t pieces = answer->is_stream() ? answer->ends.size() : 1;
    for (std::size_t i = 0; i < pieces; ++i) {
      const auto taken = co_await flight_.append(std::string(answer->is_stream() ? answer->piece(i) : answer->body));
      if (!taken) co_return;
    }
    flight_.finish();
  }

  // After work: what came of it is kept where it is to be kept, and those who follow are told that this was all.
  net::awaitable<void> settle(std::optional<answers::Ticket> ticket = std::nullopt) {
    Outlet& outlet = call_.exchange;
    switch (outlet.end()) {
      case Outlet::End::none:
        co_return;  // given up: whoever waits is told so
      case Outlet::End::refused:
        if (ticket && !call_.ticket_spent) co_await release(std::move(*ticket));
        co_return refuse(*outlet.refusal());
      case Outlet::End::whole:
      case Outlet::End::streamed:
        break;
    }
    if (!call_.decision.judged && (terms_.store || ticket)) co_await judge_late();
    const bool whole = outlet.end() == Outlet::End::whole;
    AnswerPtr answer;
    if (whole) answer = kept(outlet.opening(), outlet.take_whole());
    if (!whole && (terms_.store || ticket)) answer = kept(flight_.kept());
    if (ticket) co_await commit(std::move(*ticket), answer);
    tell();
    if (whole) {
      flight_.open(outlet.opening());
      const auto taken = co_await flight_.append(answer->body);
      if (!taken) co_return;
    }
    flight_.finish();
    if (terms_.store && answer != nullptr) call_.services.cache->put(key_for(*call_.decision.model), answer);
  }

  // Of an answer of `model`'s; most calls are answered by the first that they are planned for.
  Digest key_for(const Model& model) {
    if (model_ != &model) {
      model_ = &model;
      key_ = key_of(call_, model, data_class_);
    }
    return key_;
  }

  // Where nobody else could be asked, nobody looked yet how confidential the data are.
  net::awaitable<void> judge_late() {
    call_.decision.data_class = data_class_;
    if (body_ == nullptr) co_return;
    const auto judged = co_await judge(call_, *body_);
    if (!judged) call_.decision.data_class = DataClass::secret;  // so that nothing is kept
  }

  AnswerPtr kept(const answers::Opening& opening, std::string body) const {
    answers::Answer answer;
    answer.content_type = opening.content_type;
    answer.headers = opening.headers;
    answer.body = std::move(body);
    return kept(std::move(answer));
  }

  AnswerPtr kept(std::optional<answers::Answer> answer) const {
    if (!answer) return nullptr;
    answer->tenant = call_.principal.id;
    answer->data_class = call_.decision.data_class;
    answer->input_tokens = call_.decision.input_tokens;
    answer->output_tokens = call_.decision.output_tokens;
    if (const spend::Cost& cost = call_.decision.cost; cost.nano.value_or(0) > 0) {
      answer->currency = cost.currency;
      answer->nano = *cost.nano;
    }
    answer->answered_by = call_.decision.model->id;
    answer->made = std::chrono::floor<Seconds>(wall_now());
    return std::make_shared<const answers::Answer>(std::move(*answer));
  }

  net::awaitable<void> commit(answers::Ticket ticket, AnswerPtr answer) {
    const auto committed = co_await call_.services.idempotency.commit(std::move(ticket), std::move(answer));
    if (!committed)
      log::error("gateway", "an idempotent request's answer was not kept", {{"error", committed.error().describe()}});
  }

  net::awaitable<void> release(answers::Ticket ticket) {
    const auto released = co_await call_.services.idempotency.release(std::move(ticket));
    if (!released)
      log::error("gateway", "an idempotent request was not released", {{"error", released.error().describe()}});
  }

  static dialects::ApiError why_not(answers::Verdict verdict) {
    dialects::ApiError error =
        verdict == answers::Verdict::other_request
            ? dialects::api_error(ApiCode::idempotency_key_reused,
                                  "this Idempotency-Key was used for another request within the last day; take a new "
                                  "key for a new request")
        : verdict == answers::Verdict::answer_gone
            ? dialects::api_error(ApiCode::answer_lost,
                                  "this request was answered before, but its answer was too large or too confidential "
                                  "to be kept; send it with 'x-hearth-idempotency: rerun' to pay for it again")
            : dialects::api_error(ApiCode::answer_lost,
                                  "this request was sent before and may have been paid for, but the answer is lost; "
                                  "send it with 'x-hearth-idempotency: rerun' to have it run again");
    error.retry_is_useless = true;
    return error;
  }

  Call& call_;
  answers::Flight& flight_;
  const dialects::JsonBody* body_;
  DataClass data_class_;  // that the call is known by
  answers::CacheTerms terms_;
  AskUpstream ask_;
  const Model* model_ = nullptr;  // that key_ is of
  Digest key_;
};

net::awaitable<void> follow(Call& call, answers::Follower follower) {
  call.decision.source = "joined";
  co_await deliver(call, follower);
}

net::awaitable<void> lead(const Call& call, answers::Follower follower, net::awaitable<void> work,
                          answers::Flights::Read read) {
  answers::Flights& flights = call.services.flights;
  return call.asked->stream ? flights.lead(std::move(follower), std::move(work), std::move(read))
                            : flights.lead_whole(std::move(follower), std::move(work), std::move(read));
}

net::awaitable<void> answer_by_ticket(Call& call, Candidate first, const dialects::JsonBody* body,
                                      answers::CacheTerms terms, AskUpstream ask) {
  const std::string_view key = call.exchange.request().headers.get(kKeyHeader);
  if (!answers::is_idempotency_key(key)) {
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::invalid_value,
                                  "an Idempotency-Key has 1 to 255 visible ASCII characters, such as a UUID",
                                  std::string(kKeyHeader)));
  }
  const answers::Ticket ticket =
      answers::make_ticket(call.principal.id, key, call.exchange.request().target, *call.asked);
  // Whoever sends a key comes back for the answer: the call goes on without him. But the box itself hangs up only when
  // it does not want it any more.
  const Millis linger = call.own_errand ? Millis(0) : call.services.config.limits.request_time;
  const answers::Terms flight_terms{answers::Sharing::all, linger, false};
  answers::Follower follower = call.services.flights.join(ticket.flight(), flight_terms);
  if (!follower.leads()) co_return co_await follow(call, std::move(follower));
  Leading leading(call, follower.flight(), body, terms, std::move(ask));
  const auto read = [&call](answers::Follower& own) { return deliver(call, own); };
  co_await lead(call, std::move(follower), leading.run_once(ticket, std::move(first)), read);
}

}  // namespace

answers::Shape shape_of(const Call& call) {
  const std::string_view operation = call.decision.operation;
  if (operation != "chat" && operation != "text_completion") return answers::Shape::deterministic;
  switch (call.dialect) {
    case Dialect::responses:
      return answers::Shape::responses;
    case Dialect::anthropic:
      return answers::Shape::messages;
    case Dialect::ollama:
      return answers::Shape::ollama;
    case Dialect::openai:
      break;
  }
  return answers::Shape::chat;
}

net::awaitable<Result<void>> before_sending(Call& call) {
  if (!call.ticket) co_return Result<void>();
  const auto sent = co_await call.services.idempotency.sent(*call.ticket);
  if (!sent) co_return fail(sent.error().wrap("what is sent under an Idempotency-Key must be written down first"));
  call.ticket_spent = true;
  co_return Result<void>();
}

net::awaitable<void> answer_once(Call& call, Candidate first, const dialects::JsonBody* body, AskUpstream ask) {
  if (!call.asked) co_return co_await ask();
  const DataClass data_class = class_of(call);
  const answers::CacheTerms terms = terms_of(call, data_class);
  const net::Headers& headers = call.exchange.request().headers;
  if (headers.has(kKeyHeader)) co_return co_await answer_by_ticket(call, std::move(first), body, terms, std::move(ask));
  const std::string_view retry = headers.get(kRetryHeader);
  if (!terms.store && retry.empty()) co_return co_await ask();

  const Digest key = key_of(call, *first.model, data_class);
  if (terms.look) {
    const AnswerPtr hit = co_await look(call, key, terms, first);
    if (hit != nullptr) co_return co_await replay(call, hit);
  }
  answers::Flights& flights = call.services.flights;
  if (!terms.store && retry != "0")
    if (auto orphan = flights.adopt(key)) co_return co_await follow(call, std::move(*orphan));
  const answers::Terms flight_terms{terms.store ? answers::Sharing::all : answers::Sharing::orphans,
                                    retry.empty() ? Millis(0) : kWaitForRetry};
  answers::Follower follower = flights.join(key, flight_terms);
  if (!follower.leads()) co_return co_await follow(call, std::move(follower));
  Leading leading(call, follower.flight(), body, terms, std::move(ask));
  const auto read = [&call](answers::Follower& own) { return deliver(call, own); };
  co_await lead(call, std::move(follower), leading.run(*first.model, key), read);
}

}  // namespace hearth::gateway
