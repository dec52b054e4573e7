// What is settled before a call goes to whoever is to answer it, and after: its place in the budgets and, if it leaves
// the box, its record in the egress ledger.
#pragma once

#include "upstream_call.h"

#include <hearth/dialects/chat.h>
#include <hearth/egress/ledger.h>
#include <hearth/gateway/plan.h>
#include <hearth/spend/budgets.h>

#include <optional>
#include <string>
#include <string_view>

namespace hearth::gateway {

// What is to go, as far as books are kept of it.
struct Cargo {
  net::BodyParts body;
  dialects::AnswerBounds bounds;  // of its answer
};

// One attempt, from before its first byte until its end. Whoever forgets to say what became of it has it charged in
// full and recorded as cancelled.
class Departure {
 public:
  Departure(Departure&&) noexcept = default;
  Departure& operator=(Departure&&) = delete;
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;
  ~Departure();

  // Bytes of its answer have come.
  void received(std::size_t bytes) noexcept { received_ += bytes; }
  // What the answer did cost, once it is closed.
  [[nodiscard]] const spend::Cost& cost() const noexcept { return cost_; }
  // It has ended. Nobody charges for what was not begun; without a usage, what has come is counted, a token a byte.
  template <typename T>
  void close(const Attempt<T>& done, const dialects::Usage& usage) {
    close(done ? nullptr : &done.error(), usage);
  }

 private:
  friend net::awaitable<Attempt<Departure>> depart(Call& call, const Candidate& candidate, Cargo cargo);
  Departure(egress::Ledger* ledger, std::uint64_t bytes) : ledger_(ledger), bytes_(bytes) {}
  void close(const Failure* failure, const dialects::Usage& usage);
  void record(egress::Outcome outcome, int status, const dialects::Usage& usage);
  // It was kept back.
  void record_unsent();
  void charge(const dialects::Usage& usage);

  egress::Ledger* ledger_;  // nullptr: nothing may leave
  std::uint64_t bytes_;     // to be sent
  std::uint64_t received_ = 0;
  spend::Usage worst_;
  std::optional<spend::Reservation> reservation_;
  spend::Cost cost_;
  egress::Ledger::Call entry_;  // nullptr: it does not leave the box
};

// Reserves and records. budget_exceeded: what it may cost is more than is left; another upstream may be cheaper.
net::awaitable<Attempt<Departure>> depart(Call& call, const Candidate& candidate, Cargo cargo);

}  // namespace hearth::gateway
