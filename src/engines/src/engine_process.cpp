// Engine: the life of one process, from its folders to its end.
#include "engine_parts.h"
#include "spawn.h"

#include <hearth/core/log.h>
#include <hearth/core/units.h>
#include <hearth/engines/pack.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace hearth::engines {
namespace {

constexpr Millis kFirstLook{1};
constexpr Millis kLastLook{20};
constexpr Millis kFirstAnswer{2'000};  // after it is asked again, while its start's deadline lasts
constexpr int kHealthTries = 2;
constexpr Millis kGroupTime{1'500};  // for the last of a killed group to be gone
constexpr Millis kGroupPause{5};
constexpr std::size_t kMaxCanaryAnswer = 8 << 20;
constexpr std::size_t kQuote = 160;  // bytes of a wrong answer that the error shows

struct Prepared {
  LaunchPlan plan;
  std::shared_ptr<const ControlGroup> group;
  std::string no_group;  // why there is none, though there should be
};

std::string quote(std::string_view text) {
  std::string out;
  log::append_json_string(out, text.substr(0, kQuote));
  return out;
}

net::Endpoint endpoint(const Fd& socket, const std::string& label) {
  net::Endpoint to;
  to.unix_path = fmt::format("/proc/self/fd/{}", socket.get());
  to.label = label;
  return to;
}

net::ClientLimits limits(std::size_t slots) {
  net::ClientLimits limits;
  limits.idle_connections = std::max(limits.idle_connections, slots);
  return limits;
}

// How long to wait before looking at a starting engine again: it costs a tenth of the start at most.
Millis look_pause(SteadyTime started) {
  return std::clamp(std::chrono::floor<Millis>((steady_now() - started) / 10), kFirstLook, kLastLook);
}

net::RequestHead health_request() {
  net::RequestHead head;
  head.target = "/health";
  return head;
}

}  // namespace

Engine::Connection::Connection(const net::Executor& executor, Fd socket, const std::string& label, std::size_t slots)
    : pinned(std::move(socket)),
      client(executor, endpoint(pinned, label), limits(slots)),
      own(executor, endpoint(pinned, label), limits(1)) {}

Result<std::shared_ptr<Engine::Connection>> Engine::connect() const {
  const std::string path = socket_path(terms_.plan).string();
  Fd socket(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!socket) return fail(Errc::unavailable, "its socket is not there yet");
  struct stat info{};
  if (::fstat(socket.get(), &info) != 0 || !S_ISSOCK(info.st_mode))
    return fail(Errc::protocol_error, fmt::format("{} is not a socket", path));
  return std::make_shared<Connection>(executor_, std::move(socket), fmt::format("engine {}", manifest_.name),
                                      terms_.slots);
}

net::awaitable<void> Engine::run_process(std::uint64_t generation) {
  const auto self = shared_from_this();
  const auto started = co_await start_process();
  if (!started) {
    co_await leave_group();
    if (!abort_start_) {
      ++failures_;
      last_error_ = started.error().describe();
      log::warn(room_, "cannot be started", {{"error", last_error_}});
    }
    gone_.set();
    // Told to end meanwhile: that is what happened.
    dispatch(machine_.state == State::starting ? Event::spawn_failed : Event::exited);
    co_return;
  }
  publish();
  tasks_.spawn("engine socket", wait_for_socket(generation));
  const ExitStatus status = co_await process_->wait();
  describe_end(status);
  end_life();
  co_await leave_group();
  process_.reset();
  connection_.reset();
  checking_health_ = false;
  gone_.set();
  dispatch(Event::exited);
  publish();
}

net::awaitable<Result<void>> Engine::start_process() {
  const GroupLimits limits = group_limits(reservation_for(terms_.memory, learned()), terms_.plan.limits);
  // The pack's current version, whatever it was when the engine was last looked at.
  auto prepare = [plan = terms_.plan, packs = options_.packs, pack = manifest_.pack, parent = containment_.groups,
                  group = fmt::format("{}.{}", manifest_.name, generation_), limits,
                  check = spec_.check]() mutable -> Result<Prepared> {
    if (check) {
      HEARTH_TRY(check());
    }
    if (plan.pack) {
      HEARTH_TRY_ASSIGN(plan.pack, current_pack(packs, pack));
    }
    HEARTH_TRY(prepare_folders(plan));
    Prepared prepared{std::move(plan), nullptr, {}};
    if (parent.empty()) return prepared;
    auto made = ControlGroup::create(parent, group, limits);
    if (made) prepared.group = std::make_shared<const ControlGroup>(std::move(*made));
    if (!made) prepared.no_group = made.error().describe();
    return prepared;
  };
  auto prepared = co_await pool_->run(std::move(prepare));
  if (!prepared) co_return fail(prepared.error());
  terms_.plan = std::move(prepared->plan);
  group_ = std::move(prepared->group);
  group_refused_ = !prepared->no_group.empty();
  if (group_refused_) log::warn(room_, "runs without a control group", {{"error", prepared->no_group}});
  if (abort_start_) co_return fail(Errc::cancelled, "it was stopped before it had started");

  Fd filter;
  if (containment_.isolated()) {
    HEARTH_CO_TRY_ASSIGN(filter, seccomp_filter());
  }
  SpawnOptions options;
  options.name = manifest_.name;
  options.command = command_line(terms_.plan, containment_);
  options.environment = environment(terms_.plan);
  options.limits = terms_.plan.limits;
  if (terms_.plan.user_id != 0) options.processes = terms_.plan.limits.processes;  // a user of the engine's own
  options.in_bubblewrap = containment_.isolated();
  options.seccomp_fd = filter.get();
  if (group_) options.group_fd = group_->fd();
  HEARTH_CO_TRY_ASSIGN(process_, Process::spawn(executor_, std::move(options)));
  co_return Result<void>();
}

void Engine::describe_end(const ExitStatus& status) {
  if (machine_.state == State::draining && status.clean()) return;
  std::string what = process_error_.empty() ? status.describe() : std::exchange(process_error_, {});
  if (group_) {
    std::string memory = explain_memory_end(group_->events(), group_->limits().memory_max);
    if (!memory.empty()) what = std::move(memory);
  }
  if (!process_->last_line().empty()) what += fmt::format("; its last words: {}", process_->last_line());
  last_error_ = std::move(what);
  if (machine_.state == State::draining) return;
  ++failures_;
  log::warn(room_, "ended", {{"why", last_error_}});
}

// Nothing of a life is left when the next one begins.
net::awaitable<void> Engine::leave_group() {
  stalled_ = 0;
  const auto group = std::exchange(group_, nullptr);
  if (!group) co_return;
  const Deadline deadline = Deadline::in(kGroupTime);
  for (;;) {
    auto end = [group]() { return group->end(); };
    const auto ended = co_await pool_->run(std::move(end));
    if (ended) co_return;
    const auto slept = co_await net::sleep_for(kGroupPause);
    if (slept && !deadline.passed()) continue;
    log::warn(room_, "a control group is left over", {{"why", ended.error().describe()}});
    co_return;
  }
}

std::string Engine::containment_now() const {
  Containment now = terms_.containment;
  if (group_refused_) now.groups.clear();
  return now.summary();
}

// In a user namespace the number of processes is counted for itself, but bubblewrap's own start still counts with all
// that the user runs: so the limit comes once the program runs. Outside of one, see start_process().
void Engine::limit_processes() {
  if (containment_.level != Containment::Level::user_namespace) return;
  const pid_t program = process_->program_pid();
  const rlimit limit{terms_.plan.limits.processes, terms_.plan.limits.processes};
  if (program != 0 && ::prlimit(program, RLIMIT_NPROC, &limit, nullptr) != 0)
    log::debug(room_, "its number of processes could not be limited", {{"errno", errno}});
}

net::awaitable<void> Engine::wait_for_socket(std::uint64_t generation) {
  const auto self = shared_from_this();
  while (lives(generation) && machine_.state == State::starting) {
    const auto slept = co_await net::sleep_for(look_pause(started_));
    if (!slept) co_return;
    if (!lives(generation)) co_return;
    auto found = connect();
    if (!found) {
      if (!found.error().is(Errc::protocol_error)) continue;
      process_error_ = found.error().message();
      dispatch(Event::probe_failed);
      co_return;
    }
    const std::shared_ptr<Connection>& candidate = *found;
    const Deadline deadline = Deadline::in(kFirstAnswer);
    const auto answer = co_await candidate->own.fetch(health_request(), "", kMaxCanaryAnswer, deadline);
    // Between bind and listen nobody answers. What was answered is the probe's business.
    if (!answer && answer.error().is(Errc::unavailable)) continue;
    if (!lives(generation) || machine_.state != State::starting) co_return;
    connection_ = candidate;
    limit_processes();
    dispatch(Event::listening);
    co_return;
  }
}

net::awaitable<void> Engine::probe(std::uint64_t generation) {
  const auto self = shared_from_this();
  const Deadline deadline = Deadline::at(started_ + manifest_.start_deadline);
  const std::shared_ptr<Connection> connection = connection_;
  for (;;) {
    const auto answer = co_await connection->own.fetch(health_request(), "", kMaxCanaryAnswer, deadline);
    if (!lives(generation) || machine_.state != State::probing) co_return;
    if (answer && answer->head.status == 200) break;
    if (!answer && answer.error().is(Errc::protocol_error)) {
      process_error_ = fmt::format("does not speak the engine protocol: {}", answer.error().describe());
      dispatch(Event::probe_failed);
      co_return;
    }
    const auto slept = co_await net::sleep_for(look_pause(started_));
    if (!slept) co_return;
  }
  const auto passed = co_await ask_canary(deadline);
  if (!lives(generation) || machine_.state != State::probing) co_return;
  if (!passed) process_error_ = passed.error().describe();
  dispatch(passed ? Event::probe_passed : Event::probe_failed);
}

net::awaitable<Result<void>> Engine::ask_canary(Deadline deadline) {
  if (!manifest_.canary) co_return Result<void>();
  const Canary& canary = *manifest_.canary;
  const std::shared_ptr<Connection> connection = connection_;
  net::RequestHead head;
  head.method = canary.method;
  head.target = canary.path;
  if (!canary.content_type.empty()) head.headers.set("Content-Type", canary.content_type);
  const auto answer = co_await connection->own.fetch(std::move(head), canary.body, kMaxCanaryAnswer, deadline);
  if (!answer) co_return fail(answer.error().wrap("did not answer its canary request"));
  const int status = answer->head.status;
  if (status / 100 != 2)
    co_return fail(Errc::protocol_error,
                   fmt::format("answered its canary request with status {}: {}", status, quote(answer->body)));
  if (answer->body.find(canary.expect) == std::string::npos)
    co_return fail(Errc::protocol_error, fmt::format("answered its canary request wrongly: {} is not in {}",
                                                     quote(canary.expect), quote(answer->body)));
  co_return Result<void>();
}

net::awaitable<void> Engine::check_health(std::uint64_t generation) {
  const auto self = shared_from_this();
  const std::shared_ptr<Connection> connection = connection_;
  if (!connection) co_return;
  // Twice: where the whole machine stood still, the time is over before the engine could do anything.
  bool healthy = false;
  for (int i = 0; i < kHealthTries && !healthy; ++i) {
    const Deadline deadline = Deadline::in(policy_.health_time);
    const auto answer = co_await connection->own.fetch(health_request(), "", kMaxCanaryAnswer, deadline);
    // Nobody listens, or the connection broke: it is ending, and how it ended is the better explanation.
    const bool broke = !answer && (answer.error().is(Errc::unavailable) || answer.error().is(Errc::io_error));
    if (broke) co_await gone_.wait(Deadline::in(policy_.health_time));
    if (!lives(generation)) co_return;
    healthy = answer && answer->head.status == 200;
  }
  checking_health_ = false;
  const bool told_to_stop = co_await net::is_cancelled();
  if (told_to_stop || machine_.state != State::ready) co_return;
  dispatch(healthy ? Event::healthy : Event::unresponsive);
}

}  // namespace hearth::engines
