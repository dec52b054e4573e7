#include "webhook_sender.h"

#include "chance.h"

#include <hearth/core/file.h>
#include <hearth/core/ids.h>
#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

constexpr std::size_t kAtOnce = 4;
constexpr Seconds kLongest{20};  // for an answer; the specification has 15 to 30 s
constexpr Millis kLook{60'000};  // the calendar's clock may be set
constexpr Millis kStoreTrouble{5'000};
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMostSecret = 256;
constexpr std::size_t kMostAnswer = 64 * 1024;  // of it is read, and none kept

egress::Complete record_of(const Result<egress::HttpResult>& told) {
  egress::Complete record;
  record.outcome = egress::Outcome::cancelled;
  if (!told) return record;
  const bool stopped = told->error && told->error->is(Errc::cancelled);
  if (!stopped) record.outcome = told->error ? egress::Outcome::failed : egress::Outcome::answered;
  record.status = static_cast<std::uint32_t>(told->status);
  record.sent = static_cast<std::uint64_t>(told->sent);
  record.received = static_cast<std::uint64_t>(told->received);
  return record;
}

}  // namespace

Result<std::string> read_webhook_secret(const std::filesystem::path& file) {
  auto secret = read_file(file, kMostSecret);
  if (secret && secret->size() >= kSecretBytes) return secret;
  if (secret)
    return fail(Errc::corrupt, fmt::format("{} is damaged; remove it, and a new secret is made, which the receivers of "
                                           "webhooks must be told",
                                           file.string()));
  if (!secret.error().is(Errc::not_found)) return secret;
  std::string made = new_secret(kSecretBytes);
  HEARTH_TRY(write_file_atomic(file, made, 0600));
  return made;
}

WebhookSender::WebhookSender(net::Executor executor, deferred::Queue* queue, std::unique_ptr<egress::Http> http,
                             std::shared_ptr<EgressRecords> records, std::string secret)
    : queue_(queue),
      http_(std::move(http)),
      records_(std::move(records)),
      secret_(std::move(secret)),
      wake_(executor),
      tasks_(executor) {}

Result<std::unique_ptr<WebhookSender>> WebhookSender::create(net::Executor executor, deferred::Queue* queue, Way way,
                                                             std::string secret) {
  egress::HttpOptions options;
  options.connect = std::move(way.connect);
  HEARTH_TRY_ASSIGN(auto http, egress::Http::start(std::move(options)));
  return std::unique_ptr<WebhookSender>(
      new WebhookSender(std::move(executor), queue, std::move(http), std::move(way.records), std::move(secret)));
}

void WebhookSender::start() {
  tasks_.spawn("webhooks.run", run());
}

net::awaitable<void> WebhookSender::stop() {
  http_.reset();  // ends what is under way
  co_await tasks_.stop();
}

void WebhookSender::link_is_up() {
  hurry_ = !unreached_.empty();
  wake_.set();
}

net::awaitable<void> WebhookSender::run() {
  for (;;) {
    wake_.reset();
    const WallTime now = wall_now();
    Millis pause = kLook;
    for (const auto& [id, progress] : queue_->pending()) {
      if (active_.contains(id)) continue;
      const bool hurried = hurry_ && unreached_.contains(id);
      if (!hurried && !is_due(progress, now)) {
        pause = std::min(pause, std::chrono::ceil<Millis>(progress.due - now));
      } else if (active_.size() < kAtOnce) {
        auto delivery = queue_->delivery(id);
        if (!delivery) continue;
        active_.insert(id);
        unreached_.erase(id);
        tasks_.spawn("webhooks.deliver", deliver(std::move(*delivery)));
      }
    }
    if (active_.size() < kAtOnce) hurry_ = false;
    const auto woken = co_await wake_.wait(Deadline::in(pause));
    if (!woken && woken.error().is(Errc::cancelled)) co_return;
  }
}

net::awaitable<Result<egress::HttpResult>> WebhookSender::post(deferred::Delivery delivery) {
  const std::int64_t timestamp = unix_seconds(wall_now());
  const std::string secret = deferred::webhook_secret(secret_, delivery.owner);
  const auto signature = deferred::sign(secret, delivery.id, timestamp, delivery.body);
  egress::HttpRequest request;
  request.url = delivery.url;
  request.headers = {"Content-Type: application/json", "Expect:", "webhook-id: " + delivery.id,
                     fmt::format("webhook-timestamp: {}", timestamp), "webhook-signature: " + signature.value_or("")};
  request.post = delivery.body;
  request.plain = egress::PlainHttp::anywhere;  // where it may go is the configuration's business
  request.redirects = egress::Redirects::refuse;
  request.longest = kLongest;
  auto taken = std::make_shared<std::size_t>(0);
  request.on_data = [taken](std::string_view data) -> Result<void> {
    *taken += data.size();
    if (*taken > kMostAnswer) return fail(Errc::too_large, "a webhook's receiver has nothing to say at such length");
    return {};
  };
  const auto begin = [this, &request](auto done) {
    if (http_ == nullptr) return done(fail(Errc::cancelled, "the daemon stops"));
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    http_->begin(std::move(request), [shared](egress::HttpResult result) { (*shared)(std::move(result)); });
  };
  co_return co_await net::from_callback<egress::HttpResult>(begin);
}

net::awaitable<Result<egress::HttpResult>> WebhookSender::send(deferred::Delivery delivery) {
  egress::HttpResult refused;
  const auto to = egress::destination_of(egress::Purpose::webhook, delivery.url, delivery.owner);
  if (!to) {
    refused.error = to.error();
    co_return refused;
  }
  const EgressRecords::Message message{delivery.call, delivery.body};
  const auto record = [this, &to, &message](auto done) { records_->begin(*to, message, std::move(done)); };
  const auto begun = co_await net::from_callback<egress::Ledger::Call>(record);
  if (!begun) {
    refused.error = begun.error();
    co_return refused;
  }
  auto told = co_await post(std::move(delivery));
  records_->complete(*begun, record_of(told));
  co_return told;
}

net::awaitable<void> WebhookSender::deliver(deferred::Delivery delivery) {
  const auto told = co_await send(delivery);
  if (!told || (told->error && told->error->is(Errc::cancelled))) co_return;
  std::optional<Millis> retry_after;
  if (told->retry_after) retry_after = *told->retry_after;
  const deferred::DeliveryProgress progress =
      delivery_tried(delivery.progress, told->status, retry_after, wall_now(), chance());
  if (told->status == 0) unreached_.insert(delivery.id);
  if (progress.status == deferred::DeliveryStatus::given_up)
    log::warn("webhooks", "a webhook is given up on",
              {{"call", delivery.call},
               {"url", egress::host_of(delivery.url)},
               {"status", told->status},
               {"error", told->error ? told->error->message() : ""}});
  for (;;) {
    const auto settle = [&](auto done) { queue_->delivery_settled(delivery.id, progress, std::move(done)); };
    const auto settled = co_await net::from_callback<void>(settle);
    if (settled) break;
    const auto slept = co_await net::sleep_for(kStoreTrouble);
    if (!slept) co_return;
  }
  if (progress.status != deferred::DeliveryStatus::pending) unreached_.erase(delivery.id);
  active_.erase(delivery.id);
  wake_.set();
}

}  // namespace hearth::daemon
