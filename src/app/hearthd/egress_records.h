// What leaves the box other than calls, in the egress ledger: connections of pulls, of pack installs and of programs
// behind the gate's proxies, and messages to webhooks. Recorded before the first byte and completed after the last;
// what cannot be recorded does not leave.
//
// Any thread; nothing here blocks.
#pragma once

#include <hearth/egress/gate.h>
#include <hearth/egress/ledger.h>
#include <hearth/egress/sockets.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace hearth::daemon {

class EgressRecords : public std::enable_shared_from_this<EgressRecords> {
 public:
  // `ledger` outlives all that is recorded; nullptr: nothing may leave. `policy`: the gate's, for what it says of each.
  EgressRecords(egress::Ledger* ledger, egress::Policy policy) : ledger_(ledger), policy_(std::move(policy)) {}

  // One more rule, which the gate has as well.
  void allow(egress::Rule rule);

  // What is to go, as far as that is known before.
  struct Message {
    std::string call;  // empty: of none
    std::string body;
  };
  using Begun = std::move_only_function<void(Result<egress::Ledger::Call>)>;
  // `done` is called once, when the record is on the disk; or with permission_denied (policy; the ledger was tampered
  // with), unavailable (it cannot be written now), invalid_argument.
  void begin(const egress::Destination& to, const Message& message, Begun done);
  void complete(const egress::Ledger::Call& call, egress::Complete record);

  // A connection through the gate. Errors as begin() and Gate::open.
  void open(egress::Gate* gate, egress::Destination to, Deadline deadline, egress::Connected done);

  // Those of programs behind the gate's proxies.
  void ask(const egress::Proxied& wish, egress::Gate::Verdict verdict);
  void over(std::uint64_t id, egress::Traffic traffic);
  // What went over those that are open will never be known.
  void cut();

  // The gate is about to go: nobody asks it any more, and no verdict reaches it.
  void close();

 private:
  void judged(const egress::Proxied& wish, const egress::Gate::Verdict& verdict, Result<egress::Ledger::Call> begun);
  void complete_connection(const egress::Ledger::Call& call, egress::Traffic traffic);
  Result<egress::Allowance> allowed(const egress::Destination& to);

  egress::Ledger* const ledger_;
  std::mutex mutex_;
  egress::Policy policy_;                                  // under mutex
  std::map<std::uint64_t, egress::Ledger::Call> proxied_;  // under mutex
  bool closed_ = false;                                    // under mutex
};

}  // namespace hearth::daemon
