// Measures hearthd as a gateway beside nginx, haproxy and Portkey, and writes what it found into docs/benchmarks.md.
// tools/bench-gateway runs it. tools/layout has it only make hearthd work.
#include "../section.h"
#include "load.h"
#include "rows.h"

#include <hearth/core/file.h>
#include <hearth/hardware/machine.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace {

using namespace hearth;
using namespace hearth::bench;

struct Options {
  std::string build;
  std::string portkey;
  std::string document;
  std::string commit = "unknown";
  int rounds = 3;
  int seconds = 2;
  std::vector<std::string> only;
  bool practice = false;
};

using Measure = Result<void> (*)(Bench&);
struct Part {
  std::string_view name;
  Measure measure;
};
constexpr std::array kParts{
    Part{"memory", measure_memory}, Part{"rates", measure_rates},     Part{"latency", measure_latency},
    Part{"open", measure_open},     Part{"streams", measure_streams}, Part{"experiment", measure_experiment},
};

bool wanted(const Options& options, std::string_view part) {
  // The experiment is history: it is repeated only when asked for.
  if (options.only.empty()) return part != "experiment";
  return std::ranges::find(options.only, part) != options.only.end();
}

std::string heading(const Options& options, const std::string& machine, double load_before, double fsync) {
  return fmt::format(
      R"(## As a gateway, beside nginx, haproxy and Portkey

Made by `make bench-gateway` on {}, {}, commit {}, load average {:.1f} before.

Every gateway runs on the one core and in front of the same upstream, which shares the other core with the load; all of it on loopback,
HTTP/1.1 with connections kept open on both sides, TCP_NODELAY, no access log but hearthd's. nginx and haproxy have one worker. hearthd
checks a key, reads the body, records, counts and logs each request; Portkey has no keys and no ledger. They take turns within one run:
{} rounds, of which the median is shown, with the least and the most where there is room; a ratio is the median of the rounds' own.
A request is as large as its answer. Each asks something new, so that no cache has the answer, unless the row says so.
What was aimed at, how near this is and what is in the way: [decision 2](decisions/0002-what-a-request-costs.md).
`fdatasync` of 4 KiB appended to a file takes {} (p50) on this disk.
)",
      machine, format_rfc3339(wall_now()).substr(0, 10), options.commit, load_before, options.rounds, show_time(fsync));
}

Result<std::vector<Peer>> start_all(const Place& place) {
  std::vector<Peer> peers;
  peers.push_back(direct(place));
  for (const auto start : {start_nginx, start_haproxy, start_portkey, start_hearth}) {
    HEARTH_TRY_ASSIGN(Peer peer, start(place));
    peers.push_back(std::move(peer));
  }
  return peers;
}

void prepare_this_process(int core) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 16384);
  ::setrlimit(RLIMIT_NOFILE, &files);  // children inherit it
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(0, sizeof(cores), &cores);
}

Result<void> measure(const Options& options) {
  const double load_before = load_average();
  const std::string machine = hardware::to_string(hardware::describe_machine());
  HEARTH_TRY_ASSIGN(const TemporaryFolder folder, TemporaryFolder::create());
  Report report;
  Bench bench{.place = {.build = options.build, .folder = folder.path(), .portkey = options.portkey},
              .report = report,
              .rounds = options.rounds,
              .seconds = options.seconds,
              .peers = {},
              .fsync = 0};
  prepare_this_process(bench.place.load_core);
  HEARTH_TRY_ASSIGN(bench.fsync, fdatasync_median(folder.path()));
  HEARTH_TRY_ASSIGN(const Process upstream, start_upstream(bench.place));
  const bool compares = std::ranges::any_of(
      kParts, [&](const Part& part) { return part.measure != measure_experiment && wanted(options, part.name); });
  if (compares) {
    HEARTH_TRY_ASSIGN(bench.peers, start_all(bench.place));
  }
  const std::string head = heading(options, machine, load_before, bench.fsync);
  Report::progress(head);
  for (const Part& part : kParts) {
    if (!wanted(options, part.name)) continue;
    HEARTH_TRY(part.measure(bench));
  }
  if (options.document.empty()) return {};
  return replace_section(options.document, "gateway", head + report.markdown());
}

// Every way that a request takes, without measuring anything.
Result<void> practise(const Options& options) {
  HEARTH_TRY_ASSIGN(const TemporaryFolder folder, TemporaryFolder::create());
  Place place{.build = options.build, .folder = folder.path(), .portkey = {}};
  prepare_this_process(place.load_core);
  HEARTH_TRY_ASSIGN(const Process upstream, start_upstream(place));
  HEARTH_TRY_ASSIGN(const Peer hearth, start_hearth(place));
  Target far = hearth.target;
  far.model = "bench-far";
  constexpr std::size_t kAtOnce = 16;
  constexpr Payload kSizes[] = {{512, 512}, {10 << 10, 10 << 10}, {100 << 10, 100 << 10}};
  const Seconds each(options.seconds);
  for (const Target& target : {hearth.target, far}) {
    for (const Payload size : kSizes) {
      for (const Repeats repeats : {Repeats::differ, Repeats::same}) {
        HEARTH_TRY_ASSIGN(const Answered done,
                          closed_loop(target, Request::whole(target, size, repeats), kAtOnce, Seconds(0), each));
        if (done.failed > 0) return fail(Errc::unavailable, fmt::format("{} requests failed", done.failed));
      }
    }
    HEARTH_TRY_ASSIGN(const Streamed streamed, streams(target, {.deltas = 64, .pace_us = 1000}, kAtOnce, 10));
    if (streamed.broken > 0) return fail(Errc::unavailable, fmt::format("{} streams broke", streamed.broken));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app("Measures hearthd as a gateway");
  app.add_option("--build", options.build, "The build folder, with bin/ and bench/")->required();
  app.add_option("--portkey", options.portkey, "The folder where Portkey's gateway is installed");
  app.add_option("--document", options.document, "Whose section `gateway` is written anew; none: only print");
  app.add_option("--commit", options.commit, "What is measured");
  app.add_option("--rounds", options.rounds, "How often they take turns")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "How long each turn lasts")->check(CLI::Range(1, 60));
  app.add_option("--only", options.only, "Parts: memory, rates, latency, open, streams, experiment")->delimiter(',');
  app.add_flag("--practice", options.practice, "Measure nothing: only have hearthd answer requests of each kind");
  CLI11_PARSE(app, argc, argv);
  const auto measured = options.practice ? practise(options) : measure(options);
  if (!measured) {
    fmt::print(stderr, "hearth-bench-gateway: {}\n", measured.error().describe());
    return 1;
  }
  return 0;
}
