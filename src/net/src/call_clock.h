// The times that a client's call must keep: one for the whole call, and one for each thing it waits for. When one is
// missed, what the socket does is cancelled.
//
// A wait costs no timer: the one timer looks, when it fires, whether it is too early meanwhile.
#pragma once

#include "message.h"

#include <hearth/core/clock.h>
#include <hearth/net/runtime.h>

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <memory>

namespace hearth::net {

class CallClock {
 public:
  // What was not over in time.
  enum class Wait { call, head, read, write, none };

  // Watches `socket`, which outlives it.
  CallClock(const Executor& executor, StreamSocket& socket) : timer_(executor), socket_(&socket) {
    due_.fill(SteadyTime::max());
  }
  void watch(StreamSocket& socket) noexcept { socket_ = &socket; }
  void set_deadline(Deadline deadline) { begin(Wait::call, deadline.time()); }
  void begin(Wait wait, SteadyTime until) {
    due(wait) = until;
    if (until < armed_) arm(until);
  }
  void end(Wait wait) noexcept { due(wait) = SteadyTime::max(); }
  void stop() { timer_.cancel(); }
  // none, as long as all was in time.
  [[nodiscard]] Wait missed() const noexcept { return *missed_; }

 private:
  static constexpr std::size_t kWaits = static_cast<std::size_t>(Wait::none);
  SteadyTime& due(Wait wait) noexcept { return due_[static_cast<std::size_t>(wait)]; }
  void arm(SteadyTime time) {
    armed_ = time;
    timer_.expires_at(time);
    // The socket outlives the wait: the timer is cancelled when the call goes, and the flag says if it was too late.
    timer_.async_wait([this, alive = std::weak_ptr<Wait>(missed_)](const boost::system::error_code& ec) {
      const auto flag = alive.lock();
      if (!ec && flag) fire(*flag);
    });
  }
  void fire(Wait& flag) {
    armed_ = SteadyTime::max();
    std::size_t first = 0;
    for (std::size_t i = 1; i < kWaits; ++i)
      if (due_[i] < due_[first]) first = i;
    if (due_[first] == SteadyTime::max()) return;
    if (steady_now() < due_[first]) return arm(due_[first]);
    flag = static_cast<Wait>(first);
    boost::system::error_code ignored;
    socket_->cancel(ignored);
  }

  asio::steady_timer timer_;
  StreamSocket* socket_;
  std::array<SteadyTime, kWaits> due_{};
  SteadyTime armed_ = SteadyTime::max();
  std::shared_ptr<Wait> missed_ = std::make_shared<Wait>(Wait::none);
};

}  // namespace hearth::net
