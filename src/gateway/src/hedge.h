// Not waiting for whoever is silent: when a route says `hedge_after` and the first candidate has not begun to answer by
// then, the second is asked, too. Whoever begins first answers; the other is given up, and is recorded and charged like
// any call whose client has left.
//
// Never two who charge, so that nothing is paid twice; and never under an Idempotency-Key, which is sent once.
#pragma once

#include "upstream_call.h"

#include <hearth/gateway/plan.h>

#include <functional>
#include <memory>
#include <optional>

namespace hearth::gateway {

// Of one call that is asked in turn. `call` and `plan` outlive it.
class Hedge {
 public:
  using Ask = std::function<net::awaitable<Attempt<>>(Call& call, const Candidate& candidate)>;

  Hedge(Call& call, const Plan& plan, Ask ask);
  // One attempt. call.decision then is of whoever answered, or failed.
  net::awaitable<Attempt<>> attempt(const Candidate& candidate);

 private:
  net::awaitable<Attempt<>> race(Millis after);
  net::awaitable<Attempt<>> told_before();

  Call& call_;
  const Plan& plan_;
  Ask ask_;
  std::optional<Millis> after_;           // not set: nobody races, or those who could have
  std::optional<Failure> second_failed_;  // while it raced
};

}  // namespace hearth::gateway
