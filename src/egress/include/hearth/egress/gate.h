// hearthd's side of hearth-gate, the only process that opens connections into the world: asks it for a connection to a
// host, and gets the open descriptor. Starts the program again when it ends.
//
// open(), cancel(), allow(), add_proxy() and status(): any thread. Callbacks run on the gate's own thread and must not
// block.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/egress/destination.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hearth::egress {

struct Opened {
  Fd fd;                // TCP, connected, non-blocking, closed on exec, without Nagle's delay
  std::string address;  // what it is connected to: "192.0.2.1:443"; a proxy's, where one is in between
};

// A connection that a program other than hearthd makes through one of the gate's proxies.
struct Proxied {
  std::uint64_t id = 0;  // of no other one, whatever program it went through
  Destination to;
};

struct GateStatus {
  bool running = false;
  std::uint64_t starts = 0;   // of the program
  std::uint64_t opened = 0;   // connections
  std::uint64_t refused = 0;  // by policy
  std::uint64_t failed = 0;   // for other reasons
  std::size_t waiting = 0;
  std::string last_error;  // why it does not run; empty: it does
};

class Gate {
 public:
  // The program, just started: our end of the socket (SOCK_SEQPACKET) that it has as descriptor 3, and its handle.
  struct Program {
    Fd socket;
    Fd pidfd;
  };
  using Verdict = std::function<void(Result<void>)>;
  struct Options {
    std::function<Result<Program>()> launch;  // called by start(), and later on the gate's thread
    Policy policy;
    // May it? Call `verdict` once, on any thread, soon: the connection waits for it (10 s at most). Not set: yes.
    std::function<void(const Proxied&, Verdict verdict)> on_proxied = {};
    std::function<void(std::uint64_t id, std::uint64_t sent, std::uint64_t received)> on_proxied_over = {};
    // The program ended, and with it all connections through its proxies: of those nothing more is told.
    std::function<void()> on_proxied_cut = {};
  };
  // Starts the program and the thread. A program that cannot be started is tried again and again. io_error.
  static Result<std::unique_ptr<Gate>> start(Options options);
  // Ends the program; who still waits gets `cancelled`.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  using Done = std::function<void(Result<Opened>)>;
  // `done` is called once, perhaps before this returns: invalid_argument (the host is none), permission_denied
  // (policy), not_found (no such name), unavailable (no connection, no network, the gate is being started again),
  // deadline_exceeded, cancelled, resource_exhausted (too many wait).
  std::uint64_t open(Destination to, Deadline deadline, Done done);
  // Its `done` comes at once, with `cancelled`, if it has not come yet.
  void cancel(std::uint64_t id);
  // One more rule, from now on.
  void allow(Rule rule);
  // Serves as an HTTP proxy (CONNECT, and plain http requests) on a listening Unix socket, for programs that need the
  // net: each connection is judged by `purpose` and recorded under `who`.
  void add_proxy(Purpose purpose, std::string who, Fd listener);
  [[nodiscard]] GateStatus status() const;

 private:
  struct Impl;
  explicit Gate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::egress
