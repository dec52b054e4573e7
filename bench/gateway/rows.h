// The parts of the gateways' comparison, each measured when it is called.
#pragma once

#include "../report.h"
#include "../samples.h"
#include "peers.h"

#include <vector>

namespace hearth::bench {

struct Bench {
  Place place;
  Report& report;
  int rounds;
  int seconds;              // of a turn
  std::vector<Peer> peers;  // the upstream itself first, then nginx
  double fsync;             // of this disk, p50 in seconds
};

// p50 of writing 4 KiB to the end of a file and waiting for the disk.
Result<double> fdatasync_median(const std::filesystem::path& folder);

// Requests a second at several concurrencies and sizes, with the processor time each takes.
Result<void> measure_rates(Bench& bench);
// What each adds to a single request.
Result<void> measure_latency(Bench& bench);
// At fixed rates.
Result<void> measure_open(Bench& bench);
// First bytes, deltas, and how many streams are held.
Result<void> measure_streams(Bench& bench);
// When nobody asks, and with a thousand open connections.
Result<void> measure_memory(Bench& bench);
// The parts that hearthd is made of, with the ledger kept in several ways: docs/decisions/0001.
Result<void> measure_experiment(Bench& bench);

}  // namespace hearth::bench
