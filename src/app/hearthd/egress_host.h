// hearthd's way into the world: hearth-gate, kept running; its rules, from the configuration; and the lock that leaves
// no other way.
#pragma once

#include "egress_records.h"

#include <hearth/config/config.h>
#include <hearth/egress/gate.h>
#include <hearth/egress/sockets.h>
#include <hearth/engines/pack_install.h>

#include <filesystem>
#include <memory>
#include <string>

namespace hearth::daemon {

// What the configuration allows. invalid_argument: an entry of egress.allow is no host.
Result<egress::Policy> egress_policy(const config::Config& config);

class EgressHost {
 public:
  // Starts the gate. One that cannot be started is tried again and again. invalid_argument, io_error.
  // `ledger` outlives it; nullptr: nothing may leave.
  static Result<std::unique_ptr<EgressHost>> open(const config::Config& config, egress::Ledger* ledger);
  ~EgressHost();
  EgressHost(const EgressHost&) = delete;
  EgressHost& operator=(const EgressHost&) = delete;

  [[nodiscard]] egress::Gate& gate() const noexcept { return *gate_; }
  [[nodiscard]] const std::shared_ptr<EgressRecords>& records() const noexcept { return records_; }
  // For downloads: each connection is recorded.
  [[nodiscard]] egress::Connect connect(egress::Purpose purpose, std::string who) const;
  // For who records what he sends himself, and for probes of the line, which carry nothing.
  [[nodiscard]] egress::Connect connect_unrecorded(egress::Purpose purpose, std::string who) const;
  [[nodiscard]] engines::PackNetwork for_packs() const;

  // Once the listeners exist: no thread of this process makes a socket any more but Unix ones. Only where there is a
  // starter (engines/starter.h), for children would inherit that. Logs what came of it.
  void lock_down();

  struct Status {
    bool locked_down = false;
    std::string why_not;
    egress::GateStatus gate;
  };
  [[nodiscard]] Status status() const;  // any thread, after lock_down()

 private:
  EgressHost() = default;
  std::shared_ptr<EgressRecords> records_;
  std::unique_ptr<egress::Gate> gate_;
  std::filesystem::path proxy_;  // for packs
  bool locked_down_ = false;
  std::string why_not_ = "hearthd is starting";
};

}  // namespace hearth::daemon
