// What clients say about when, and to whom: Prefer, times, hours of the day, webhooks.
#include <hearth/deferred/preferences.h>
#include <hearth/deferred/webhook.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace d = hearth::deferred;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr hearth::WallTime kNow{hearth::Seconds(1'795'000'000)};

  const d::Preferences preferences = d::parse_prefer(text);
  if (preferences.wait && (preferences.wait->count() < 0 || preferences.wait->count() > 600)) std::abort();
  if (preferences.respond_async && size < 13) std::abort();

  if (const auto time = d::parse_rfc3339(text)) {
    const auto again = d::parse_rfc3339(hearth::format_rfc3339(*time));
    if (!again || *again != *time) std::abort();
  }
  if (const auto moment = d::parse_moment(text, kNow); moment && *moment > kNow + std::chrono::days(3651)) std::abort();
  if (const auto hours = d::parse_hours(text)) {
    const auto next = d::next_within({*hours}, kNow);
    if (!next || *next < kNow || *next > kNow + std::chrono::hours(25)) std::abort();
  }

  const auto own = d::check_webhook(text, {"https://ops.example/hooks", "http://[::1]:9000/"});
  if (own && text.find("://") == std::string_view::npos) std::abort();
  if (d::check_webhook(text, {})) std::abort();
  [[maybe_unused]] const auto odd = d::check_webhook("https://ops.example/hooks", {std::string(text)});
  [[maybe_unused]] const auto signature = d::sign(text, "msg_1", 1, "{}");
  return 0;
}
