// Language models: the same llama.cpp process, asked through hearthd and on its own socket, by turns.
#include "rows.h"
#include "texts.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::bench {
namespace {

constexpr std::size_t kTokens = 256;  // of each answer
constexpr Millis kSlice{4000};
constexpr std::size_t kSentences = 512;

Ask chat_ask(std::string_view model) {
  return {"/v1/chat/completions", "application/json",
          fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"What happens?"}}],"stream":true,)"
                      R"("temperature":0,"max_tokens":{}}})",
                      model, kTokens),
          "POST"};
}

std::vector<Ask> embed_asks(std::string_view model, std::size_t batch) {
  const std::vector<std::string> all = sentences(kSentences);
  std::vector<Ask> asks;
  for (std::size_t at = 0; at + batch <= all.size(); at += batch) {
    std::string list;
    for (std::size_t i = at; i < at + batch; ++i) list += fmt::format("{}\"{}\"", i == at ? "" : ",", all[i]);
    asks.push_back({"/v1/embeddings", "application/json",
                    fmt::format(R"({{"model":"{}","encoding_format":"base64","input":[{}]}})", model, list), "POST"});
  }
  return asks;
}

// Rates in requests a second.
struct Pair {
  Samples alone_rate, box_rate, ratio;
  Samples alone_first, box_first, added_first;  // seconds to the first byte, medians of the rounds
  Samples cpu;                                  // seconds of hearthd's own for a request
};

Result<Pair> alternate(const Bench& bench, const std::string& engine, const std::vector<Ask>& asks,
                       std::size_t connections) {
  Pair pair;
  HEARTH_TRY(ask(bench.box.api(), asks.front()));
  HEARTH_TRY_ASSIGN(const Box::Engine process, bench.box.engine(engine));
  const net::Endpoint alone = bench.box.engine_socket(engine);
  for (int round = 0; round < bench.rounds; ++round) {
    HEARTH_TRY_ASSIGN(const Loaded direct, load(alone, asks, connections, kSlice));
    const double all_before = cpu_seconds(bench.box.pid());
    const double engine_before = cpu_seconds(process.pid);
    HEARTH_TRY_ASSIGN(const Loaded through, load(bench.box.api(), asks, connections, kSlice));
    const double engine_used = cpu_seconds(process.pid) - engine_before;
    const double used = cpu_seconds(bench.box.pid()) - all_before - engine_used;
    const double direct_rate = static_cast<double>(direct.answered) / direct.elapsed;
    const double through_rate = static_cast<double>(through.answered) / through.elapsed;
    pair.alone_rate.add(direct_rate);
    pair.box_rate.add(through_rate);
    pair.ratio.add(through_rate / direct_rate);
    pair.alone_first.add(direct.first_byte.median());
    pair.box_first.add(through.first_byte.median());
    pair.added_first.add(through.first_byte.median() - direct.first_byte.median());
    // The warm-up, a fifth of the time, is in the processor time too.
    pair.cpu.add(used / (static_cast<double>(through.answered) / 0.8));
  }
  return pair;
}

Result<void> install(const Bench& bench, std::string_view kind, const std::string& name,
                     const std::vector<std::string>& options) {
  HEARTH_TRY_ASSIGN(const TemporaryFolder folder, TemporaryFolder::create());
  const std::string file = (folder.path() / (name + ".gguf")).string();
  std::vector<std::string> command{(bench.build / "tests/make_tiny_models").string(), std::string(kind), file};
  command.insert(command.end(), options.begin(), options.end());
  HEARTH_TRY(run(command, folder.path() / "log"));
  return bench.box.hearth({"pull", file, "--name", name, "--insist"});
}

}  // namespace

Result<void> measure_chat(const Bench& bench) {
  Report::progress("language models: the pack, and two models of the tests' making");
  HEARTH_TRY(bench.box.hearth({"engines", "install", "llama.cpp"}));
  HEARTH_TRY(install(bench, "llama", "bench-words", {"endless=1", "context=8192"}));
  HEARTH_TRY(install(bench, "bert", "bench-encoder",
                     {"embedding=384", "layers=6", "heads=12", "feed_forward=1536", "context=512"}));

  bench.report.section("Language models: a streamed answer");
  bench.report.table(
      {"requests at once", "", "tokens/s", "ratio", "time to the first byte", "hearthd's processor time a token"});
  for (const std::size_t connections : {1U, 8U}) {
    Report::progress(fmt::format("language models: {} at once", connections));
    HEARTH_TRY_ASSIGN(const Pair pair, alternate(bench, "llama-bench-words", {chat_ask("bench-words")}, connections));
    constexpr auto kEach = static_cast<double>(kTokens);
    bench.report.row(
        {fmt::format("{}", connections), "through hearthd", show_count(pair.box_rate.median() * kEach),
         fmt::format("{:.2f}", pair.ratio.median()),
         fmt::format("{} ({} more)", show_time(pair.box_first.median()), show_time(pair.added_first.median())),
         show_time(pair.cpu.median() / kEach)});
    bench.report.row({"", "the engine's own socket", show_count(pair.alone_rate.median() * kEach), "",
                      show_time(pair.alone_first.median()), ""});
  }
  bench.report.text(
      fmt::format("llama.cpp with a language model of two small layers, so that the engine itself takes almost no "
                  "time: {} tokens an "
                  "answer, one event each. Real models are a hundred times slower; what hearthd adds stays the same. "
                  "Aims: under 30 µs "
                  "a token, under 1 ms to the first byte.",
                  kTokens));

  bench.report.section("Embeddings by llama.cpp");
  bench.report.table(
      {"texts a request", "requests at once", "texts/s through hearthd", "the engine's own socket", "ratio"});
  for (const auto& [batch, connections] : {std::pair<std::size_t, std::size_t>{1, 32}, {64, 1}}) {
    Report::progress(fmt::format("embeddings by llama.cpp: {} a request", batch));
    HEARTH_TRY_ASSIGN(const Pair pair,
                      alternate(bench, "llama-bench-encoder", embed_asks("bench-encoder", batch), connections));
    const auto each = static_cast<double>(batch);
    bench.report.row({fmt::format("{}", batch), fmt::format("{}", connections),
                      show_count(pair.box_rate.median() * each), show_count(pair.alone_rate.median() * each),
                      fmt::format("{:.3f}", pair.ratio.median())});
  }
  bench.report.text(
      "An encoder of the size of all-MiniLM-L6-v2 (six layers, 384 dimensions) with weights of chance: they cost what "
      "real "
      "ones do. Aim: a ratio of 0.97 or more.");
  return {};
}

}  // namespace hearth::bench
