#include "rows.h"

#include "load.h"
#include "wrk.h"

#include <hearth/core/clock.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

namespace hearth::bench {
namespace {

constexpr std::array<std::size_t, 4> kConnections{1, 16, 64, 256};
constexpr std::array<std::size_t, 3> kSizes{512, 10'240, 102'400};
constexpr std::array<double, 2> kRates{1'000, 4'000};
constexpr Millis kWarmUp{200};
constexpr std::size_t kIdle = 1000;
constexpr Paced kFewStreams{.deltas = 64, .pace_us = 20'000};
constexpr Paced kManyStreams{.deltas = 64, .pace_us = 100'000};
constexpr std::size_t kFew = 64;
constexpr std::size_t kMany = 1000;

// Node serves about a twentieth of what the others do: it does not get every turn.
bool is_slow(const Peer& peer) {
  return peer.target.name == "Portkey";
}
bool is_direct(const Peer& peer) {
  return peer.process == nullptr;
}

bool is_hearth(const Peer& peer) {
  return peer.target.name == "hearthd";
}

// hearthd's rows, with what is on the disk when.
constexpr const char* kLan = "hearthd to a LAN upstream; ledger and budget durable in the background";
constexpr const char* kFar = "hearthd to a provider; ledger and budget durable before the call leaves";
constexpr const char* kKept = "hearthd, answered from its cache; nothing leaves";

std::string size_name(std::size_t bytes) {
  return bytes < 1024 ? fmt::format("{} bytes", bytes) : fmt::format("{} KiB", bytes / 1024);
}

std::string with_spread(const Samples& samples, std::string (*show)(double)) {
  if (samples.size() == 0) return "";
  return fmt::format("{} ({} to {})", show(samples.median()), show(samples.min()), show(samples.max()));
}
std::string show_ratio(double ratio) {
  return fmt::format("{:.2f}", ratio);
}

Samples ratios(const std::vector<double>& of, const std::vector<double>& to) {
  Samples ratio;
  for (std::size_t i = 0; i < std::min(of.size(), to.size()); ++i)
    if (to[i] > 0) ratio.add(of[i] / to[i]);
  return ratio;
}
Samples samples_of(const std::vector<double>& values) {
  Samples samples;
  for (const double value : values) samples.add(value);
  return samples;
}
Samples differences(const std::vector<double>& of, const std::vector<double>& to) {
  Samples difference;
  for (std::size_t i = 0; i < std::min(of.size(), to.size()); ++i) difference.add(of[i] - to[i]);
  return difference;
}

// One who takes part: a gateway, asked in a certain way.
struct Entrant {
  std::string label;
  const Peer* peer;
  Target target;
  Repeats repeats = Repeats::differ;
};

// hearthd takes part in three ways: its usual one, one that makes it wait for the disk, and one where it need not ask.
std::vector<Entrant> entrants(const Bench& bench) {
  std::vector<Entrant> all;
  for (const Peer& peer : bench.peers) {
    if (!is_hearth(peer)) {
      all.push_back({peer.target.name, &peer, peer.target});
      continue;
    }
    Target far = peer.target;
    far.model = "bench-far";
    all.push_back({kLan, &peer, peer.target});
    all.push_back({kFar, &peer, far});
    all.push_back({kKept, &peer, peer.target, Repeats::same});
  }
  return all;
}

// ── Requests a second

struct Turn {
  std::vector<double> rate;  // a value a round
  std::vector<double> cpu;   // seconds a request
  double failed = 0;
};

Result<void> take_turn(const Bench& bench, const Entrant& entrant, std::size_t size, std::size_t connections,
                       Turn& turn) {
  const Request request = Request::whole(entrant.target, {.request = size, .answer = size}, entrant.repeats);
  const double before = entrant.peer->cpu();
  HEARTH_TRY_ASSIGN(const Counted counted, run_wrk(entrant.target, request, connections, Seconds(bench.seconds),
                                                   bench.place.load_core, bench.place.folder));
  turn.rate.push_back(counted.rate);
  turn.cpu.push_back((entrant.peer->cpu() - before) / std::max(counted.requests, 1.0));
  turn.failed += counted.failed;
  return {};
}

bool takes_part(const Entrant& entrant, std::size_t size, std::size_t connections) {
  if (is_slow(*entrant.peer)) return size == kSizes.front() && connections == 64;
  if (entrant.label == kFar || entrant.label == kKept) return size == kSizes.front();
  if (is_direct(*entrant.peer)) return connections == 64;
  return true;
}

Result<void> rates_of_size(const Bench& bench, const std::vector<Entrant>& all, std::size_t size) {
  std::map<std::pair<std::string, std::size_t>, Turn> turns;
  for (int round = 0; round < bench.rounds; ++round) {
    Report::progress(fmt::format("requests a second, {}, round {}", size_name(size), round + 1));
    for (const std::size_t connections : kConnections) {
      for (const Entrant& entrant : all) {
        if (!takes_part(entrant, size, connections)) continue;
        HEARTH_TRY(take_turn(bench, entrant, size, connections, turns[{entrant.label, connections}]));
      }
    }
  }
  bench.report.text(fmt::format("**Requests and answers of {}**\n", size_name(size)));
  bench.report.table({"requests/s at so many at once", "1", "16", "64", "256", "processor time a request, at 64"});
  for (const Entrant& entrant : all) {
    if (!takes_part(entrant, size, 64)) continue;
    std::vector<std::string> cells;
    std::vector<std::string> ratio;
    double failed = 0;
    for (const std::size_t connections : kConnections) {
      const Turn& turn = turns[{entrant.label, connections}];
      cells.push_back(with_spread(samples_of(turn.rate), show_count));
      ratio.push_back(with_spread(ratios(turn.rate, turns[{"nginx", connections}].rate), show_ratio));
      failed += turn.failed;
    }
    const Turn& at_64 = turns[{entrant.label, 64}];
    const std::string cpu = is_direct(*entrant.peer) ? "" : show_time(samples_of(at_64.cpu).median());
    const std::string label = failed > 0 ? fmt::format("{} ({:.0f} failed)", entrant.label, failed) : entrant.label;
    bench.report.row({label, cells[0], cells[1], cells[2], cells[3], cpu});
    if (is_hearth(*entrant.peer))
      bench.report.row({"… to nginx", ratio[0], ratio[1], ratio[2], ratio[3],
                        with_spread(ratios(at_64.cpu, turns[{"nginx", 64}].cpu), show_ratio)});
  }
  return {};
}

// ── One request at a time

struct Quantiles {
  std::vector<double> p50;
  std::vector<double> p99;
  void add(const Samples& seconds) {
    p50.push_back(seconds.quantile(0.5));
    p99.push_back(seconds.quantile(0.99));
  }
};

}  // namespace

Result<double> fdatasync_median(const std::filesystem::path& folder) {
  constexpr std::size_t kTimes = 200;
  const Fd fd(::open((folder / "fsync").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string block(4096, 'x');
  Samples seconds;
  for (std::size_t i = 0; i < kTimes; ++i) {
    const SteadyTime began = steady_now();
    if (::write(fd.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(fd.get()) != 0)
      return fail_errno(errno, "syncing a file");
    seconds.add(seconds_between(began, steady_now()));
  }
  return seconds.median();
}

Result<void> measure_rates(Bench& bench) {
  bench.report.text("### Requests a second");
  for (const std::size_t size : kSizes) {
    HEARTH_TRY(rates_of_size(bench, entrants(bench), size));
  }
  return {};
}

Result<void> measure_latency(Bench& bench) {
  std::map<std::pair<std::string, std::size_t>, Quantiles> found;
  std::vector<Entrant> all = entrants(bench);
  std::erase_if(all, [](const Entrant& entrant) { return entrant.label == kKept; });
  for (int round = 0; round < bench.rounds; ++round) {
    Report::progress(fmt::format("one request at a time, round {}", round + 1));
    for (const std::size_t size : kSizes) {
      for (const Entrant& entrant : all) {
        const Request request = Request::whole(entrant.target, {.request = size, .answer = size}, entrant.repeats);
        HEARTH_TRY_ASSIGN(const Answered answered,
                          closed_loop(entrant.target, request, 1, kWarmUp, Millis(bench.seconds * 500)));
        found[{entrant.label, size}].add(answered.seconds);
      }
    }
  }
  bench.report.text("### What a single request waits longer\n");
  bench.report.table({"added p50 / p99, one request at a time", "512 bytes", "10 KiB", "100 KiB"});
  const std::string base = bench.peers.front().target.name;
  for (const Entrant& entrant : all) {
    const bool bare_self = is_direct(*entrant.peer);
    std::vector<std::string> cells;
    std::vector<std::string> ratio;
    for (const std::size_t size : kSizes) {
      const Quantiles& its = found[{entrant.label, size}];
      const Quantiles& bare = found[{base, size}];
      const Quantiles& nginx = found[{"nginx", size}];
      const Samples p50 = bare_self ? samples_of(its.p50) : differences(its.p50, bare.p50);
      const Samples p99 = bare_self ? samples_of(its.p99) : differences(its.p99, bare.p99);
      const std::string cell = fmt::format("{} / {}", show_time(p50.median()), show_time(p99.median()));
      cells.push_back(bare_self ? fmt::format("(takes {})", cell) : cell);
      if (entrant.label == kFar) {
        const double more = differences(its.p50, nginx.p50).median();
        ratio.push_back(fmt::format("{} more, {:.2f} syncs", show_time(more), more / bench.fsync));
      } else {
        ratio.push_back(fmt::format("{:.2f} / {:.2f}", p50.median() / differences(nginx.p50, bare.p50).median(),
                                    p99.median() / differences(nginx.p99, bare.p99).median()));
      }
    }
    bench.report.row({entrant.label, cells[0], cells[1], cells[2]});
    if (is_hearth(*entrant.peer))
      bench.report.row({entrant.label == kFar ? "… than nginx, p50" : "… to nginx", ratio[0], ratio[1], ratio[2]});
  }
  return {};
}

Result<void> measure_open(Bench& bench) {
  std::map<std::pair<std::string, double>, Quantiles> found;
  std::map<std::string, std::size_t> failed;
  for (int round = 0; round < bench.rounds; ++round) {
    Report::progress(fmt::format("fixed rates, round {}", round + 1));
    for (const double rate : kRates) {
      for (const Peer& peer : bench.peers) {
        if (is_slow(peer)) continue;
        const Request request = Request::whole(peer.target, {}, Repeats::differ);
        HEARTH_TRY_ASSIGN(const Answered answered,
                          open_loop(peer.target, request, rate, 64, kWarmUp, Millis(bench.seconds * 500)));
        found[{peer.target.name, rate}].add(answered.seconds);
        failed[peer.target.name] += answered.failed;
      }
    }
  }
  bench.report.text(
      "### At a fixed rate\n\nRequests of 512 bytes are due evenly, and each one's time counts from when it was due, "
      "whether or not a connection was free then.\n");
  bench.report.table({"p50 / p99", "1,000 requests/s", "4,000 requests/s", "failed"});
  for (const Peer& peer : bench.peers) {
    if (is_slow(peer)) continue;
    std::vector<std::string> cells;
    for (const double rate : kRates) {
      const Quantiles& its = found[{peer.target.name, rate}];
      cells.push_back(
          fmt::format("{} / {}", show_time(samples_of(its.p50).median()), show_time(samples_of(its.p99).median())));
    }
    bench.report.row({peer.target.name, cells[0], cells[1], fmt::format("{}", failed[peer.target.name])});
  }
  return {};
}

namespace {

struct StreamTurns {
  std::vector<double> first_byte;  // p50
  Quantiles late;                  // of 64 streams
  Samples many_late;
  double cpu_a_delta = 0;
  std::size_t few_broken = 0;
  std::size_t many_complete = 0;
};

Result<void> stream_turn(const Peer& peer, StreamTurns& turns) {
  constexpr Paced kShort{.deltas = 1, .pace_us = 1'000};
  HEARTH_TRY_ASSIGN(const Streamed alone, streams(peer.streaming, kShort, 1, 150));
  turns.first_byte.push_back(alone.first_byte.quantile(0.5));
  HEARTH_TRY_ASSIGN(const Streamed few, streams(peer.streaming, kFewStreams, kFew, 1));
  turns.late.add(few.late);
  turns.few_broken += few.broken + alone.broken;
  return {};
}

}  // namespace

Result<void> measure_streams(Bench& bench) {
  std::map<std::string, StreamTurns> found;
  for (int round = 0; round < bench.rounds; ++round) {
    Report::progress(fmt::format("streams, round {}", round + 1));
    for (const Peer& peer : bench.peers) {
      HEARTH_TRY(stream_turn(peer, found[peer.target.name]));
    }
  }
  for (const Peer& peer : bench.peers) {
    Report::progress(fmt::format("a thousand streams: {}", peer.target.name));
    StreamTurns& turns = found[peer.target.name];
    const double before = peer.cpu();
    HEARTH_TRY_ASSIGN(const Streamed many, streams(peer.streaming, kManyStreams, kMany, 1));
    turns.many_complete = many.complete;
    turns.cpu_a_delta = (peer.cpu() - before) / std::max<double>(static_cast<double>(many.late.size()), 1);
    turns.many_late = many.late;
  }
  bench.report.text(fmt::format(
      "### Streams\n\nEach delta says when it was written; it is late by the time until it was read. {} streams have a "
      "delta every 20 ms, {} one every 100 ms.\n",
      kFew, show_count(kMany)));
  bench.report.table({"", "first byte, added p50", "64 streams: late by, p50 / p99", "added p99",
                      "1,000 streams: complete", "late by, p50 / p99", "processor time a delta"});
  const StreamTurns& bare = found[bench.peers.front().target.name];
  for (const Peer& peer : bench.peers) {
    const StreamTurns& turns = found[peer.target.name];
    if (turns.many_late.size() == 0) {
      bench.report.row({peer.target.name, "answers no stream", "", "", "0", "", ""});
      continue;
    }
    const auto first = is_direct(peer) ? fmt::format("(takes {})", show_time(samples_of(turns.first_byte).median()))
                                       : show_time(differences(turns.first_byte, bare.first_byte).median());
    const std::string added = is_direct(peer) ? "" : show_time(differences(turns.late.p99, bare.late.p99).median());
    const std::string label =
        turns.few_broken > 0 ? fmt::format("{} ({} broken)", peer.target.name, turns.few_broken) : peer.target.name;
    bench.report.row(
        {label, first,
         fmt::format("{} / {}", show_time(samples_of(turns.late.p50).median()),
                     show_time(samples_of(turns.late.p99).median())),
         added, fmt::format("{}", turns.many_complete),
         fmt::format("{} / {}", show_time(turns.many_late.quantile(0.5)), show_time(turns.many_late.quantile(0.99))),
         is_direct(peer) ? "" : show_time(turns.cpu_a_delta)});
  }
  return {};
}

Result<void> measure_memory(Bench& bench) {
  bench.report.text("### Memory\n");
  bench.report.table({"", "when idle, PSS", "after some thousand requests",
                      fmt::format("more for each of {} idle connections", show_count(kIdle))});
  for (const Peer& peer : bench.peers) {
    if (is_direct(peer)) continue;
    Report::progress(fmt::format("memory: {}", peer.target.name));
    const double idle = peer.memory();
    const Request request = Request::whole(peer.target, {}, Repeats::differ);
    // What is kept of the last requests is not the connections'.
    HEARTH_TRY(closed_loop(peer.target, request, 16, kWarmUp, Millis(bench.seconds * 500)));
    const double used = peer.memory();
    HEARTH_TRY_ASSIGN(const std::vector<Fd> open, idle_connections(peer.target, request, kIdle));
    bench.report.row({peer.target.name, show_memory(idle), show_memory(used),
                      fmt::format("{:.1f} KiB", (peer.memory() - used) / kIdle / 1024)});
  }
  return {};
}

Result<void> measure_experiment(Bench& bench) {
  std::vector<Peer> peers;
  peers.push_back(direct(bench.place));
  HEARTH_TRY_ASSIGN(Peer nginx, start_nginx(bench.place));
  peers.push_back(std::move(nginx));
  for (const char* mode : {"none", "file", "background", "full"}) {
    HEARTH_TRY_ASSIGN(Peer proxy, start_proxy(bench.place, mode));
    peers.push_back(std::move(proxy));
  }
  std::map<std::pair<std::string, std::size_t>, Turn> turns;
  std::map<std::string, Quantiles> alone;
  constexpr std::array<std::size_t, 3> kAtOnce{1, 16, 64};
  for (int round = 0; round < bench.rounds; ++round) {
    Report::progress(fmt::format("the experiment, round {}", round + 1));
    for (const std::size_t connections : kAtOnce) {
      for (const Peer& peer : peers) {
        HEARTH_TRY(take_turn(bench, {peer.target.name, &peer, peer.target}, kSizes.front(), connections,
                             turns[{peer.target.name, connections}]));
      }
    }
    for (const Peer& peer : peers) {
      HEARTH_TRY_ASSIGN(const Answered answered,
                        closed_loop(peer.target, Request::whole(peer.target, {}, Repeats::differ), 1, kWarmUp,
                                    Millis(bench.seconds * 500)));
      alone[peer.target.name].add(answered.seconds);
    }
  }
  bench.report.table(
      {"", "requests/s at 1", "16", "64", "to nginx at 64", "processor time a request at 64", "added p50 / p99 at 1"});
  for (const Peer& peer : peers) {
    const auto rate = [&](std::size_t c) {
      return with_spread(samples_of(turns[{peer.target.name, c}].rate), show_count);
    };
    const Quantiles& its = alone[peer.target.name];
    const Quantiles& base = alone[peers.front().target.name];
    bench.report.row({peer.target.name, rate(1), rate(16), rate(64),
                      with_spread(ratios(turns[{peer.target.name, 64}].rate, turns[{"nginx", 64}].rate), show_ratio),
                      show_time(samples_of(turns[{peer.target.name, 64}].cpu).median()),
                      fmt::format("{} / {}", show_time(differences(its.p50, base.p50).median()),
                                  show_time(differences(its.p99, base.p99).median()))});
  }
  return {};
}

}  // namespace hearth::bench
