// Deferred calls as the daemon has them: their queue, who sends them, and who tells webhooks.
#pragma once

#include "deferred_runner.h"
#include "webhook_sender.h"

#include <hearth/config/config.h>
#include <hearth/deferred/queue.h>

#include <memory>
#include <string>

namespace hearth::daemon {

class DeferredService {
 public:
  // Reads the journal. Blocking; errors as Queue::open and read_webhook_secret. `config` and `store` outlive it.
  static Result<std::unique_ptr<DeferredService>> open(const config::Config& config, store::StoreThread& store);

  [[nodiscard]] deferred::Queue& queue() noexcept { return *queue_; }
  // Of one key's webhooks. Any thread.
  [[nodiscard]] std::string webhook_secret(std::string_view owner) const;

  // On the I/O thread, once the owner's socket listens; `pool` outlives it. `way`: of webhooks.
  Result<void> start(net::Executor executor, net::BlockingPool& pool, WebhookSender::Way way);
  // No call is begun any more; then what is under way has until `drained` to end.
  void hold();
  net::awaitable<void> stop(Deadline drained);
  void link_is_up();

 private:
  DeferredService(const config::Config& config, std::unique_ptr<deferred::Queue> queue, std::string secret);
  net::awaitable<void> sweep();

  const config::Config& config_;
  std::unique_ptr<deferred::Queue> queue_;
  const std::string secret_;
  std::unique_ptr<DeferredRunner> runner_;
  std::unique_ptr<WebhookSender> webhooks_;  // nullptr: the configuration allows none
  std::unique_ptr<net::TaskGroup> tasks_;
};

}  // namespace hearth::daemon
