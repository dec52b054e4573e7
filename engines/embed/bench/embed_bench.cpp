// Sentences a second on one core, inside the engine; and what a whole request costs without HTTP.
//
//   build/release/bench/embed_bench
#include "embedder.h"
#include "service.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace hearth::embed;

const Tables& tables() {
  static const auto words = Table::open(HEARTH_EMBED_DATA "/table.bin");
  static const auto ids = Cl100k::open(HEARTH_EMBED_DATA "/cl100k.bin");
  if (!words || !ids) {
    std::fprintf(stderr, "%s\n", (words ? ids.error() : words.error()).describe().c_str());
    std::exit(1);
  }
  static const Tables both{.words = words->view(), .ids = ids->view()};
  return both;
}

// 4096 different sentences of 4 to 14 words, so that rows come from memory as they do in life.
const std::vector<std::string>& sentences() {
  static const std::vector<std::string> made = [] {
    std::uint64_t state = 42;
    const auto random = [&state](std::uint64_t below) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      return (state >> 33U) % below;
    };
    std::vector<std::string_view> vocabulary;
    for (std::uint32_t row = 1000; row < 20000; ++row) {
      const std::string_view token = tables().words.token(row);
      if (token.size() > 2 && token[0] >= 'a' && token[0] <= 'z') vocabulary.push_back(token);
    }
    std::vector<std::string> all(4096);
    for (std::string& sentence : all) {
      const std::uint64_t words = 4 + random(11);
      for (std::uint64_t w = 0; w < words; ++w) {
        if (!sentence.empty()) sentence += ' ';
        sentence += random(3) == 0 ? "the" : vocabulary[random(vocabulary.size())];
      }
      sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
      sentence += '.';
    }
    return all;
  }();
  return made;
}

void tokenize(benchmark::State& state) {
  const WordPiece tokenizer(tables().words);
  std::vector<std::uint16_t> ids;
  std::size_t i = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string& text = sentences()[i++ % sentences().size()];
    ids.clear();
    tokenizer.tokenize(text, ids);
    bytes += text.size();
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(tokenize)->Name("tokenize/sentence");

void embed_sentence(benchmark::State& state) {
  Embedder embedder(tables().words);
  std::array<Component, 256> vector{};
  std::size_t i = 0;
  for (auto _ : state) {
    embedder.embed(sentences()[i++ % sentences().size()], vector);
    benchmark::DoNotOptimize(vector.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["sentences/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(embed_sentence)->Name("embed/sentence");

void request(benchmark::State& state, std::string_view encoding) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::string body = R"({"model":"hearth-static-minilm-256","input":[)";
  for (std::size_t i = 0; i < count; ++i)
    body += fmt::format("{}\"{}\"", i == 0 ? "" : ",", sentences()[i % sentences().size()]);
  body += fmt::format(R"(],"encoding_format":"{}"}})", encoding);
  Service service(tables());
  std::size_t answered = 0;
  const auto take = [&](std::string_view piece) -> hearth::Result<void> {
    answered += piece.size();
    return {};
  };
  const Sink sink{.whole = take, .piece = take};
  for (auto _ : state) {
    std::string copy = body;
    benchmark::DoNotOptimize(service.answer(copy, sink));
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["sentences/s"] =
      benchmark::Counter(iterations * static_cast<double>(count), benchmark::Counter::kIsRate);
  state.counters["bytes_in"] = static_cast<double>(body.size());
  state.counters["bytes_out"] = static_cast<double>(answered) / iterations;
}
BENCHMARK_CAPTURE(request, float, "float")->Arg(1)->Arg(32)->Arg(1000);
BENCHMARK_CAPTURE(request, base64, "base64")->Arg(1)->Arg(32)->Arg(1000);

void open_tables(benchmark::State& state) {
  for (auto _ : state) {
    auto words = Table::open(HEARTH_EMBED_DATA "/table.bin");
    auto ids = Cl100k::open(HEARTH_EMBED_DATA "/cl100k.bin");
    benchmark::DoNotOptimize(words);
    benchmark::DoNotOptimize(ids);
  }
}
BENCHMARK(open_tables)->Name("start/open and check both tables")->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
