// Telling somebody that a deferred call has ended: Standard Webhooks 1.0. Pure but for its randomness; any thread.
//
// Source of headers, signature, schedule and what a status means: the specification at www.standardwebhooks.com.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::deferred {

//  pending ──▶ delivered (2xx)
//   │   ▲
//   │   └── any other answer, or none: again after a pause
//   └──▶ given_up (410, or the schedule is at its end)
//
// The message's id stays the same whatever is sent again, so a receiver knows what it has seen.
enum class DeliveryStatus { pending, delivered, given_up };
std::string_view to_string(DeliveryStatus status) noexcept;
std::optional<DeliveryStatus> parse_delivery_status(std::string_view text) noexcept;

struct DeliveryProgress {
  DeliveryStatus status = DeliveryStatus::pending;
  std::uint32_t attempts = 0;
  WallTime due;  // of the next one
  friend bool operator==(const DeliveryProgress&, const DeliveryProgress&) = default;
};
// After one more attempt. `status`: of the answer; 0: there was none. `chance`: 0 to 1.
DeliveryProgress delivery_tried(const DeliveryProgress& progress, int status, std::optional<Millis> retry_after,
                                WallTime now, double chance);
// A time past every pause there is says that the clock was set back: it is due.
bool is_due(const DeliveryProgress& progress, WallTime now) noexcept;

// The secret of one key's receivers: "whsec_" and base64, made of the box's own secret, so that nobody can sign in
// another one's name.
std::string webhook_secret(std::string_view box_secret, std::string_view owner);
// The header webhook-signature: "v1,…". invalid_argument: no such secret.
Result<std::string> sign(std::string_view secret, std::string_view id, std::int64_t timestamp, std::string_view body);

// May this URL be told? `allowed`: prefixes of the configuration, each with scheme and host;
// "https://ops.example/hooks" allows all below /hooks. Scheme, host and port must be the same. permission_denied,
// invalid_argument.
Result<void> check_webhook(std::string_view url, const std::vector<std::string>& allowed);

}  // namespace hearth::deferred
