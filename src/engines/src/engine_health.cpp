// Engine: the judgements of health.h on the life under way, and what is done about them.
#include "engine_parts.h"

#include <hearth/core/log.h>
#include <hearth/core/units.h>

#include <fmt/format.h>

#include <utility>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxHealth = 64 * 1024;
constexpr Millis kAskAgain{200};
constexpr const char* kDeaf = "it takes no new connections, although it is alive";
constexpr double kShortOfMemory = 20;  // percent of the time: then it is part of the explanation

}  // namespace

void Engine::begin_health() {
  stall_ = {};
  hearing_ = {};
  asking_hearing_ = hard_of_hearing_ = false;
  heard_at_ = steady_now();
  leak_ = {};
  life_finished_ = 0;
  recycle_due_ = asking_canary_ = exhausted_ = false;
  canary_right_ = steady_now();
}

// Does it take no requests for now, although it is ready?
bool Engine::holds_back() const {
  return yielding_ || hard_of_hearing_ || (recycle_due_ && steady_now() - recycle_since_ >= policy_.recycle_patience);
}

void Engine::judge_work(const ProcessSample& sample, SteadyTime now) {
  if (!connection_ || machine_.state != State::ready) return;
  const net::Traffic traffic = connection_->client.traffic();
  const Progress progress{.bytes = traffic.bytes,
                          .owes = traffic.owed && machine_.in_flight > 0,
                          .cpu_seconds = sample.cpu_seconds,
                          .waited_seconds = sample.waited_seconds,
                          .major_faults = sample.major_faults};
  judge_progress(progress, now);
  judge_hearing(progress, now);
}

void Engine::judge_progress(const Progress& progress, SteadyTime now) {
  StallPolicy policy = policy_.stall;
  if (policy.busy_time == Millis(0)) policy.busy_time = manifest_.request_deadline;
  const StallStep step = note_progress(stall_, progress, now, policy);
  stall_ = step.state;
  if (step.verdict == Stall::wedged)
    replace_stalled(fmt::format("{} in flight, and not a byte nor any computing for {}",
                                machine_.in_flight == 1 ? "a request" : "requests", format_duration(stall_.still)));
  if (step.verdict == Stall::spinning)
    replace_stalled(fmt::format("computed for {} without a byte of an answer", format_duration(stall_.silent)));
}

void Engine::judge_hearing(const Progress& progress, SteadyTime now) {
  const HearingStep step =
      note_hearing(hearing_, asking_hearing_, progress, stall_.silent, now, policy_.hearing, policy_.stall);
  hearing_ = step.state;
  if (step.verdict == Hearing::well || machine_.state != State::ready) return;
  if (!std::exchange(hard_of_hearing_, true))
    log::warn(room_, "does not take new connections; nothing more is sent to it",
              {{"unanswered", format_duration(hearing_.unheard)}});
  if (step.verdict == Hearing::deaf) replace_stalled(kDeaf);
}

void Engine::replace_stalled(std::string why) {
  ++stalls_;
  process_error_ = fmt::format("stalled: {}", why);
  if (group_ && stalled_ >= kShortOfMemory)
    process_error_ += fmt::format("; it waited for memory for {:.0f} % of the last 10 s, near its limit of {}",
                                  stalled_, format_bytes(group_->limits().memory_max));
  dispatch(Event::stalled);
}

// Once it takes one, it takes others.
net::awaitable<void> Engine::ask_on_new_connection(std::uint64_t generation) {
  const auto self = shared_from_this();
  const std::shared_ptr<Connection> connection = connection_;
  while (connection && lives(generation) && machine_.state == State::ready) {
    connection->own.forget_idle();
    net::RequestHead head;
    head.target = "/health";
    const Deadline deadline = Deadline::in(policy_.hearing.grace);
    const auto answer = co_await connection->own.fetch(std::move(head), "", kMaxHealth, deadline);
    const bool told_to_stop = co_await net::is_cancelled();
    if (told_to_stop || !lives(generation)) co_return;
    if (answer) break;
    const auto slept = co_await net::sleep_for(kAskAgain);  // its end, if it is that, is noticed elsewhere
    if (!slept) co_return;
  }
  if (!lives(generation)) co_return;
  asking_hearing_ = hard_of_hearing_ = false;
  heard_at_ = steady_now();
  serve();
}

void Engine::judge_memory(SteadyTime now) {
  if (recycle_due_ || machine_.state != State::ready) return;
  const bool gathering = leak_.open;
  leak_ = note_memory(std::move(leak_), life_finished_, measured_, now, policy_.leak);
  if (leak_.open || !gathering) return;  // no new point
  const LeakVerdict verdict = judge_leak(leak_.points, policy_.leak);
  if (!verdict.leaks) return;
  log::warn(room_, "uses more and more memory; it gets a fresh process between requests",
            {{"grown", format_bytes(verdict.grown)},
             {"bytes_per_request", verdict.bytes_per_request},
             {"memory", format_bytes(measured_)}});
  want_fresh_process(now);
}

void Engine::want_fresh_process(SteadyTime now) {
  recycle_due_ = true;
  recycle_since_ = now;
  recycle_if_idle();
}

void Engine::recycle_if_idle() {
  if (!recycle_due_ || machine_.state != State::ready || machine_.in_flight > 0) return;
  recycle_due_ = false;
  ++recycles_;
  dispatch(Event::recycle);
}

void Engine::mind_hearing(SteadyTime now) {
  if (machine_.state != State::ready) return;
  // One that was merely busy on all its connections hears again when it is not.
  const bool at_rest = machine_.in_flight == 0 && now - machine_.idle_since >= policy_.hearing.deaf_time;
  if (hard_of_hearing_ && at_rest) return replace_stalled(kDeaf);
  if (machine_.in_flight == 0 || asking_hearing_ || now - heard_at_ < policy_.hearing.ask_every) return;
  asking_hearing_ = true;
  tasks_.spawn("engine hearing", ask_on_new_connection(generation_));
}

void Engine::mind(SteadyTime now) {
  recycle_if_idle();
  mind_hearing(now);
  const CanaryFacts facts{.ready = machine_.state == State::ready,
                          .in_flight = machine_.in_flight,
                          .waiting = machine_.waiting,
                          .last_right = canary_right_};
  if (!manifest_.canary || asking_canary_ || !canary_due(facts, now, policy_.canary_every)) return;
  asking_canary_ = true;
  tasks_.spawn("engine canary", ask_canary_again(generation_));
}

// It answers with errors of its own. What holds on to its memory may still answer its canary rightly.
void Engine::doubt() {
  if (exhausted_ && !recycle_due_) {
    log::warn(room_, "has too little memory for anything; it gets a fresh process between requests",
              {{"errors", machine_.errors}});
    return want_fresh_process(steady_now());
  }
  if (!manifest_.canary || std::exchange(asking_canary_, true)) return;
  log::info(room_, "answers with errors only: its canary is asked", {{"errors", machine_.errors}});
  tasks_.spawn("engine canary", ask_canary_again(generation_));
}

net::awaitable<void> Engine::ask_canary_again(std::uint64_t generation) {
  const auto self = shared_from_this();
  const SteadyTime asked = steady_now();
  const Deadline deadline = Deadline::in(manifest_.start_deadline);
  const auto passed = co_await ask_canary(deadline);
  const bool told_to_stop = co_await net::is_cancelled();
  if (told_to_stop || !lives(generation) || machine_.state != State::ready) co_return;
  asking_canary_ = false;
  canary_right_ = steady_now();
  if (passed) co_return;
  // Requests that came meanwhile may have kept it from answering in time: that says nothing.
  if (passed.error().is(Errc::deadline_exceeded) && last_use_ >= asked) co_return;
  process_error_ = passed.error().describe();
  dispatch(Event::canary_failed);
}

}  // namespace hearth::engines
