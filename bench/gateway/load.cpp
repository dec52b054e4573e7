#include "load.h"

#include "answer.h"

#include <hearth/core/clock.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <functional>
#include <optional>

namespace hearth::bench {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;
constexpr Seconds kPatience{20};  // after the last request was due

Result<Fd> connect_to(const Target& target) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(target.port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0)
    return fail(Errc::unavailable, fmt::format("nothing answers at {} (port {})", target.name, target.port));
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

struct Connection {
  Fd fd;
  std::string unsent;  // what the socket did not take at once
  std::optional<Answer> answer;
  SteadyTime since;  // when the request was due
  bool in_body = false;
  std::string body;
  std::size_t number = 0;
};

class Loop {
 public:
  // Called when a body's bytes came, and when an answer ended (well or not).
  std::function<void(Connection&, SteadyTime)> on_body = [](Connection& c, SteadyTime) { c.body.clear(); };
  std::function<void(Connection&, SteadyTime, bool ok)> on_end;

  static Result<Loop> open(const Target& target, std::size_t connections) {
    Loop loop(target);
    for (std::size_t i = 0; i < connections; ++i) {
      loop.connections_[i] = std::make_unique<Connection>();
      loop.connections_[i]->number = i;
      HEARTH_TRY(loop.connect(*loop.connections_[i]));
    }
    return loop;
  }

  Connection& operator[](std::size_t i) { return *connections_[i]; }

  void send(Connection& c, std::string_view bytes, SteadyTime since) {
    c.since = since;
    c.answer.emplace();
    c.in_body = false;
    c.body.clear();
    const ssize_t n = ::send(c.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const std::size_t sent = n < 0 ? 0 : static_cast<std::size_t>(n);
    if (sent == bytes.size()) return;
    c.unsent = bytes.substr(sent);
    watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }

  // Until then, or earlier when something came.
  void wait(SteadyTime until) {
    const auto left = std::max(until - steady_now(), SteadyTime::duration::zero());
    const auto seconds = std::chrono::duration_cast<Seconds>(left);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
    const int n = ::epoll_pwait2(poll_.get(), events_.data(), static_cast<int>(events_.size()), &time, nullptr);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      Connection& c = *connections_[event.data.u64];
      if ((event.events & EPOLLOUT) != 0) send_rest(c);
      if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0) receive(c);
    }
  }

 private:
  explicit Loop(const Target& target) : target_(target), poll_(::epoll_create1(EPOLL_CLOEXEC)), connections_(kMost) {}
  static constexpr std::size_t kMost = 2048;

  Result<void> connect(Connection& c) {
    HEARTH_TRY_ASSIGN(c.fd, connect_to(target_));
    watch(c, EPOLLIN, EPOLL_CTL_ADD);
    return {};
  }

  void watch(Connection& c, unsigned events, int how) {
    epoll_event event{.events = events, .data = {.u64 = c.number}};
    ::epoll_ctl(poll_.get(), how, c.fd.get(), &event);
  }

  void send_rest(Connection& c) {
    const ssize_t n = ::send(c.fd.get(), c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) c.unsent.erase(0, static_cast<std::size_t>(n));
    if (c.unsent.empty()) watch(c, EPOLLIN, EPOLL_CTL_MOD);
  }

  void receive(Connection& c) {
    const ssize_t n = ::recv(c.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    const SteadyTime now = steady_now();
    if (n <= 0 || !c.answer) {  // closed, or more than was asked for
      end(c, now, false);
      return;
    }
    c.answer->feed({buffer_.data(), static_cast<std::size_t>(n)}, c.body);
    if (!c.body.empty()) on_body(c, now);
    c.in_body = c.in_body || !c.body.empty();
    if (c.answer->done() || c.answer->broken()) end(c, now, c.answer->done() && c.answer->ok());
  }

  void end(Connection& c, SteadyTime now, bool ok) {
    const bool asked = c.answer.has_value();
    const bool again = !ok || c.answer->closes();
    c.answer.reset();
    c.unsent.clear();
    if (again) {
      // Where there is nobody any more, the caller's patience ends it.
      [[maybe_unused]] const auto connected = connect(c);
    }
    if (asked) on_end(c, now, ok);
  }

  Target target_;
  Fd poll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::array<epoll_event, 512> events_{};
  std::string buffer_ = std::string(kReadSize, '\0');
};

}  // namespace

Result<Answered> closed_loop(const Target& target, Request request, std::size_t connections,
                             std::chrono::nanoseconds warm_up, std::chrono::nanoseconds measured) {
  HEARTH_TRY_ASSIGN(Loop loop, Loop::open(target, connections));
  Answered answered;
  const SteadyTime from = steady_now() + warm_up;
  const SteadyTime end = from + measured;
  loop.on_end = [&](Connection& c, SteadyTime now, bool ok) {
    if (now >= end) return;
    if (!ok) {
      ++answered.failed;
    } else if (c.since >= from) {
      answered.seconds.add(seconds_between(c.since, now));
    }
    loop.send(c, request.next(), steady_now());
  };
  for (std::size_t i = 0; i < connections; ++i) loop.send(loop[i], request.next(), steady_now());
  while (steady_now() < end) loop.wait(end);
  answered.elapsed = seconds_between(from, end);
  return answered;
}

Result<Answered> open_loop(const Target& target, Request request, double rate, std::size_t connections,
                           std::chrono::nanoseconds warm_up, std::chrono::nanoseconds measured) {
  HEARTH_TRY_ASSIGN(Loop loop, Loop::open(target, connections));
  Answered answered;
  std::vector<Connection*> free;
  for (std::size_t i = 0; i < connections; ++i) free.push_back(&loop[i]);
  std::deque<SteadyTime> waiting;
  std::size_t in_flight = 0;
  const SteadyTime begin = steady_now();
  const SteadyTime from = begin + warm_up;
  const SteadyTime end = from + measured;
  const auto interval = std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(1 / rate));
  const auto start_waiting = [&] {
    while (!waiting.empty() && !free.empty()) {
      Connection& c = *free.back();
      free.pop_back();
      ++in_flight;
      loop.send(c, request.next(), waiting.front());
      waiting.pop_front();
    }
  };
  loop.on_end = [&](Connection& c, SteadyTime now, bool ok) {
    --in_flight;
    free.push_back(&c);
    if (!ok) {
      ++answered.failed;
    } else if (c.since >= from) {
      answered.seconds.add(seconds_between(c.since, now));
    }
    start_waiting();
  };
  SteadyTime due = begin;
  while (due < end || ((in_flight > 0 || !waiting.empty()) && steady_now() < end + kPatience)) {
    const SteadyTime now = steady_now();
    for (; due < end && due <= now; due += interval) waiting.push_back(due);
    start_waiting();
    loop.wait(due < end ? due : end + kPatience);
  }
  answered.failed += in_flight + waiting.size();
  answered.elapsed = seconds_between(from, end);
  return answered;
}

Result<Streamed> streams(const Target& target, Paced paced, std::size_t connections, std::size_t each) {
  HEARTH_TRY_ASSIGN(Loop loop, Loop::open(target, connections));
  Request request = Request::stream(target, paced);
  Streamed streamed;
  struct One {
    std::size_t deltas = 0;
    std::size_t left = 0;
    bool ended = false;
  };
  std::vector<One> all(connections, One{.deltas = 0, .left = each, .ended = false});
  std::size_t open = connections;
  loop.on_body = [&](Connection& c, SteadyTime now) {
    One& one = all[c.number];
    if (!c.in_body) streamed.first_byte.add(seconds_between(c.since, now));
    std::size_t at = 0;
    for (;;) {
      const auto end = c.body.find("\n\n", at);
      if (end == std::string::npos) break;
      const std::string_view event = std::string_view(c.body).substr(at, end - at);
      at = end + 2;
      if (event.ends_with("[DONE]")) one.ended = true;
      constexpr std::string_view kStamp = R"("content":"@)";
      const auto stamp = event.find(kStamp);
      if (stamp == std::string_view::npos) continue;
      std::int64_t written = 0;
      std::from_chars(event.data() + stamp + kStamp.size(), event.data() + event.size(), written);
      streamed.late.add(static_cast<double>(now.time_since_epoch().count() - written) / 1e9);
      ++one.deltas;
    }
    c.body.erase(0, at);
  };
  loop.on_end = [&](Connection& c, SteadyTime, bool ok) {
    One& one = all[c.number];
    ++(ok && one.ended && one.deltas == paced.deltas ? streamed.complete : streamed.broken);
    one = {.deltas = 0, .left = one.left - 1, .ended = false};
    if (one.left == 0) {
      --open;
      return;
    }
    loop.send(c, request.next(), steady_now());
  };
  // Their starts are spread over one step, so that their deltas are too.
  const auto step = std::chrono::microseconds(paced.pace_us) / static_cast<std::int64_t>(connections);
  SteadyTime due = steady_now();
  const SteadyTime give_up = due + kPatience + each * (paced.deltas + 2) * 2 * std::chrono::microseconds(paced.pace_us);
  for (std::size_t begun = 0; open > 0 && steady_now() < give_up;) {
    for (; begun < connections && due <= steady_now(); due += step) {
      loop.send(loop[begun++], request.next(), steady_now());
    }
    loop.wait(begun < connections ? due : give_up);
  }
  for (const One& one : all) streamed.broken += one.left;
  return streamed;
}

Result<std::vector<Fd>> idle_connections(const Target& target, Request request, std::size_t count) {
  std::vector<Fd> open;
  std::string buffer(kReadSize, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    HEARTH_TRY_ASSIGN(Fd fd, connect_to(target));
    const std::string_view bytes = request.next();
    if (::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      return fail_errno(errno, "sending a request");
    Answer answer;
    std::string body;
    while (!answer.done()) {
      const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0 || answer.broken())
        return fail(Errc::protocol_error, fmt::format("{} refused connection {}", target.name, i + 1));
      answer.feed({buffer.data(), static_cast<std::size_t>(n)}, body);
    }
    if (!answer.ok())
      return fail(Errc::protocol_error, fmt::format("{} answered {}: {}", target.name, answer.status(), body));
    open.push_back(std::move(fd));
  }
  return open;
}

}  // namespace hearth::bench
