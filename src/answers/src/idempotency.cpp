#include "idempotency_records.h"

#include <hearth/answers/idempotency.h>

#include <algorithm>

namespace hearth::answers {
namespace {

constexpr std::size_t kLongestKey = 255;

// Runs `work` (Connection& → Result<T>) on the store thread; its Result is here when it is on the disk.
template <typename T, typename Work>
net::awaitable<Result<T>> in_store(store::StoreThread& store, Work work) {
  auto start = [&store, work = std::move(work)](auto done) mutable {
    const auto result = std::make_shared<Result<T>>();
    store.submit(
        [result, work = std::move(work)](store::Connection& connection) mutable -> Result<void> {
          *result = work(connection);
          if (!*result) return fail(result->error());
          return {};
        },
        [result, done = std::move(done)](Result<void> committed) mutable {
          if (!committed) *result = fail(std::move(committed).error());
          done(std::move(*result));
        });
  };
  return net::from_callback<T>(std::move(start));
}

}  // namespace

bool is_idempotency_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestKey &&
         std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

Ticket make_ticket(std::string_view tenant, std::string_view key, std::string_view target, const Request& request) {
  Ticket ticket;
  ticket.tenant = tenant;
  ticket.id = Hasher("hearth.idempotency.1").add(tenant).add(key).finish();
  ticket.request = Hasher("hearth.idempotent-request.1")
                       .add(target)
                       .add(request.stream ? "stream" : "whole")
                       .add(request.digest.view())
                       .finish();
  return ticket;
}

Digest Ticket::flight() const {
  return Hasher("hearth.idempotent-flight.1").add(id.view()).add(request.view()).finish();
}

Verdict judge(const std::optional<IdempotencyRecord>& record, const Digest& request, bool again, WallTime now,
              Seconds lifetime) {
  if (!record || now - record->made >= lifetime) return Verdict::run;
  if (record->request != request) return Verdict::other_request;
  switch (record->state) {
    case RecordState::accepted:
      return Verdict::run;
    case RecordState::sent:
      return again ? Verdict::run : Verdict::uncertain;
    case RecordState::committed:
      break;
  }
  if (record->has_answer) return Verdict::replay;
  return again ? Verdict::run : Verdict::answer_gone;
}

struct Idempotency::Impl {
  Impl(store::StoreThread& s, IdempotencyLimits limits)
      : store(s), records(std::make_shared<IdempotencyRecords>(limits)) {}
  store::StoreThread& store;
  std::shared_ptr<IdempotencyRecords> records;  // the store thread's; shared with work that is queued

  // What fails is undone by the store, and so is what the counts said of it.
  template <typename T, typename Work>
  net::awaitable<Result<T>> run(Work work) {
    auto job = [records = records, work = std::move(work)](store::Connection& connection) mutable -> Result<T> {
      Result<T> done = work(*records, connection);
      if (!done) records->forget_counts();
      return done;
    };
    auto done = co_await in_store<T>(store, std::move(job));
    if (!done) {
      // The commit itself may have failed, after the work had not.
      store.submit(
          [records = records](store::Connection&) -> Result<void> {
            records->forget_counts();
            return {};
          },
          [](const Result<void>&) {});
    }
    co_return done;
  }
};

Idempotency::Idempotency(store::StoreThread& store, IdempotencyLimits limits)
    : impl_(std::make_unique<Impl>(store, limits)) {}

Idempotency::~Idempotency() = default;

net::awaitable<Result<Idempotency::Standing>> Idempotency::accept(Ticket ticket, bool again, WallTime now) {
  auto work = [ticket = std::move(ticket), again, now](IdempotencyRecords& records, store::Connection& connection) {
    return records.accept(connection, ticket, again, now);
  };
  return impl_->run<Standing>(std::move(work));
}

net::awaitable<Result<void>> Idempotency::sent(Ticket ticket) {
  auto work = [ticket = std::move(ticket)](IdempotencyRecords&, store::Connection& connection) {
    return IdempotencyRecords::sent(connection, ticket);
  };
  return impl_->run<void>(std::move(work));
}

net::awaitable<Result<void>> Idempotency::commit(Ticket ticket, AnswerPtr answer) {
  auto work = [ticket = std::move(ticket), answer = std::move(answer)](IdempotencyRecords& records,
                                                                       store::Connection& connection) {
    return records.commit(connection, ticket, answer.get());
  };
  return impl_->run<void>(std::move(work));
}

net::awaitable<Result<void>> Idempotency::release(Ticket ticket) {
  auto work = [ticket = std::move(ticket)](IdempotencyRecords& records, store::Connection& connection) {
    return records.release(connection, ticket);
  };
  return impl_->run<void>(std::move(work));
}

}  // namespace hearth::answers
