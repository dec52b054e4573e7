// Measures a build of Hearth on this machine, and writes down what it found. tools/bench runs it.
#include "rows.h"
#include "section.h"

#include <hearth/core/file.h>
#include <hearth/hardware/machine.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace {

using namespace hearth;
using namespace hearth::bench;

constexpr std::size_t kMaxDocument = 16U << 20U;

struct Options {
  std::string build;
  std::string docs;
  std::string commit = "unknown";
  std::string inside;  // what tools/bench found with Google Benchmark
  int rounds = 7;
  int starts = 15;
  std::string only;  // of the sections; empty: all
};

using Measure = Result<void> (*)(const Bench&);
struct Section {
  std::string_view name;
  Measure measure;
};
constexpr std::array kSections{
    Section{"starts", measure_engine_starts},
    Section{"embeddings", measure_embeddings},
    Section{"chat", measure_chat},
    Section{"speech", measure_speech},
    Section{"transcription", measure_transcription},
    Section{"ocr", measure_ocr},
    Section{"detection", measure_detection},
    Section{"memory", measure_memory},
};

Result<void> measure(const Options& options, Report& report) {
  if (options.only.empty()) {
    HEARTH_TRY(measure_start(options.build, report, options.starts));
  }
  HEARTH_TRY_ASSIGN(const Box box, Box::start(options.build));
  const Bench bench{options.build, options.docs, box, report, options.rounds};
  for (const Section& section : kSections) {
    if (!options.only.empty() && section.name != options.only) continue;
    HEARTH_TRY(section.measure(bench));
    if (section.measure == measure_embeddings && !options.inside.empty()) report.text(options.inside);
  }
  return {};
}

std::string heading(const Options& options, double load_before, double load_after) {
  return fmt::format(
      R"(# Benchmarks

<!-- Made by `make bench`; written anew by each run. -->

| | |
|---|---|
| machine | {} |
| measured | {}, commit {} |
| load average | {:.1f} before, {:.1f} after (the benchmark itself makes up to about 3) |

Repeat it with `make bench`: about ten minutes. It starts daemons of its own with private data on free ports; one that
is running is not touched, but should be idle.

**How it is measured.** Every figure is a median or a percentile of all samples, never a mean. Where two things are
compared (through hearthd, and the engine alone on its Unix socket without daemon and sandbox), they take turns within
one run (embeddings: {} rounds of 1.5 s each): a figure is the median of the rounds, and a difference or ratio is the
median of the rounds' own. Clients are a closed loop on kept-alive connections, in one thread on the same machine, so they, the daemon
and the engine share its cores. A machine that does other work at the same time (see the load average) shows larger
times, most of all in the p99; processor times and ratios suffer less. hearthd logs each request, as it does by default.
)",
      hardware::to_string(hardware::describe_machine()), format_rfc3339(wall_now()).substr(0, 10), options.commit,
      load_before, load_after, options.rounds);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app("Measures a build of Hearth");
  app.add_option("--build", options.build, "The build folder, with bin/ and engines/")->required();
  app.add_option("--docs", options.docs, "The folder for benchmarks.md")->required();
  app.add_option("--commit", options.commit, "What is measured");
  app.add_option("--inside", options.inside, "A paragraph with what was measured inside the embedding engine");
  app.add_option("--rounds", options.rounds, "How often paired measurements alternate")->check(CLI::Range(1, 100));
  app.add_option("--starts", options.starts, "How often hearthd is started")->check(CLI::Range(1, 1000));
  app.add_option("--only", options.only,
                 "One section: starts, embeddings, chat, speech, transcription, ocr, detection, memory");
  CLI11_PARSE(app, argc, argv);

  const double load_before = load_average();
  Report report;
  const auto measured = measure(options, report);
  if (!measured) {
    fmt::print(stderr, "hearth-bench: {}\n", measured.error().describe());
    return 1;
  }
  const std::filesystem::path file = std::filesystem::path(options.docs) / "benchmarks.md";
  std::string document = heading(options, load_before, load_average()) + report.markdown();
  // The gateways' comparison is written by a program of its own.
  if (const auto old = read_file(file, kMaxDocument)) {
    if (const std::string kept = section_of(*old, "gateway"); !kept.empty()) document += "\n" + kept;
  }
  const auto written = write_file_atomic(file, document);
  if (!written) {
    fmt::print(stderr, "hearth-bench: {}\n", written.error().describe());
    return 1;
  }
  return 0;
}
