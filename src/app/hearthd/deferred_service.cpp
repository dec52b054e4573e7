#include "deferred_service.h"

#include <boost/asio/post.hpp>

namespace hearth::daemon {
namespace {

constexpr Seconds kSweep{300};

deferred::Limits limits_of(const config::Deferred& config) {
  return {.calls = config.calls, .bytes = config.space, .keep = std::chrono::duration_cast<Seconds>(config.keep)};
}

deferred::RetryPolicy retry_of(const config::Deferred& config) {
  deferred::RetryPolicy policy;
  policy.on_unknown = config.repeat_uncertain ? deferred::OnUnknown::run_again : deferred::OnUnknown::give_up;
  return policy;
}

}  // namespace

DeferredService::DeferredService(const config::Config& config, std::unique_ptr<deferred::Queue> queue,
                                 std::string secret)
    : config_(config), queue_(std::move(queue)), secret_(std::move(secret)) {}

Result<std::unique_ptr<DeferredService>> DeferredService::open(const config::Config& config,
                                                               store::StoreThread& store) {
  HEARTH_TRY_ASSIGN(std::string secret, read_webhook_secret(config.paths.data / "webhook-secret"));
  HEARTH_TRY_ASSIGN(auto queue,
                    deferred::Queue::open(store, config.paths.data / "deferred", limits_of(config.deferred)));
  return std::unique_ptr<DeferredService>(
      new DeferredService(config, std::move(queue), std::move(secret)));  // the constructor is private
}

std::string DeferredService::webhook_secret(std::string_view owner) const {
  return deferred::webhook_secret(secret_, owner);
}

Result<void> DeferredService::start(net::Executor executor, net::BlockingPool& pool, WebhookSender::Way way) {
  runner_ =
      std::make_unique<DeferredRunner>(executor, DeferredRunner::With{.queue = queue_.get(),
                                                                      .pool = &pool,
                                                                      .socket = config_.paths.runtime / "hearth.sock",
                                                                      .parallel = config_.deferred.parallel,
                                                                      .retry = retry_of(config_.deferred)});
  if (!config_.deferred.webhooks.empty()) {
    HEARTH_TRY_ASSIGN(webhooks_, WebhookSender::create(executor, queue_.get(), std::move(way), secret_));
  }
  queue_->on_change([this, executor](const deferred::Job& job) {
    net::asio::post(executor, [this, id = job.id, status = job.progress.status] {
      runner_->changed(id, status);
      if (webhooks_ && deferred::has_ended(status)) webhooks_->changed();
    });
  });
  tasks_ = std::make_unique<net::TaskGroup>(executor);
  tasks_->spawn("deferred.sweep", sweep());
  runner_->start();
  if (webhooks_) webhooks_->start();
  return {};
}

void DeferredService::hold() {
  if (runner_) runner_->hold();
}

net::awaitable<void> DeferredService::stop(Deadline drained) {
  if (!runner_) co_return;
  co_await runner_->stop(drained);
  if (webhooks_) co_await webhooks_->stop();
  co_await tasks_->stop();
}

void DeferredService::link_is_up() {
  if (!runner_) return;
  runner_->link_is_up();
  if (webhooks_) webhooks_->link_is_up();
}

net::awaitable<void> DeferredService::sweep() {
  for (;;) {
    queue_->remove_old(wall_now());
    const auto slept = co_await net::sleep_for(kSweep);
    if (!slept) co_return;
  }
}

}  // namespace hearth::daemon
