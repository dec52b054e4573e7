#include <hearth/deferred/job.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::deferred {
namespace {

constexpr std::array<std::string_view, 6> kStatuses{"queued", "running", "done", "failed", "expired", "cancelled"};
constexpr std::array<std::string_view, 9> kEvents{"claimed", "answered", "refused",   "not_now", "broke",
                                                  "lost",    "rerun",    "cancelled", "expired"};

// Doubled with each failure, and anything from half of that to all of it: calls that failed together do not come back
// together.
Millis back_off(std::uint32_t failures, const RetryPolicy& policy, double chance) {
  constexpr std::uint32_t kMostDoublings = 20;
  const std::uint32_t doublings = std::min(std::max(failures, 1U) - 1, kMostDoublings);
  const Millis whole = std::min<Millis>(policy.first * (1LL << doublings), policy.longest);
  return Millis(
      static_cast<Millis::rep>(static_cast<double>(whole.count()) * (0.5 + std::clamp(chance, 0.0, 1.0) / 2)));
}

bool is_of_the_upstream(int status) {
  return status == 500 || status == 502 || status == 504;
}

bool says_not_now(int status) {
  return status == 408 || status == 425 || status == 429 || status == 503;
}

}  // namespace

std::string_view to_string(Status status) noexcept {
  return kStatuses[static_cast<std::size_t>(status)];
}

std::optional<Status> parse_status(std::string_view text) noexcept {
  const auto* found = std::ranges::find(kStatuses, text);
  if (found == kStatuses.end()) return std::nullopt;
  return static_cast<Status>(found - kStatuses.begin());
}

std::string_view to_string(Event event) noexcept {
  return kEvents[static_cast<std::size_t>(event)];
}

Result<Progress> advance(const Progress& progress, Event event) {
  const auto impossible = [&] {
    return fail(Errc::failed_precondition,
                fmt::format("a deferred call that is {} cannot be {}", to_string(progress.status), to_string(event)));
  };
  Progress next = progress;
  if (has_ended(progress.status)) return impossible();
  const bool running = progress.status == Status::running;
  switch (event) {
    case Event::claimed:
      if (running) return impossible();
      next.status = Status::running;
      ++next.attempts;
      return next;
    case Event::answered:
      next.status = Status::done;
      break;
    case Event::refused:
      next.status = Status::failed;
      break;
    case Event::broke:
      next.status = Status::queued;
      ++next.broken;
      break;
    case Event::rerun:
      next.status = Status::queued;
      ++next.reruns;
      break;
    case Event::not_now:
    case Event::lost:
      next.status = Status::queued;
      break;
    case Event::cancelled:
      next.status = Status::cancelled;
      return next;
    case Event::expired:
      next.status = Status::expired;
      return next;
  }
  if (!running) return impossible();
  return next;
}

std::string idempotency_key(std::string_view id, std::uint32_t reruns) {
  return reruns == 0 ? fmt::format("deferred-{}", id) : fmt::format("deferred-{}.{}", id, reruns);
}

Verdict judge(const Reply& reply, const Progress& progress, std::uint32_t failures, const RetryPolicy& policy,
              double chance) {
  if (reply.status >= 200 && reply.status < 300) return {Event::answered, Millis(0)};
  const Millis pause = std::max(back_off(failures, policy, chance), reply.retry_after.value_or(Millis(0)));
  if (reply.outcome_unknown && policy.on_unknown == OnUnknown::run_again) return {Event::rerun, pause};
  if (reply.outcome_unknown) return {Event::refused, Millis(0)};
  if (says_not_now(reply.status))
    return {Event::not_now, reply.told_not_to_retry ? std::max(pause, policy.budget) : pause};
  if (is_of_the_upstream(reply.status) && !reply.told_not_to_retry && progress.broken + 1 < policy.tries)
    return {Event::broke, pause};
  return {Event::refused, Millis(0)};
}

Verdict judge_loss(std::uint32_t failures, const RetryPolicy& policy, double chance) {
  return {Event::lost, back_off(failures, policy, chance)};
}

}  // namespace hearth::deferred
