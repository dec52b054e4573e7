// The admin API (docs/admin-api.md), for the owner of the box: on a socket, a thread and an io_context of its own, so
// that it answers while the I/O thread is busy.
#pragma once

#include "admin_egress.h"
#include "answers.h"
#include "box.h"
#include "egress_host.h"
#include "front.h"
#include "healing_record.h"
#include "link_watch.h"
#include "models_service.h"
#include "packs.h"

#include <hearth/config/config.h>
#include <hearth/engines/supervisor.h>
#include <hearth/gateway/gateway.h>
#include <hearth/spend/budgets.h>
#include <hearth/store/keys.h>

#include <memory>
#include <string>
#include <vector>

namespace hearth::daemon {

// What it may ask; all of it is safe from its thread. Outlives the server.
struct AdminContext {
  const config::Config& config;
  const gateway::Catalogue& catalogue;
  engines::Supervisor& supervisor;
  PackManager& packs;
  net::BlockingPool& pool;
  net::Executor io;  // the supervisor's executor
  Answers& answers;
  store::KeyStore& keys;
  spend::Budgets& budgets;
  const gateway::Gateway& gateway;
  const Vitals& vitals;
  const gateway::AccessPolicy& access;
  const Box& box;
  ModelsService& models;
  const HealingRecord& record;
  const LinkWatch& link;
  const EgressHost& egress;
  EgressContext ledger;
  std::string url;
  std::vector<std::string> listen;
  SteadyTime started;
};

class AdminServer {
 public:
  // Starts the thread and listens on `socket`. io_error, invalid_argument.
  static Result<std::unique_ptr<AdminServer>> start(AdminContext context, const std::filesystem::path& socket);
  // Stops listening and lets requests end. Awaited on the I/O thread, which such requests may need to end: must come
  // before the server goes.
  net::awaitable<void> stop(Deadline deadline);
  // Joins the thread.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  struct Impl;

 private:
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::daemon
