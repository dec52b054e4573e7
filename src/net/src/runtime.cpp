#include "tuple.h"

#include <hearth/core/log.h>
#include <hearth/net/runtime.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cassert>
#include <vector>

namespace hearth::net {

// ── TaskGroup
// ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct TaskGroup::Impl {
  explicit Impl(Executor e) : executor(e), empty(std::move(e)) { empty.set(); }
  Executor executor;
  std::list<asio::cancellation_signal> running;
  Event empty;
};

namespace {

awaitable<void> guarded(std::string name, awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  try {
    co_await std::move(task);
  } catch (const std::exception& e) {
    log::error("net", "a background task ended with an exception", {{"task", name}, {"what", e.what()}});
  }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor) : impl_(std::make_shared<Impl>(std::move(executor))) {}

TaskGroup::~TaskGroup() {
  assert(impl_->running.empty() && "stop() the group before it goes");
}

void TaskGroup::spawn(std::string name, awaitable<void> task) {
  Impl& group = *impl_;
  const auto entry = group.running.emplace(group.running.end());
  group.empty.reset();
  auto ended = [impl = impl_, entry](const std::exception_ptr&) {
    impl->running.erase(entry);
    if (impl->running.empty()) impl->empty.set();
  };
  asio::co_spawn(group.executor, guarded(std::move(name), std::move(task)),
                 asio::bind_cancellation_slot(entry->slot(), std::move(ended)));
}

void TaskGroup::cancel() {
  // A task may end, and leave the list, while it is told to.
  std::vector<asio::cancellation_signal*> signals;
  for (auto& signal : impl_->running) signals.push_back(&signal);
  for (auto* signal : signals) {
    for (auto& running : impl_->running) {
      if (&running != signal) continue;
      signal->emit(asio::cancellation_type::terminal);
      break;
    }
  }
}

awaitable<void> TaskGroup::stop() {
  // A task that was between two operations when it was told has not heard: tell it again until all have ended.
  for (;;) {
    cancel();
    const auto ended = co_await impl_->empty.wait(Deadline::in(Millis(50)));
    if (ended || impl_->running.empty()) co_return;
  }
}

awaitable<bool> TaskGroup::wait(Deadline deadline) {
  const auto ended = co_await impl_->empty.wait(deadline);
  co_return ended.has_value();
}

std::size_t TaskGroup::size() const noexcept {
  return impl_->running.size();
}

// ── Time
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

awaitable<Result<void>> sleep_until(SteadyTime time) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  const auto [ec] = co_await timer.async_wait(kTuple);
  if (ec) co_return fail(Errc::cancelled, "stopped while waiting");
  co_return Result<void>();
}

awaitable<Result<void>> sleep_for(std::chrono::nanoseconds duration) {
  return sleep_until(steady_now() + std::chrono::duration_cast<SteadyTime::duration>(duration));
}

awaitable<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

// ── Event
// ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Event::Impl {
  explicit Impl(Executor e) : executor(std::move(e)) {}
  Executor executor;
  bool set = false;
  std::list<asio::steady_timer> waiters;
};

Event::Event(Executor executor) : impl_(std::make_shared<Impl>(std::move(executor))) {}
Event::~Event() = default;

void Event::set() {
  impl_->set = true;
  for (auto& waiter : impl_->waiters) waiter.cancel();
}

void Event::reset() {
  impl_->set = false;
}
bool Event::is_set() const noexcept {
  return impl_->set;
}

awaitable<Result<void>> Event::wait(Deadline deadline) {
  const std::shared_ptr<Impl> impl = impl_;  // the event may go while it is waited for
  if (impl->set) co_return Result<void>();
  const auto timer = impl->waiters.emplace(impl->waiters.end(), impl->executor, deadline.time());
  const auto [ec] = co_await timer->async_wait(kTuple);
  impl->waiters.erase(timer);
  if (impl->set) co_return Result<void>();
  if (!ec) co_return fail(Errc::deadline_exceeded, "it took too long");
  const bool told_to_stop = co_await is_cancelled();
  // Set and reset again before this coroutine ran: it was woken, which is what it waited for.
  if (!told_to_stop) co_return Result<void>();
  co_return fail(Errc::cancelled, "stopped while waiting");
}

}  // namespace hearth::net
