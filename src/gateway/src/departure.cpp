#include "departure.h"

#include "answer_once.h"

#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/core/sha256.h>
#include <hearth/egress/report.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;

spend::Call cost_of(const Call& call, const Candidate& candidate, const spend::Usage& worst) {
  const Model& model = *candidate.model;
  const UpstreamFacts& facts = model.upstream->facts();
  spend::Call cost;
  cost.who = {call.principal.id, call.principal.name, call.decision.agent};
  cost.upstream = model.upstream->name();
  cost.model = model.there();
  cost.metered = facts.kind != UpstreamKind::engine;
  if (facts.kind == UpstreamKind::provider) cost.provider = cost.upstream;
  cost.worst = worst;
  cost.at = wall_now();
  cost.durability = facts.kind == UpstreamKind::provider ? spend::Durability::durable : spend::Durability::block;
  return cost;
}

Failure refused(const Error& error) {
  dialects::ApiError told = dialects::to_api_error(error);
  if (error.is(Errc::resource_exhausted) || error.is(Errc::failed_precondition)) {
    told = dialects::api_error(ApiCode::budget_exceeded, error.message());
    told.retry_is_useless = true;
  }
  return not_begun(std::move(told), Again::elsewhere).error();
}

spend::Usage priced(const dialects::Usage& usage) {
  spend::Usage priced =
      spend::from_openai(usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens);
  priced.cache_write_long = std::min(priced.cache_write, usage.cache_write_1h_tokens);
  priced.cache_write -= priced.cache_write_long;
  return priced;
}

// What allowed it, and what was said of the place. What lowered the class comes first: reports look for it there.
std::string rule_of(const Call& call, const Upstream& upstream) {
  const UpstreamFacts& facts = upstream.facts();
  std::string rule;
  if (const auto& lowered = call.decision.lowered)
    rule = fmt::format("{}{} ({} to {}), ", egress::kLoweredBy, lowered->rule->name, to_string(lowered->from),
                       to_string(lowered->to));
  rule.append("providers.").append(upstream.name()).append(".sees: ").append(to_string(facts.sees));
  if (facts.out_of_region) rule += ", outside of policy.regions";
  if (!facts.region.empty()) rule += fmt::format(", region: {}", facts.region);
  if (!facts.retention.empty()) rule += fmt::format(", retention: {}", facts.retention);
  return rule;
}

egress::Begin record_of(const Call& call, const Candidate& candidate, const net::BodyParts& body, std::string sha256) {
  const Model& model = *candidate.model;
  const UpstreamFacts& facts = model.upstream->facts();
  egress::Begin begin;
  begin.time = wall_now();
  begin.call = call.id;
  begin.who = call.principal.id;
  begin.data_class = call.decision.data_class;
  begin.rule = rule_of(call, *model.upstream);
  begin.purpose = facts.kind == UpstreamKind::lan ? egress::Purpose::lan : egress::Purpose::provider;
  begin.destination = facts.destination;
  begin.upstream = model.upstream->name();
  begin.model = model.there();
  begin.bytes = body.size();
  begin.sha256 = std::move(sha256);
  return begin;
}

// What is to be on the disk before the first byte goes.
struct Booked {
  Result<spend::Reservation> reservation = fail(Errc::internal, "nothing was reserved");
  Result<egress::Ledger::Call> entry = egress::Ledger::Call();  // nullptr: it does not leave the box
};

// Both in one commit where both must wait for one.
class Booking : public std::enable_shared_from_this<Booking> {
 public:
  using Done = std::move_only_function<void(Result<Booked>)>;
  Booking(spend::Budgets& budgets, egress::Ledger* ledger, Done done)
      : budgets_(budgets), ledger_(ledger), done_(std::move(done)) {}

  void start(const spend::Call& cost, const std::optional<egress::Begin>& record) {
    const auto self = shared_from_this();
    budgets_.reserve(cost, [self](Result<spend::Reservation> reserved) {
      self->booked_.reservation = std::move(reserved);
      self->refused_ = !self->booked_.reservation;
      self->one_is_done();
    });
    if (record && !refused_) {
      enter(*record);
    } else {
      one_is_done();
    }
  }

 private:
  void enter(const egress::Begin& record) {
    if (ledger_ == nullptr || record.purpose == egress::Purpose::lan) {
      booked_.entry = ledger_ == nullptr ? fail(Errc::failed_precondition, "the egress ledger cannot be continued")
                                         : ledger_->begin_in_background(record);
      return one_is_done();
    }
    ledger_->begin(record, [self = shared_from_this()](Result<egress::Ledger::Call> entry) {
      self->booked_.entry = std::move(entry);
      self->one_is_done();
    });
  }

  void one_is_done() {
    if (--waiting_ == 0) done_(std::move(booked_));
  }

  spend::Budgets& budgets_;
  egress::Ledger* ledger_;
  Done done_;
  Booked booked_;
  std::atomic<bool> refused_{false};  // as far as is known yet
  std::atomic<int> waiting_{2};
};

// Where nothing has to wait for the disk: by far the most calls to engines and within the LAN.
std::optional<Booked> book_at_once(Call& call, const spend::Call& cost, const std::optional<egress::Begin>& record) {
  egress::Ledger* ledger = call.services.ledger;
  if (record && (ledger == nullptr || record->purpose != egress::Purpose::lan)) return std::nullopt;
  auto reservation = call.services.budgets.try_reserve(cost);
  if (!reservation) return std::nullopt;
  Booked booked{std::move(*reservation)};
  if (record) booked.entry = ledger->begin_in_background(*record);
  return booked;
}

net::awaitable<Booked> book_on_disk(Call& call, spend::Call cost, std::optional<egress::Begin> record) {
  const auto start = [&](auto done) {
    std::make_shared<Booking>(call.services.budgets, call.services.ledger, std::move(done))->start(cost, record);
  };
  auto booked = co_await net::from_callback<Booked>(start);
  co_return std::move(*booked);
}

}  // namespace

Departure::~Departure() {
  if (entry_ != nullptr) record(egress::Outcome::cancelled, 0, {});
}

void Departure::record(egress::Outcome outcome, int status, const dialects::Usage& usage) {
  if (entry_ == nullptr) return;
  egress::Complete complete;
  complete.time = wall_now();
  complete.outcome = outcome;
  complete.status = static_cast<std::uint32_t>(status);
  complete.sent = bytes_;
  complete.received = received_;
  complete.tokens_in = usage.input_tokens;
  complete.tokens_out = usage.output_tokens;
  ledger_->complete(entry_, complete);
  entry_.reset();
}

void Departure::record_unsent() {
  bytes_ = 0;
  record(egress::Outcome::failed, 0, {});
}

void Departure::charge(const dialects::Usage& usage) {
  if (!reservation_) return;
  if (usage != dialects::Usage()) {
    cost_ = reservation_->settle(priced(usage));
  } else {
    spend::Usage bound = worst_;  // no token is less than a byte
    bound.output = std::min(bound.output, received_);
    cost_ = reservation_->settle(bound);
  }
  reservation_.reset();
}

void Departure::close(const Failure* failure, const dialects::Usage& usage) {
  if (failure != nullptr && failure->not_begun) {
    if (reservation_) reservation_->release();
    reservation_.reset();
    if (failure->unsent) return record_unsent();
    return record(egress::Outcome::failed, failure->error.status, {});
  }
  charge(usage);
  constexpr int kClientLeft = 499;
  const egress::Outcome outcome = failure == nullptr                     ? egress::Outcome::answered
                                  : failure->error.status == kClientLeft ? egress::Outcome::cancelled
                                                                         : egress::Outcome::broken;
  record(outcome, received_ > 0 ? 200 : 0, usage);
}

net::awaitable<Attempt<Departure>> depart(Call& call, const Candidate& candidate, Cargo cargo) {
  Departure departure(call.services.ledger, cargo.body.size());
  departure.worst_ = spend::worst_case(
      {.text_bytes = cargo.body.size() - std::min<std::uint64_t>(cargo.body.size(), cargo.bounds.picture_bytes),
       .images = cargo.bounds.images,
       .choices = cargo.bounds.choices,
       .max_output = cargo.bounds.max_output});
  std::optional<egress::Begin> record;
  if (candidate.model->upstream->facts().kind != UpstreamKind::engine) {
    const auto hash = [&cargo]() -> Result<std::string> {
      return to_hex(view(sha256({cargo.body.first, cargo.body.second, cargo.body.third})));
    };
    auto sha256 = co_await parse_sized(call, cargo.body.size(), hash);
    if (!sha256) co_return not_begun(dialects::to_api_error(sha256.error()));
    record = record_of(call, candidate, cargo.body, std::move(*sha256));
  }
  spend::Call cost = cost_of(call, candidate, departure.worst_);
  std::optional<Booked> booked = book_at_once(call, cost, record);
  if (!booked) {
    Booked waited_for = co_await book_on_disk(call, std::move(cost), std::move(record));
    booked = std::move(waited_for);
  }
  if (booked->entry) departure.entry_ = std::move(*booked->entry);
  if (!booked->reservation) {
    departure.record_unsent();
    co_return std::unexpected(refused(booked->reservation.error()));
  }
  departure.reservation_ = std::move(*booked->reservation);
  if (!booked->entry) {
    departure.reservation_->release();
    log::error("gateway", "a call was kept back, for it could not be recorded",
               {{"error", booked->entry.error().describe()}});
    co_return not_begun(dialects::api_error(ApiCode::service_unavailable,
                                            "what leaves this box is recorded first, and that is not possible now; "
                                            "`hearth egress verify` says why"),
                        Again::elsewhere);
  }
  if (departure.entry_ != nullptr) {
    const auto noted = co_await before_sending(call);
    if (!noted) {
      departure.reservation_->release();
      departure.record_unsent();
      co_return not_begun(dialects::to_api_error(noted.error()));
    }
  }
  departure.reservation_->begin();
  co_return departure;
}

}  // namespace hearth::gateway
