// From a call to whoever answers it: its data are judged, a plan is made, and its candidates are tried in turn.
#pragma once

#include "as_written.h"
#include "upstream_call.h"

#include <hearth/dialects/chat.h>
#include <hearth/gateway/plan.h>

#include <string>
#include <string_view>

namespace hearth::gateway {

// What is to be answered, as far as it matters who does.
struct Wanted {
  std::string_view model;  // as the client asks for it
  Task task = Task::chat;
  const dialects::JsonBody* body = nullptr;  // as its client wrote it
  dialects::RequestFacts facts = {};         // of chats
  const AsWritten* own = nullptr;            // where some may get it so
};

// Judges the call's data and plans; both are noted in its decision. model_not_found, model_not_loaded,
// data_class_denied, upstream_unavailable, invalid_value, and why it cannot be translated where all would need that.
net::awaitable<dialects::Decoded<Plan>> plan_call(Call& call, Wanted wanted);

// A conversation stays with whoever answered it first.
void keep_conversation(Call& call);
// What goes on from `id`, an answer or a conversation that its maker keeps, goes to that maker.
void keep_maker(const Call& call, std::string_view id, const Model& maker);

inline constexpr int kTriesHere = 2;       // at an engine, which is restarted
inline constexpr int kTriesElsewhere = 4;  // at a server, each with another of its keys

// A provider has had the call, and its answer is lost: it may have been charged for.
inline bool may_be_charged(const Candidate& candidate, const Failure& failure) {
  return candidate.model->upstream->facts().kind == UpstreamKind::provider && !failure.not_begun;
}
// What the client is told then, so that it does not pay again by accident.
Failure told_of_charge(Failure failure);

inline const std::string& for_records(const Failure& failure) {
  return failure.recorded.empty() ? failure.error.message : failure.recorded;
}

// attempt(const Candidate&) → awaitable<Attempt<T>> for one candidate after the other, until one succeeds, no other
// can, or the client has got a part of an answer. What may have been charged for goes to no other who charges, unless
// policy.repeat_uncertain allows it. The first failure is what the client is told, or the one that may cost.
template <typename T, typename Try>
net::awaitable<Attempt<T>> try_each(Call& call, const Plan& plan, Try attempt) {
  std::optional<Failure> first;
  bool charged = false;  // perhaps
  for (const Candidate& candidate : plan.candidates) {
    const UpstreamKind kind = candidate.model->upstream->facts().kind;
    if (charged && kind == UpstreamKind::provider) {
      call.decision.passed.push_back({candidate.model->id, "another provider may have charged for the call"});
      continue;
    }
    call.decision.model = candidate.model;
    call.decision.reason = candidate.reason;
    const bool engine = kind == UpstreamKind::engine;
    for (int tries = 1; tries <= (engine ? kTriesHere : kTriesElsewhere); ++tries) {
      ++call.decision.attempts;
      const SteadyTime began = steady_now();
      Attempt<T> done = co_await attempt(candidate);
      const Model& asked = *call.decision.model;
      const UpstreamFacts& facts = asked.upstream->facts();
      call.decision.tried.push_back({asked.id, done ? 200 : done.error().error.status,
                                     done ? std::string() : for_records(done.error()),
                                     seconds_between(began, steady_now()), facts.region, facts.retention});
      if (done) {
        keep_conversation(call);
        co_return done;
      }
      const Again again = done.error().again;
      if (!first) first = done.error();
      const bool lost = may_be_charged(candidate, done.error()) && !call.exchange.started();
      if (lost && !call.services.config.policy.repeat_uncertain) {
        charged = true;
        done.error() = told_of_charge(std::move(done.error()));
        first = done.error();
      }
      if (call.ticket_spent && !done.error().not_begun) co_return done;  // it must not be paid for twice
      call.ticket_spent = false;
      if (again == Again::never || call.exchange.started()) co_return done;
      if (again == Again::elsewhere || !candidate.model->upstream->obstacle().empty()) break;
    }
  }
  co_return std::unexpected(std::move(*first));
}

}  // namespace hearth::gateway
