// The table of idempotent requests. Runs on the store thread, within its transaction.
#pragma once

#include <hearth/answers/idempotency.h>

namespace hearth::answers {

class IdempotencyRecords {
 public:
  explicit IdempotencyRecords(IdempotencyLimits limits) : limits_(limits) {}

  // Errors of all as store::Connection's.
  Result<Idempotency::Standing> accept(store::Connection& connection, const Ticket& ticket, bool again, WallTime now);
  static Result<void> sent(store::Connection& connection, const Ticket& ticket);
  Result<void> commit(store::Connection& connection, const Ticket& ticket, const Answer* answer);
  Result<void> release(store::Connection& connection, const Ticket& ticket);
  // What was done was undone: count again.
  void forget_counts() noexcept { counted_ = false; }

 private:
  Result<void> count(store::Connection& connection);
  Result<void> drop_old(store::Connection& connection, WallTime now);
  Result<void> make_room(store::Connection& connection, const Ticket& ticket);
  Result<void> shrink_answers(store::Connection& connection);

  IdempotencyLimits limits_;
  bool counted_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;  // of answers
};

}  // namespace hearth::answers
