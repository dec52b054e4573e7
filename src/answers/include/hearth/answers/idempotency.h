// Requests that carry an Idempotency-Key: each is sent upstream at most once, whatever happens to the box in between,
// unless its caller says otherwise, and the same request with the same key gets the same answer.
//
// What was done is written down before and after, in the store:
//
//   (nothing) ──accept()──▶ accepted ──sent()──▶ sent ──commit()──▶ committed
//                               │                  │
//                               └────release()─────┘   nothing was billed: the next one begins anew
//
// Each step is on the disk when its call returns. A record that is found `accepted` while no call by it is in flight
// was never sent: it runs anew. One that is found `sent` may have been billed and its answer is lost: it does not run
// again by itself. Calls in flight are the business of Flights: join by Ticket::flight() first, and let the leader
// alone ask here.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>
#include <hearth/answers/request.h>
#include <hearth/net/runtime.h>
#include <hearth/store/store_thread.h>

#include <memory>
#include <optional>
#include <string>

namespace hearth::answers {

struct IdempotencyLimits {
  Seconds lifetime{24 * 3600};
  std::uint64_t records = 100'000;       // past that a tenant's oldest goes for its newest
  std::uint64_t answer = 4ULL << 20;     // larger ones are not kept, only that there was one
  std::uint64_t answers = 256ULL << 20;  // all together; past that the oldest are not kept any more
};

// A key as clients may choose one: 1 to 255 visible characters of ASCII.
bool is_idempotency_key(std::string_view text) noexcept;

// One request under one key of one tenant.
struct Ticket {
  std::string tenant;
  Digest id;       // of tenant and key
  Digest request;  // of what is asked: target, body, stream or not
  // What calls in flight are joined by.
  [[nodiscard]] Digest flight() const;
};
Ticket make_ticket(std::string_view tenant, std::string_view key, std::string_view target, const Request& request);

enum class RecordState : std::uint8_t { accepted, sent, committed };

struct IdempotencyRecord {
  Digest request;
  RecordState state = RecordState::accepted;
  WallTime made;
  bool has_answer = false;
};

enum class Verdict {
  run,            // it was not sent yet, or may be sent again
  replay,         // it was answered: here it is
  other_request,  // the key was used for something else
  uncertain,      // it was sent, and may have been billed; the answer is lost
  answer_gone,    // it was answered, but the answer was not kept
};

// What is to become of a request whose record (if there is one) is this, and by whose key nothing is in flight. Pure.
// `again`: the caller wants it run again where it may have been billed already.
Verdict judge(const std::optional<IdempotencyRecord>& record, const Digest& request, bool again, WallTime now,
              Seconds lifetime);

// Belongs to one executor; `store` outlives it.
class Idempotency {
 public:
  Idempotency(store::StoreThread& store, IdempotencyLimits limits);
  ~Idempotency();
  Idempotency(const Idempotency&) = delete;
  Idempotency& operator=(const Idempotency&) = delete;

  struct Standing {
    Verdict verdict = Verdict::run;
    AnswerPtr answer;  // of replay
  };
  // Errors of these as StoreThread's. They are not cancelled midway.
  net::awaitable<Result<Standing>> accept(Ticket ticket, bool again, WallTime now);
  // Before the first byte goes upstream. When it fails, nothing may be sent.
  net::awaitable<Result<void>> sent(Ticket ticket);
  // nullptr, one that is too large, or of class secret: that it was answered is all that is kept.
  net::awaitable<Result<void>> commit(Ticket ticket, AnswerPtr answer);
  net::awaitable<Result<void>> release(Ticket ticket);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::answers
