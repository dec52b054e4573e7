// The times that a client's calls must keep: one for each whole call, and one for each thing that it waits for. When
// one is missed, what the call's socket does is cancelled.
//
// A wait costs no timer: all calls of a client have one, which looks, when it fires, who is late.
#pragma once

#include "message.h"

#include <hearth/core/clock.h>
#include <hearth/net/runtime.h>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace hearth::net {

class CallClock;

// Shared by the calls of a client.
class ClientClock : public std::enable_shared_from_this<ClientClock> {
 public:
  explicit ClientClock(const Executor& executor) : timer_(executor) {}

 private:
  friend class CallClock;
  // Seldom is a call as late as it may be: the timer is set for a moment that is early enough for all that will begin
  // until then, and nobody has to set it again.
  static constexpr Millis kTick{250};

  // Somebody is to be told by then.
  void watch(SteadyTime until) {
    if (until >= armed_) return;
    armed_ = std::min(until, steady_now() + kTick);
    timer_.expires_at(armed_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
      const auto clock = weak.lock();
      if (!ec && clock) clock->look();
    });
  }
  inline void look();

  asio::steady_timer timer_;
  SteadyTime armed_ = SteadyTime::max();
  std::vector<CallClock*> calls_;
};

class CallClock {
 public:
  // What was not over in time.
  enum class Wait { call, head, read, write, none };

  // Watches `socket`. Both outlive it.
  CallClock(ClientClock& clock, StreamSocket& socket) : clock_(clock), socket_(&socket), place_(clock.calls_.size()) {
    due_.fill(SteadyTime::max());
    clock.calls_.push_back(this);
  }
  ~CallClock() {
    clock_.calls_.back()->place_ = place_;
    std::swap(clock_.calls_[place_], clock_.calls_.back());
    clock_.calls_.pop_back();
  }
  CallClock(const CallClock&) = delete;
  CallClock& operator=(const CallClock&) = delete;

  void watch(StreamSocket& socket) noexcept { socket_ = &socket; }
  void set_deadline(Deadline deadline) { begin(Wait::call, deadline.time()); }
  void begin(Wait wait, SteadyTime until) {
    due(wait) = until;
    clock_.watch(until);
  }
  void end(Wait wait) noexcept { due(wait) = SteadyTime::max(); }
  // none, as long as all was in time.
  [[nodiscard]] Wait missed() const noexcept { return missed_; }

 private:
  friend class ClientClock;
  static constexpr std::size_t kWaits = static_cast<std::size_t>(Wait::none);
  SteadyTime& due(Wait wait) noexcept { return due_[static_cast<std::size_t>(wait)]; }

  // When there is to be looked again, at the latest.
  SteadyTime look(SteadyTime now) {
    if (missed_ != Wait::none) return SteadyTime::max();
    const auto first = std::ranges::min_element(due_);
    if (now < *first) return *first;
    missed_ = static_cast<Wait>(first - due_.begin());
    boost::system::error_code ignored;
    socket_->cancel(ignored);
    return SteadyTime::max();
  }

  ClientClock& clock_;
  StreamSocket* socket_;
  std::size_t place_;  // in ClientClock::calls_
  std::array<SteadyTime, kWaits> due_{};
  Wait missed_ = Wait::none;
};

inline void ClientClock::look() {
  armed_ = SteadyTime::max();
  const SteadyTime now = steady_now();
  SteadyTime next = SteadyTime::max();
  for (CallClock* call : calls_) next = std::min(next, call->look(now));
  watch(next);
}

}  // namespace hearth::net
