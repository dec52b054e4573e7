// The API under /v1: one request in, judged, sent to an upstream, answered.
//
// Owns the router, the spool of uploaded files and the metrics; belongs to the I/O thread. Its collaborators outlive
// it.
#pragma once

#include <hearth/answers/cache.h>
#include <hearth/answers/flight.h>
#include <hearth/answers/idempotency.h>
#include <hearth/config/config.h>
#include <hearth/deferred/queue.h>
#include <hearth/egress/ledger.h>
#include <hearth/egress/link_state.h>
#include <hearth/gateway/access.h>
#include <hearth/gateway/call_log.h>
#include <hearth/gateway/catalogue.h>
#include <hearth/gateway/files.h>
#include <hearth/gateway/metrics.h>
#include <hearth/gateway/upstream.h>
#include <hearth/net/server.h>
#include <hearth/privacy/declassify.h>
#include <hearth/privacy/detectors.h>
#include <hearth/spend/budgets.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace hearth::gateway {

struct Collaborators {
  const config::Config* config = nullptr;
  const Catalogue* catalogue = nullptr;
  Upstream* media = nullptr;  // the media engine; nullptr: uploads of sound and pictures are refused with a sentence
  net::BlockingPool* pool = nullptr;
  Metrics* metrics = nullptr;
  FileStore* files = nullptr;
  const privacy::Detectors* detectors = nullptr;
  std::span<const privacy::DeclassifyRule> declassify;
  answers::Cache* cache = nullptr;  // nullptr: nothing is kept for later calls
  answers::Flights* flights = nullptr;
  answers::Idempotency* idempotency = nullptr;
  spend::Budgets* budgets = nullptr;
  egress::Ledger* ledger = nullptr;         // nullptr: what leaves the box cannot be recorded, so nothing may
  std::function<egress::LinkState()> link;  // to the world outside; not set: it can be reached
  AccessPolicy access;
  deferred::Queue* deferred = nullptr;                                    // calls that are answered later
  std::function<std::string(std::string_view principal)> webhook_secret;  // of those who are told of their end
};

class Gateway {
 public:
  explicit Gateway(Collaborators collaborators);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Answers one request. `trusted`: it came over the owner's own socket, so no key and no Host check.
  enum class Trust { network, owner };
  net::awaitable<void> handle(net::Exchange& exchange, Trust trust);
  // What the HTTP server answers by itself (broken request, header too large), in the API's shape.
  static net::ErrorPage error_page(int status, std::string_view code, std::string_view message);

  struct Counts {
    std::uint64_t in_flight = 0;
    std::uint64_t served = 0;
    std::uint64_t failed = 0;  // answered 5xx
  };
  // Any thread.
  [[nodiscard]] Counts counts() const noexcept;
  [[nodiscard]] std::uint64_t spooled_bytes() const noexcept;
  // What was decided for the last calls. Any thread.
  [[nodiscard]] const CallLog& calls() const noexcept;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::gateway
