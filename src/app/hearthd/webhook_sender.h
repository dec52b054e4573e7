// Tells webhooks that deferred calls have ended: Standard Webhooks, until they have heard it or days have passed.
#pragma once

#include <hearth/deferred/queue.h>
#include <hearth/egress/http.h>
#include <hearth/net/runtime.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace hearth::daemon {

// The box's own secret, of which each key's is made: read from its file, or made. Blocking. io_error, corrupt.
Result<std::string> read_webhook_secret(const std::filesystem::path& file);

// Belongs to the I/O thread. The queue outlives it.
class WebhookSender {
 public:
  WebhookSender(net::Executor executor, deferred::Queue* queue, std::unique_ptr<egress::Http> http, std::string secret);

  void start();
  net::awaitable<void> stop();
  // A call has ended.
  void changed() { wake_.set(); }
  // The world can be reached again: what did not get through is tried again.
  void link_is_up();

 private:
  net::awaitable<void> run();
  net::awaitable<void> deliver(deferred::Delivery delivery);

  deferred::Queue* queue_;
  std::unique_ptr<egress::Http> http_;
  const std::string secret_;
  net::Event wake_;
  std::set<std::string> active_;
  std::set<std::string> unreached_;  // nobody answered: the line may have been down
  bool hurry_ = false;               // those are due
  net::TaskGroup tasks_;
};

}  // namespace hearth::daemon
