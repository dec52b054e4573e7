#include "egress_records.h"

#include <hearth/core/ids.h>
#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

using egress::Purpose;

// Pulls, packs and webhooks carry what this box itself wants or says, of nobody's data; of what a program sends nobody
// knows anything.
DataClass class_of(Purpose purpose) {
  const bool ours = purpose == Purpose::pull || purpose == Purpose::pack || purpose == Purpose::webhook;
  return ours ? DataClass::internal : kUnknownClass;
}

std::string shown(const egress::Destination& to) {
  const bool is_v6 = to.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", to.host, to.port) : fmt::format("{}:{}", to.host, to.port);
}

// For who waits: may it pass by itself?
Error told(const Error& why) {
  constexpr std::string_view kSays =
      "what leaves this box is recorded first, and that is not possible now; `hearth egress verify` says why";
  const bool for_good = why.is(Errc::corrupt) || why.is(Errc::failed_precondition);
  log::error("egress", "a connection was not opened, for it could not be recorded", {{"error", why.describe()}});
  if (why.is(Errc::resource_exhausted))
    return {Errc::unavailable,
            "what leaves this box is recorded first, and the disk is full, or too slow, for that: free some space"};
  return {for_good ? Errc::permission_denied : Errc::unavailable, std::string(kSays)};
}

}  // namespace

void EgressRecords::allow(egress::Rule rule) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(policy_.rules, rule) == policy_.rules.end()) policy_.rules.push_back(std::move(rule));
}

Result<egress::Allowance> EgressRecords::allowed(const egress::Destination& to) {
  const std::lock_guard lock(mutex_);
  HEARTH_TRY_ASSIGN(egress::Allowance allowance, egress::judge(policy_, to));
  // Where a name leads is the gate's to find out, and a failed connection then.
  if (const auto address = egress::IpAddress::parse(to.host)) {
    HEARTH_TRY(egress::judge_address(allowance, to, *address));
  }
  return allowance;
}

void EgressRecords::begin(const egress::Destination& to, const Message& message, Begun done) {
  auto allowance = allowed(to);
  if (!allowance) return done(fail(std::move(allowance).error()));
  if (ledger_ == nullptr) return done(fail(told(Error(Errc::failed_precondition, "the ledger cannot be continued"))));
  egress::Begin record;
  record.time = wall_now();
  record.call = message.call;
  record.who = to.who;
  record.data_class = class_of(to.purpose);
  record.rule = std::move(allowance->rule);
  record.purpose = to.purpose;
  record.destination = shown(to);
  record.bytes = message.body.size();
  if (!message.body.empty()) record.sha256 = sha256_hex(message.body);
  ledger_->begin(record, [done = std::move(done)](Result<egress::Ledger::Call> begun) mutable {
    if (!begun && !begun.error().is(Errc::invalid_argument)) begun = fail(told(begun.error()));
    done(std::move(begun));
  });
}

void EgressRecords::complete(const egress::Ledger::Call& call, egress::Complete record) {
  record.time = wall_now();
  ledger_->complete(call, record);
}

void EgressRecords::complete_connection(const egress::Ledger::Call& call, egress::Traffic traffic) {
  egress::Complete record;
  record.outcome = traffic.received > 0 ? egress::Outcome::answered : egress::Outcome::failed;
  record.sent = traffic.sent;
  record.received = traffic.received;
  complete(call, record);
}

void EgressRecords::open(egress::Gate* gate, egress::Destination to, Deadline deadline, egress::Connected done) {
  auto host = egress::parse_host(to.host);
  if (!host) return done(fail(std::move(host).error()));
  to.host = std::move(*host);
  const auto opened = [self = shared_from_this(), done](const egress::Ledger::Call& call,
                                                        Result<egress::Opened> result) {
    if (!result) {
      self->complete_connection(call, {});
      return done(fail(std::move(result).error()));
    }
    const auto over = [self, call](egress::Traffic traffic) { self->complete_connection(call, traffic); };
    done(egress::Connection(std::move(result->fd), over));
  };
  begin(to, {}, [self = shared_from_this(), gate, to, deadline, done, opened](Result<egress::Ledger::Call> begun) {
    if (!begun) return done(fail(std::move(begun).error()));
    const std::lock_guard lock(self->mutex_);
    if (self->closed_) return opened(*begun, fail(Errc::cancelled, "hearthd is stopping"));
    gate->open(to, deadline,
               [opened, call = *begun](Result<egress::Opened> result) { opened(call, std::move(result)); });
  });
}

void EgressRecords::ask(const egress::Proxied& wish, egress::Gate::Verdict verdict) {
  begin(wish.to, {}, [self = shared_from_this(), wish, verdict = std::move(verdict)](auto begun) {
    self->judged(wish, verdict, std::move(begun));
  });
}

void EgressRecords::judged(const egress::Proxied& wish, const egress::Gate::Verdict& verdict,
                           Result<egress::Ledger::Call> begun) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (!begun) return verdict(fail(std::move(begun).error()));
  log::info("gate", "a program goes out",
            {{"purpose", egress::to_string(wish.to.purpose)}, {"host", wish.to.host}, {"port", wish.to.port}});
  proxied_.insert_or_assign(wish.id, std::move(*begun));
  verdict({});
}

void EgressRecords::over(std::uint64_t id, egress::Traffic traffic) {
  egress::Ledger::Call call;
  {
    const std::lock_guard lock(mutex_);
    const auto found = proxied_.find(id);
    if (found == proxied_.end()) return;
    call = std::move(found->second);
    proxied_.erase(found);
  }
  complete_connection(call, traffic);
}

void EgressRecords::cut() {
  const std::lock_guard lock(mutex_);
  proxied_.clear();
}

void EgressRecords::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

}  // namespace hearth::daemon
