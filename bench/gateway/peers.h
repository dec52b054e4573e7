// The gateways that `make bench-gateway` sets beside each other: each started on the one core, in front of the same
// upstream, and stopped when it goes.
#pragma once

#include "../process.h"
#include "request.h"

#include <hearth/core/error.h>

#include <filesystem>
#include <memory>
#include <string>

namespace hearth::bench {

// Where things run: gateways on one core, the upstream and the load on another.
struct Place {
  std::filesystem::path build;
  std::filesystem::path folder;   // for configurations, logs and data
  std::filesystem::path portkey;  // the folder with its node_modules
  int gateway_core = 0;
  int load_core = 1;
  std::uint16_t upstream = 0;  // its port
};

class Peer {
 public:
  Target target;
  Target streaming;                  // where its streams go
  std::unique_ptr<Process> process;  // none: the upstream itself

  // Of the process and all below it.
  [[nodiscard]] double cpu() const { return process ? cpu_seconds(process->pid()) : 0; }
  [[nodiscard]] double memory() const;
};

// Each waits until it answers. deadline_exceeded, io_error; failed_precondition names what is missing.
Result<Process> start_upstream(Place& place);
Peer direct(const Place& place);
Result<Peer> start_nginx(const Place& place);
Result<Peer> start_haproxy(const Place& place);
Result<Peer> start_portkey(const Place& place);
// `mode`: of bench-proxy.
Result<Peer> start_proxy(const Place& place, const std::string& mode);
// hearthd with a key of its own. Its model `bench` is at a machine on the LAN, `bench-far` at a provider; the upstream
// is both.
Result<Peer> start_hearth(const Place& place);

}  // namespace hearth::bench
