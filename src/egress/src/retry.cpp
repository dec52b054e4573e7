#include <hearth/egress/retry.h>

#include <algorithm>

namespace hearth::egress {

std::optional<Millis> RetryBudget::failed(std::optional<Seconds> server_says, double chance) {
  if (++failures_ >= policy_.failures) return std::nullopt;
  if (server_says && *server_says > policy_.patience) return std::nullopt;
  // Doubling, with up to a quarter less: many boxes that lost one server do not come back in the same moment.
  Millis wait = policy_.first * (1 << std::min(failures_ - 1, 20));
  wait = std::min(wait, policy_.longest);
  wait -= std::chrono::duration_cast<Millis>(wait * 0.25 * std::clamp(chance, 0.0, 1.0));
  return server_says ? std::max<Millis>(wait, *server_says) : wait;
}

}  // namespace hearth::egress
