#include "curves.h"
#include "rows.h"
#include "texts.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::bench {
namespace {

constexpr std::size_t kSentences = 4096;
constexpr std::size_t kBatch = 64;
constexpr Millis kSlice{1500};

std::string quoted_list(const std::vector<std::string>& all, std::size_t from, std::size_t count) {
  std::string list;
  for (std::size_t i = from; i < from + count; ++i) list += fmt::format("{}\"{}\"", i == from ? "" : ",", all[i]);
  return list;
}

std::vector<Ask> batches(const std::vector<std::string>& all, std::size_t size, std::string_view encoding) {
  std::vector<Ask> asks;
  for (std::size_t at = 0; at + size <= all.size(); at += size) {
    std::string body = fmt::format(R"({{"model":"hearth-static-minilm-256","encoding_format":"{}","input":[{}]}})",
                                   encoding, quoted_list(all, at, size));
    asks.push_back({"/v1/embeddings", "application/json", std::move(body), "POST"});
  }
  return asks;
}

// One way of asking, of the engine alone and through the daemon, by turns.
struct Pair {
  Samples alone_p50, alone_p99, alone_rate;
  Samples daemon_p50, daemon_p99, daemon_rate;
  Samples added, rate_ratio;       // of each round
  Samples daemon_cpu, engine_cpu;  // seconds a request
  Samples alone_all, daemon_all;
};

Result<Pair> alternate(const Bench& bench, const LoneEngine& alone, const std::vector<Ask>& asks,
                       std::size_t connections) {
  Pair pair;
  HEARTH_TRY_ASSIGN(const Box::Engine engine, bench.box.engine("embed"));
  for (int round = 0; round < bench.rounds; ++round) {
    HEARTH_TRY_ASSIGN(const Loaded direct, load(alone.endpoint(), asks, connections, kSlice));
    const double daemon_before = cpu_seconds(bench.box.pid());
    const double engine_before = cpu_seconds(engine.pid);
    HEARTH_TRY_ASSIGN(const Loaded through, load(bench.box.api(), asks, connections, kSlice));
    // What hearthd used without its engines; the warm-up's requests are in the processor time too.
    const double engine_used = cpu_seconds(engine.pid) - engine_before;
    const double all_used = cpu_seconds(bench.box.pid()) - daemon_before;
    const auto requests = static_cast<double>(through.answered) / 0.8;
    pair.daemon_cpu.add((all_used - engine_used) / requests);
    pair.engine_cpu.add(engine_used / requests);
    const double direct_rate = static_cast<double>(direct.answered) / direct.elapsed;
    const double through_rate = static_cast<double>(through.answered) / through.elapsed;
    pair.alone_p50.add(direct.seconds.quantile(0.5));
    pair.alone_p99.add(direct.seconds.quantile(0.99));
    pair.alone_rate.add(direct_rate);
    pair.daemon_p50.add(through.seconds.quantile(0.5));
    pair.daemon_p99.add(through.seconds.quantile(0.99));
    pair.daemon_rate.add(through_rate);
    pair.added.add(through.seconds.quantile(0.5) - direct.seconds.quantile(0.5));
    pair.rate_ratio.add(through_rate / direct_rate);
    pair.alone_all.add(direct.seconds);
    pair.daemon_all.add(through.seconds);
  }
  return pair;
}

}  // namespace

Ask embed_ask(const std::string& sentence) {
  return {"/v1/embeddings", "application/json",
          fmt::format(R"({{"model":"hearth-static-minilm-256","encoding_format":"base64","input":"{}"}})", sentence),
          "POST"};
}

Result<void> measure_embeddings(const Bench& bench) {
  HEARTH_TRY_ASSIGN(const LoneEngine alone, LoneEngine::start(bench.build, "embed"));
  const std::vector<std::string> all = sentences(kSentences);
  std::vector<Ask> single;
  for (const std::string& sentence : all) single.push_back(embed_ask(sentence));
  HEARTH_TRY(ask(bench.box.api(), single.front()));

  Report::progress("embeddings: one sentence a request");
  HEARTH_TRY_ASSIGN(const Pair one, alternate(bench, alone, single, 1));
  HEARTH_TRY_ASSIGN(const Pair many, alternate(bench, alone, single, 32));
  bench.report.section("Embeddings: one sentence a request");
  bench.report.table({"connections", "", "p50", "p99", "requests/s"});
  const auto rows = [&](std::string_view connections, const Pair& pair) {
    bench.report.row({std::string(connections), "through hearthd", show_time(pair.daemon_p50.median()),
                      show_time(pair.daemon_p99.median()), show_count(pair.daemon_rate.median())});
    bench.report.row({"", "the engine alone", show_time(pair.alone_p50.median()), show_time(pair.alone_p99.median()),
                      show_count(pair.alone_rate.median())});
  };
  rows("1", one);
  rows("32", many);
  bench.report.text(fmt::format(
      "hearthd adds {} to the median at one connection. It spends {} of processor time on a request at one connection "
      "and {} at 32; the engine spends {} and {}. ",
      show_time(one.added.median()), show_time(one.daemon_cpu.median()), show_time(many.daemon_cpu.median()),
      show_time(one.engine_cpu.median()), show_time(many.engine_cpu.median())));
  HEARTH_TRY(draw_curves(bench.docs / "benchmarks-latency.svg", "Share of embedding requests answered within a time",
                         {{"engine alone, 1 connection", "#7fb3d5", one.alone_all},
                          {"through hearthd, 1 connection", "#1f618d", one.daemon_all},
                          {"engine alone, 32 connections", "#f0b27a", many.alone_all},
                          {"through hearthd, 32 connections", "#ba4a00", many.daemon_all}}));
  bench.report.text("![Latency curves of embedding requests](benchmarks-latency.svg)");

  Report::progress("embeddings: batches");
  bench.report.section("Embeddings: batches of 64 sentences");
  bench.report.table({"answer", "connections", "sentences/s through hearthd", "the engine alone", "ratio"});
  for (const std::string_view encoding : {"base64", "float"}) {
    for (const std::size_t connections : {1U, 4U}) {
      HEARTH_TRY_ASSIGN(const Pair pair, alternate(bench, alone, batches(all, kBatch, encoding), connections));
      bench.report.row({std::string(encoding), fmt::format("{}", connections),
                        show_count(pair.daemon_rate.median() * kBatch), show_count(pair.alone_rate.median() * kBatch),
                        fmt::format("{:.2f}", pair.rate_ratio.median())});
    }
  }
  return {};
}

}  // namespace hearth::bench
