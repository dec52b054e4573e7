// Tells webhooks that deferred calls have ended: Standard Webhooks, until they have heard it or days have passed.
#pragma once

#include "egress_records.h"

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
  // How messages leave the box, and what records them.
  struct Way {
    egress::Connect connect;
    std::shared_ptr<EgressRecords> records;
  };
  // internal: as egress::Http.
  static Result<std::unique_ptr<WebhookSender>> create(net::Executor executor, deferred::Queue* queue, Way way,
                                                       std::string secret);

  void start();
  net::awaitable<void> stop();
  // A call has ended.
  void changed() { wake_.set(); }
  // The world can be reached again: what did not get through is tried again.
  void link_is_up();

 private:
  WebhookSender(net::Executor executor, deferred::Queue* queue, std::unique_ptr<egress::Http> http,
                std::shared_ptr<EgressRecords> records, std::string secret);
  net::awaitable<void> run();
  net::awaitable<void> deliver(deferred::Delivery delivery);
  // Recorded first; what cannot be recorded is not sent. cancelled: the daemon stops.
  net::awaitable<Result<egress::HttpResult>> send(deferred::Delivery delivery);
  net::awaitable<Result<egress::HttpResult>> post(deferred::Delivery delivery);

  deferred::Queue* queue_;
  std::unique_ptr<egress::Http> http_;
  std::shared_ptr<EgressRecords> records_;
  const std::string secret_;
  net::Event wake_;
  std::set<std::string> active_;
  std::set<std::string> unreached_;  // nobody answered: the line may have been down
  bool hurry_ = false;               // those are due
  net::TaskGroup tasks_;
};

}  // namespace hearth::daemon
