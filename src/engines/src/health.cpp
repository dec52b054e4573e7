#include <hearth/engines/health.h>

#include <algorithm>
#include <utility>

namespace hearth::engines {
namespace {

// Of an unsorted list that is not empty; the lower one of two in the middle.
template <typename T>
T median(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double slope(const LeakPoint& a, const LeakPoint& b) {
  const double requests = static_cast<double>(b.requests) - static_cast<double>(a.requests);
  return (static_cast<double>(b.memory) - static_cast<double>(a.memory)) / std::max(1.0, requests);
}

std::vector<double> slopes(const std::vector<LeakPoint>& points, std::size_t from, std::size_t to) {
  std::vector<double> all;
  for (std::size_t i = from; i < to; ++i) {
    for (std::size_t j = i + 1; j < to; ++j) all.push_back(slope(points[i], points[j]));
  }
  return all;
}

std::uint64_t middle_memory(const std::vector<LeakPoint>& points, std::size_t from, std::size_t to) {
  std::vector<std::uint64_t> memory;
  for (std::size_t i = from; i < to; ++i) memory.push_back(points[i].memory);
  return median(std::move(memory));
}

}  // namespace

StallStep note_progress(StallState state, const Progress& progress, SteadyTime now, const StallPolicy& policy) {
  const auto begin = [&] {
    state.bytes = progress.bytes;
    state.cpu_mark = progress.cpu_seconds;
    state.fault_mark = progress.major_faults;
    state.waited = progress.waited_seconds;
    state.still = state.silent = Millis(0);
  };
  const auto gap = std::max(SteadyTime::duration(0), now - state.at);
  const Millis passed = std::min(std::chrono::floor<Millis>(gap), policy.sample_cap);
  state.at = now;
  const bool owed = std::exchange(state.owed, progress.owes);
  if (!progress.owes || !owed || progress.bytes != state.bytes) {
    begin();
    return {state, Stall::none};
  }
  state.silent += passed;
  state.still += passed;
  // What waits for a processor most of the time is starved by others, and not to blame. That it waited is told when it
  // gets one.
  const double waited = progress.waited_seconds - std::exchange(state.waited, progress.waited_seconds);
  const Millis starved = std::chrono::floor<Millis>(std::chrono::duration<double>(std::max(0.0, waited)));
  if (2 * starved >= passed) state.still = std::max(Millis(0), state.still - starved);
  if (progress.cpu_seconds - state.cpu_mark >= policy.cpu_step || progress.major_faults > state.fault_mark) {
    state.still = Millis(0);
    state.cpu_mark = progress.cpu_seconds;
    state.fault_mark = progress.major_faults;
  }
  if (state.still >= policy.stall_time) return {state, Stall::wedged};
  if (policy.busy_time > Millis(0) && state.silent >= policy.busy_time) return {state, Stall::spinning};
  return {state, Stall::none};
}

HearingStep note_hearing(HearingState state, bool asked, const Progress& progress, Millis silent, SteadyTime now,
                         const HearingPolicy& policy, const StallPolicy& stall) {
  const auto gap = std::max(SteadyTime::duration(0), now - state.at);
  const Millis passed = std::min(std::chrono::floor<Millis>(gap), stall.sample_cap);
  state.at = now;
  if (!asked || !std::exchange(state.asked, asked)) {
    state = {.asked = asked, .at = now, .bytes = progress.bytes, .cpu_mark = progress.cpu_seconds};
    return {state, Hearing::well};
  }
  state.unheard += passed;
  if (progress.bytes != state.bytes || progress.cpu_seconds - state.cpu_mark >= stall.cpu_step) state.alive = true;
  if (!state.alive || state.unheard < policy.deaf_time) return {state, Hearing::well};
  const bool still_answers = silent < policy.deaf_time && state.unheard < policy.grace;
  return {state, still_answers ? Hearing::hard : Hearing::deaf};
}

bool canary_due(const CanaryFacts& facts, SteadyTime now, Millis every) noexcept {
  return facts.ready && facts.in_flight == 0 && facts.waiting == 0 && every > Millis(0) &&
         now - facts.last_right >= every;
}

LeakState note_memory(LeakState state, std::uint64_t requests, std::uint64_t memory, SteadyTime now,
                      const LeakPolicy& policy) {
  if (!state.open) {
    state.open = true;
    state.since = now;
    state.requests = requests;
    state.least = memory;
  }
  state.least = std::min(state.least, memory);
  if (now - state.since < policy.point_time || requests < state.requests + policy.point_requests) return state;
  state.points.push_back({requests, state.least});
  if (state.points.size() > policy.points) state.points.erase(state.points.begin());
  state.open = false;
  return state;
}

LeakVerdict judge_leak(const std::vector<LeakPoint>& points, const LeakPolicy& policy) {
  LeakVerdict verdict;
  const std::size_t n = points.size();
  if (n < 6 || n < policy.points) return verdict;
  const std::vector<double> all = slopes(points, 0, n);
  verdict.bytes_per_request = median(all);
  const std::uint64_t first = middle_memory(points, 0, n / 3);
  const std::uint64_t last = middle_memory(points, n - n / 3, n);
  verdict.grown = last > first ? last - first : 0;
  const auto rising = std::ranges::count_if(all, [](double s) { return s > 0; });
  const bool steady = static_cast<double>(rising) >= policy.steady * static_cast<double>(all.size());
  // What fills a cache rises fast and then hardly; what leaks goes on as it began.
  const double early = median(slopes(points, 0, n / 2));
  const double late = median(slopes(points, n / 2, n));
  verdict.leaks = steady && verdict.grown >= policy.floor && late > 0 && late >= early / 2;
  return verdict;
}

}  // namespace hearth::engines
