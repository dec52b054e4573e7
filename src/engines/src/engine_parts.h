// What the files of Engine share.
#pragma once

#include "engine.h"

#include <hearth/core/file.h>
#include <hearth/net/client.h>

#include <boost/asio/as_tuple.hpp>

#include <algorithm>
#include <optional>

namespace hearth::engines {

inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// The daemon's side of one process's socket. The engine can write to its socket folder, so the socket is opened once
// and reached through that descriptor: whatever is put in its place later is not followed.
struct Engine::Connection {
  Connection(const net::Executor& executor, Fd socket, const std::string& label, std::size_t slots);
  Fd pinned;
  net::HttpClient client;  // for requests: its traffic is the progress of work in flight
  net::HttpClient own;     // for the daemon's own questions
};

// Somebody who waits; lives in the waiting coroutine's frame and takes itself off the list.
struct Engine::Waiter {
  Waiter(Engine& e, std::list<Waiter*>& l);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  void leave();  // idempotent

  Engine& engine;
  std::list<Waiter*>& list;
  std::list<Waiter*>::iterator place;
  bool listed = true;
  bool granted = false;          // a place in the engine is taken for it
  std::uint64_t generation = 0;  // of the process it was granted in
  const SteadyTime since;
  const std::uint64_t failures;  // Engine::failures_ when it came
  const std::uint64_t refusals;  // Engine::refusals_ when it came
  net::Event event;
};

}  // namespace hearth::engines
