#include <hearth/deferred/webhook.h>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace hearth::deferred {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kMostUrl = 2048;
constexpr std::size_t kLeastSecret = 24;  // bytes, as the specification wants it
constexpr std::size_t kMostSecret = 64;
// Until each further attempt, from the one before it: the specification's example.
constexpr std::array<Seconds, 9> kPauses{Seconds(5),         Seconds(300),       Seconds(1800),
                                         Seconds(2 * 3600),  Seconds(5 * 3600),  Seconds(10 * 3600),
                                         Seconds(14 * 3600), Seconds(20 * 3600), Seconds(24 * 3600)};
constexpr double kJitter = 0.1;
constexpr int kGone = 410;

constexpr std::array<std::string_view, 3> kStatuses{"pending", "delivered", "given_up"};

using Hash = std::array<unsigned char, crypto_auth_hmacsha256_BYTES>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// HMAC takes a key of any length; libsodium's short form only one of 32 bytes.
Hash hmac(std::string_view key, std::string_view message) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes(message), message.size());
  Hash hash{};
  crypto_auth_hmacsha256_final(&state, hash.data());
  return hash;
}

std::string base64(const Hash& hash) {
  std::array<char, 64> text{};
  static_assert(text.size() >= sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL));
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL);
  return text.data();
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    return std::nullopt;
  out.resize(size);
  return out;
}

std::uint16_t port_of(const urls::url& url) {
  if (url.has_port() && url.port_number() != 0) return url.port_number();
  return url.scheme() == "https" ? 443 : 80;
}

std::optional<urls::url> parse(std::string_view text) {
  if (text.size() > kMostUrl) return std::nullopt;
  const auto view = urls::parse_uri(text);
  if (!view) return std::nullopt;
  urls::url url(*view);
  url.normalize();  // "..", "%2e", upper-case hosts
  const bool web = url.scheme() == "https" || url.scheme() == "http";
  if (!web || url.encoded_host().empty() || url.has_userinfo() || url.has_fragment()) return std::nullopt;
  return url;
}

bool is_below(std::string_view path, std::string_view allowed) {
  while (allowed.ends_with('/')) allowed.remove_suffix(1);
  return path.starts_with(allowed) && (path.size() == allowed.size() || path[allowed.size()] == '/');
}

}  // namespace

std::string_view to_string(DeliveryStatus status) noexcept {
  return kStatuses[static_cast<std::size_t>(status)];
}

std::optional<DeliveryStatus> parse_delivery_status(std::string_view text) noexcept {
  const auto* found = std::ranges::find(kStatuses, text);
  if (found == kStatuses.end()) return std::nullopt;
  return static_cast<DeliveryStatus>(found - kStatuses.begin());
}

DeliveryProgress delivery_tried(const DeliveryProgress& progress, int status, std::optional<Millis> retry_after,
                                WallTime now, double chance) {
  if (progress.status != DeliveryStatus::pending) return progress;
  DeliveryProgress next = progress;
  ++next.attempts;
  if (status >= 200 && status < 300) {
    next.status = DeliveryStatus::delivered;
  } else if (status == kGone || progress.attempts >= kPauses.size()) {
    next.status = DeliveryStatus::given_up;
  } else {
    const double factor = 1.0 + kJitter * std::clamp(chance, 0.0, 1.0);
    const Millis usual(
        static_cast<Millis::rep>(static_cast<double>(Millis(kPauses[progress.attempts]).count()) * factor));
    next.due = now + std::min<Millis>(std::max(usual, retry_after.value_or(Millis(0))), kPauses.back());
  }
  return next;
}

bool is_due(const DeliveryProgress& progress, WallTime now) noexcept {
  if (progress.status != DeliveryStatus::pending) return false;
  return progress.due <= now || progress.due - now > 2 * kPauses.back();
}

std::string webhook_secret(std::string_view box_secret, std::string_view owner) {
  return std::string(kPrefix) + base64(hmac(box_secret, fmt::format("webhook:{}", owner)));
}

Result<std::string> sign(std::string_view secret, std::string_view id, std::int64_t timestamp, std::string_view body) {
  std::optional<std::string> key;
  if (secret.starts_with(kPrefix)) key = from_base64(secret.substr(kPrefix.size()));
  if (!key || key->size() < kLeastSecret || key->size() > kMostSecret)
    return fail(Errc::invalid_argument, "a webhook's secret is whsec_ and the base64 of 24 to 64 bytes");
  return fmt::format("v1,{}", base64(hmac(*key, fmt::format("{}.{}.{}", id, timestamp, body))));
}

Result<void> check_webhook(std::string_view url, const std::vector<std::string>& allowed) {
  const auto asked = parse(url);
  if (!asked)
    return fail(
        Errc::invalid_argument,
        "a webhook is a whole http or https URL without user, password and fragment, of 2048 characters at most");
  for (const std::string& text : allowed) {
    const auto known = parse(text);
    if (known && known->scheme() == asked->scheme() && known->encoded_host() == asked->encoded_host() &&
        port_of(*known) == port_of(*asked) && is_below(asked->encoded_path(), known->encoded_path()))
      return {};
  }
  return fail(
      Errc::permission_denied,
      fmt::format("webhooks to {} are not allowed here; deferred.webhooks in hearth.yaml lists where they may go",
                  std::string_view(asked->encoded_host())));
}

}  // namespace hearth::deferred
