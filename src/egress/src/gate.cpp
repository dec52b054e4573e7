#include <hearth/core/log.h>
#include <hearth/egress/datagram.h>
#include <hearth/egress/gate.h>
#include <hearth/egress/gate_messages.h>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace hearth::egress {
namespace {

constexpr std::size_t kMostWaiting = 1024;
constexpr Millis kFirstPause{100};  // before the program is started again; doubled each time…
constexpr Millis kLongestPause{10'000};
constexpr Seconds kGoodRun{10};  // …unless it ran so long
constexpr Millis kLongestOpen{600'000};
// Of the number of a proxy's connection, as the program counts them; above stands which start of it that was.
constexpr unsigned kIdBits = 40;
constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kIdBits) - 1;

bool is_connected(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) return false;
  sockaddr_storage peer{};
  size = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

}  // namespace

struct Gate::Impl {
  struct Pending {
    Deadline deadline = Deadline::never();
    Done done;
  };
  struct Proxy {
    Purpose purpose;
    std::string who;
    Fd listener;
  };

  Options options;
  Fd wake;
  mutable std::mutex mutex;
  // Guarded by `mutex`:
  Policy policy;
  std::vector<Proxy> proxies;
  std::map<std::uint64_t, Pending> pending;
  std::uint64_t next_id = 1;
  Program program;
  GateStatus state;
  bool stopping = false;
  std::thread thread;

  void run();
  void launch();
  void serve();
  void end_program(const std::string& why);
  void handle(Datagram got);
  void take(const OpenedMessage& message, Fd fd);
  void take(FailedMessage message);
  void take(const AsksMessage& message);
  void take(const OverMessage& message) const;
  bool tell(const ToGate& message, int fd = -1);  // with `mutex` held; false: it was not taken
  void finish(std::uint64_t id, Result<Opened> result);
  void expire();
  Millis until_next();
  void answer(std::uint64_t id, const Result<void>& verdict);
  [[nodiscard]] std::uint64_t unique(std::uint64_t id) const;
};

// Each start of the program counts from the beginning.
std::uint64_t Gate::Impl::unique(std::uint64_t id) const {
  const std::lock_guard lock(mutex);
  return state.starts << kIdBits | (id & kIdMask);
}

bool Gate::Impl::tell(const ToGate& message, int fd) {
  return program.socket && send_datagram(program.socket.get(), write_message(message), fd).has_value();
}

void Gate::Impl::finish(std::uint64_t id, Result<Opened> result) {
  Done done;
  {
    const std::lock_guard lock(mutex);
    const auto found = pending.find(id);
    if (found == pending.end()) return;
    done = std::move(found->second.done);
    pending.erase(found);
    if (result) {
      ++state.opened;
    } else if (result.error().is(Errc::permission_denied)) {
      ++state.refused;
    } else {
      ++state.failed;
    }
  }
  done(std::move(result));
}

void Gate::Impl::take(const OpenedMessage& message, Fd fd) {
  if (!fd || !is_connected(fd.get()))
    return finish(message.id, fail(Errc::internal, "hearth-gate gave a descriptor that is no connection"));
  finish(message.id, Opened{std::move(fd), message.address});
}

void Gate::Impl::take(FailedMessage message) {
  finish(message.id, fail(message.code, std::move(message.sentence)));
}

void Gate::Impl::answer(std::uint64_t id, const Result<void>& verdict) {
  const VerdictMessage message{id & kIdMask, verdict.has_value(), verdict ? std::string() : verdict.error().describe()};
  const std::lock_guard lock(mutex);
  // Another program has a connection of its own by that number.
  if (id >> kIdBits == state.starts) tell(message);
}

void Gate::Impl::take(const AsksMessage& message) {
  const std::uint64_t id = unique(message.id);
  if (!options.on_proxied) return answer(id, {});
  options.on_proxied({id, message.to}, [this, id](const Result<void>& verdict) { answer(id, verdict); });
}

void Gate::Impl::take(const OverMessage& message) const {
  if (options.on_proxied_over) options.on_proxied_over(unique(message.id), message.sent, message.received);
}

void Gate::Impl::handle(Datagram got) {
  auto message = read_from_gate(got.text);
  if (!message) return end_program(message.error().message());
  if (auto* opened = std::get_if<OpenedMessage>(&*message)) return take(*opened, std::move(got.fd));
  if (auto* failed = std::get_if<FailedMessage>(&*message)) return take(std::move(*failed));
  if (auto* asks = std::get_if<AsksMessage>(&*message)) return take(*asks);
  if (auto* over = std::get_if<OverMessage>(&*message)) return take(*over);
}

void Gate::Impl::launch() {
  auto started = options.launch();
  const std::lock_guard lock(mutex);
  if (!started) {
    state.last_error = started.error().describe();
    log::error("gate", "hearth-gate cannot be started, so nothing reaches the world outside",
               {{"why", state.last_error}});
    return;
  }
  program = std::move(*started);
  tell(PolicyMessage{policy});
  for (const Proxy& proxy : proxies) tell(ProxyMessage{proxy.purpose, proxy.who}, proxy.listener.get());
  state.running = true;
  state.last_error.clear();
  ++state.starts;
}

void Gate::Impl::end_program(const std::string& why) {
  std::map<std::uint64_t, Pending> lost;
  Program gone;
  bool expected = false;
  {
    const std::lock_guard lock(mutex);
    gone = std::move(program);
    program = {};
    state.running = false;
    expected = stopping;
    if (!expected) state.last_error = why;
    lost.swap(pending);
  }
  if (gone.pidfd) {
    ::syscall(SYS_pidfd_send_signal, gone.pidfd.get(), SIGKILL, nullptr, 0);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(gone.pidfd.get()), &info, WEXITED);
    if (!expected) log::warn("gate", "hearth-gate ended and is started again", {{"why", why}});
    if (!expected && options.on_proxied_cut) options.on_proxied_cut();
  }
  for (auto& [id, waiting] : lost)
    waiting.done(expected ? fail(Errc::cancelled, "hearthd is stopping")
                          : fail(Errc::unavailable, "hearth-gate, which opens connections, ended; try again"));
}

void Gate::Impl::expire() {
  std::vector<std::uint64_t> late;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [id, waiting] : pending) {
      if (!waiting.deadline.passed()) continue;
      late.push_back(id);
      tell(DropMessage{id});
    }
  }
  for (const std::uint64_t id : late) finish(id, fail(Errc::deadline_exceeded, "the connection was not there in time"));
}

// Until the first deadline; at most a minute.
Millis Gate::Impl::until_next() {
  const std::lock_guard lock(mutex);
  Deadline first = Deadline::in(Seconds(60));
  for (const auto& [id, waiting] : pending) first = first.sooner_of(waiting.deadline);
  return std::max(Millis(0), std::chrono::ceil<Millis>(first.time() - steady_now()));
}

// Until the program is gone or not wanted any more.
void Gate::Impl::serve() {
  for (;;) {
    std::array<pollfd, 2> set{};
    {
      const std::lock_guard lock(mutex);
      if (stopping || !program.socket) return;
      set[0] = {program.socket.get(), POLLIN, 0};
    }
    set[1] = {wake.get(), POLLIN, 0};
    ::poll(set.data(), set.size(), static_cast<int>(until_next().count()));
    eventfd_t ignored = 0;
    if (set[1].revents != 0) ::eventfd_read(wake.get(), &ignored);
    if (set[0].revents != 0) {
      auto got = receive_datagram(set[0].fd, kMaxGateMessage);
      if (got && got->text.empty()) return end_program("it exited");
      if (!got && !got.error().is(Errc::unavailable)) return end_program(got.error().describe());
      if (got) handle(std::move(*got));
    }
    expire();
  }
}

// The program has been started once, or could not be.
void Gate::Impl::run() {
  Millis wait = kFirstPause;
  for (;;) {
    const SteadyTime began = steady_now();
    serve();
    if (steady_now() - began > kGoodRun) wait = kFirstPause;
    const Deadline again = Deadline::in(wait);
    wait = std::min(wait * 2, kLongestPause);
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
      }
      const auto left = std::chrono::ceil<Millis>(again.time() - steady_now());
      if (left <= Millis(0)) break;
      pollfd woken{wake.get(), POLLIN, 0};
      ::poll(&woken, 1, static_cast<int>(left.count()));
      eventfd_t ignored = 0;
      if (woken.revents != 0) ::eventfd_read(wake.get(), &ignored);
    }
    launch();
  }
}

Gate::Gate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Gate>> Gate::start(Options options) {
  auto impl = std::make_unique<Impl>();
  impl->policy = std::move(options.policy);
  impl->options = std::move(options);
  impl->wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!impl->wake) return fail_errno(errno, "cannot make an event descriptor for the gate");
  impl->launch();
  impl->thread = std::thread([i = impl.get()] { i->run(); });
  return std::unique_ptr<Gate>(new Gate(std::move(impl)));
}

Gate::~Gate() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  ::eventfd_write(impl_->wake.get(), 1);
  impl_->thread.join();
  impl_->end_program({});
}

std::uint64_t Gate::open(Destination to, Deadline deadline, Done done) {
  const auto host = parse_host(to.host);
  if (!host || !is_name(to.who) || to.port == 0) {
    done(host ? fail(Errc::invalid_argument, "a connection needs a port and a name for the records")
              : fail(host.error()));
    return 0;
  }
  to.host = *host;
  deadline = deadline.sooner_of(Deadline::in(kLongestOpen));
  std::optional<Error> refused;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping || !impl_->program.socket) {
      refused = Error(
          Errc::unavailable,
          fmt::format("hearth-gate, which opens connections, does not run: {}",
                      impl_->state.last_error.empty() ? std::string("it is being started") : impl_->state.last_error));
    } else if (impl_->pending.size() >= kMostWaiting) {
      refused = Error(Errc::resource_exhausted, "too many connections are being opened; try again in a moment");
    } else {
      id = impl_->next_id++;
      const auto left = std::clamp(std::chrono::ceil<Millis>(deadline.time() - steady_now()), Millis(1), kLongestOpen);
      const OpenMessage message{id, std::move(to), static_cast<std::uint32_t>(left.count())};
      if (impl_->tell(message)) {
        impl_->pending.emplace(id, Impl::Pending{deadline, std::move(done)});
      } else {
        refused = Error(Errc::resource_exhausted, "hearth-gate does not keep up; try again in a moment");
      }
    }
  }
  if (refused) {
    done(fail(*std::move(refused)));
    return 0;
  }
  // Its deadline may be the first.
  ::eventfd_write(impl_->wake.get(), 1);
  return id;
}

void Gate::cancel(std::uint64_t id) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->pending.contains(id)) return;
    impl_->tell(DropMessage{id});
  }
  impl_->finish(id, fail(Errc::cancelled, "given up"));
}

void Gate::allow(Rule rule) {
  const std::lock_guard lock(impl_->mutex);
  if (std::ranges::find(impl_->policy.rules, rule) != impl_->policy.rules.end()) return;
  if (impl_->policy.rules.size() >= kMaxGateRules) impl_->policy.rules.pop_back();
  impl_->policy.rules.push_back(std::move(rule));
  impl_->tell(PolicyMessage{impl_->policy});
}

void Gate::add_proxy(Purpose purpose, std::string who, Fd listener) {
  const std::lock_guard lock(impl_->mutex);
  impl_->tell(ProxyMessage{purpose, who}, listener.get());
  impl_->proxies.push_back({purpose, std::move(who), std::move(listener)});
}

GateStatus Gate::status() const {
  const std::lock_guard lock(impl_->mutex);
  GateStatus status = impl_->state;
  status.waiting = impl_->pending.size();
  return status;
}

}  // namespace hearth::egress
