// Language models: the same llama.cpp process, asked through hearthd, through nginx, which only passes bytes on, and on
// its own socket, by turns.
#include "process.h"
#include "rows.h"
#include "texts.h"

#include <fmt/format.h>

#include <array>

namespace hearth::bench {
namespace {

constexpr std::size_t kTokens = 256;  // of each answer
constexpr Millis kSlice{4000};
constexpr std::size_t kSentences = 192;  // of each turn

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

// One way to the engine.
struct Way {
  net::Endpoint to;
  pid_t process = 0;        // whose processor time is counted; 0: nobody's
  pid_t engine = 0;         // below it, and not counted
  Samples rate = {};        // requests a second
  Samples first_byte = {};  // seconds, medians of the rounds
  Samples cpu = {};         // seconds for a request
};

struct Turns {
  std::vector<Way> ways;            // the engine's own socket first
  std::vector<Samples> ratio;       // of rates, to the first way, by way
  std::vector<Samples> later_byte;  // seconds after the first way's
};

using Load = Result<Loaded> (*)(const net::Endpoint&, const std::vector<Ask>&, std::size_t connections);

double used_by(const Way& way) {
  return way.process == 0 ? 0 : cpu_seconds(way.process) - (way.engine == 0 ? 0 : cpu_seconds(way.engine));
}

Result<Turns> take_turns(std::vector<Way> ways, Load load, const std::vector<Ask>& asks, std::size_t connections,
                         int rounds, double counted) {
  Turns turns{std::move(ways), {}, {}};
  turns.ratio.resize(turns.ways.size());
  turns.later_byte.resize(turns.ways.size());
  for (int round = 0; round < rounds; ++round) {
    double first_rate = 0;
    double first_byte = 0;
    for (std::size_t i = 0; i < turns.ways.size(); ++i) {
      Way& way = turns.ways[i];
      const double before = used_by(way);
      HEARTH_TRY_ASSIGN(const Loaded loaded, load(way.to, asks, connections));
      const auto answered = static_cast<double>(loaded.answered);
      way.cpu.add((used_by(way) - before) / (answered / counted));
      const double rate = answered / loaded.elapsed;
      if (i == 0) first_rate = rate;
      if (i == 0) first_byte = loaded.first_byte.median();
      way.rate.add(rate);
      way.first_byte.add(loaded.first_byte.median());
      turns.ratio[i].add(rate / first_rate);
      turns.later_byte[i].add(loaded.first_byte.median() - first_byte);
    }
  }
  return turns;
}

// The first request starts the engine, before anybody can ask it directly.
Result<std::vector<Way>> ways_to(const Bench& bench, const std::string& engine, const Ask& first) {
  HEARTH_TRY(ask(bench.box.api(), first));
  HEARTH_TRY_ASSIGN(const Box::Engine process, bench.box.engine(engine));
  return std::vector<Way>{{.to = bench.box.engine_socket(engine)},
                          {.to = bench.box.api(), .process = bench.box.pid(), .engine = process.pid}};
}

constexpr std::string_view kNginx = R"(daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream engine {{ server unix:{socket}; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Host localhost;
      proxy_buffering off;
    }}
  }}
}}
)";

Result<Process> start_nginx(const std::filesystem::path& folder, const net::Endpoint& engine, std::uint16_t port) {
  const std::filesystem::path file = folder / "nginx.conf";
  HEARTH_TRY(
      write_file_atomic(file, fmt::format(kNginx, fmt::arg("folder", folder.string()),
                                          fmt::arg("socket", engine.unix_path.string()), fmt::arg("port", port))));
  return Process::start({"/usr/sbin/nginx", "-p", folder.string(), "-c", file.string()}, folder / "log");
}

Result<Loaded> for_a_while(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections) {
  return load(to, asks, connections, kSlice);
}

Result<void> measure_streams(const Bench& bench) {
  const std::vector<Ask> asks{chat_ask("bench-words")};
  HEARTH_TRY_ASSIGN(std::vector<Way> ways, ways_to(bench, "llama-bench-words", asks.front()));
  HEARTH_TRY_ASSIGN(const TemporaryFolder folder, TemporaryFolder::create());
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  HEARTH_TRY_ASSIGN(const Process nginx, start_nginx(folder.path(), ways.front().to, port));
  net::Endpoint through_nginx;
  through_nginx.address = "127.0.0.1";
  through_nginx.port = port;
  ways.push_back({.to = through_nginx, .process = nginx.pid()});
  let_pass(Millis(300));  // until it listens

  bench.report.section("Language models: a streamed answer");
  bench.report.table({"requests at once", "", "tokens/s", "ratio", "time to the first byte",
                      "processor time a token, of hearthd or nginx"});
  // The warm-up, a fifth of the time, is in the processor time too.
  constexpr double kCounted = 0.8;
  constexpr auto kEach = static_cast<double>(kTokens);
  for (const std::size_t connections : {1U, 8U}) {
    Report::progress(fmt::format("language models: {} at once", connections));
    HEARTH_TRY_ASSIGN(const Turns turns, take_turns(ways, for_a_while, asks, connections, bench.rounds, kCounted));
    const std::array<std::string_view, 3> names{"the engine's own socket", "through hearthd", "through nginx"};
    for (const std::size_t i : {1U, 2U, 0U}) {
      const Way& way = turns.ways[i];
      const bool own = i == 0;
      bench.report.row({i == 1 ? fmt::format("{}", connections) : std::string(), std::string(names.at(i)),
                        show_count(way.rate.median() * kEach),
                        own ? "" : fmt::format("{:.2f}", turns.ratio[i].median()),
                        fmt::format("{}{}", show_time(way.first_byte.median()),
                                    own ? "" : fmt::format(" ({} more)", show_time(turns.later_byte[i].median()))),
                        own ? "" : show_time(way.cpu.median() / kEach)});
    }
  }
  bench.report.text(
      fmt::format("llama.cpp with a language model of two small layers, so that the engine itself takes almost no "
                  "time: {} tokens an answer, one event each. Real models are a hundred times slower; what hearthd "
                  "adds stays the same. nginx merely passes bytes on (`proxy_buffering off`). Aims: under 30 µs a "
                  "token, under 1 ms to the first byte.",
                  kTokens));
  return {};
}

Result<void> measure_encoder(const Bench& bench) {
  bench.report.section("Embeddings by llama.cpp");
  bench.report.table(
      {"texts a request", "requests at once", "texts/s through hearthd", "the engine's own socket", "ratio"});
  for (const auto& [batch, connections] : {std::pair<std::size_t, std::size_t>{1, 32}, {64, 1}}) {
    Report::progress(fmt::format("embeddings by llama.cpp: {} a request", batch));
    const std::vector<Ask> asks = embed_asks("bench-encoder", batch);
    HEARTH_TRY_ASSIGN(std::vector<Way> ways, ways_to(bench, "llama-bench-encoder", asks.front()));
    HEARTH_TRY_ASSIGN(const Turns turns, take_turns(std::move(ways), load_once, asks, connections, bench.rounds, 1));
    const auto each = static_cast<double>(batch);
    bench.report.row({fmt::format("{}", batch), fmt::format("{}", connections),
                      show_count(turns.ways[1].rate.median() * each), show_count(turns.ways[0].rate.median() * each),
                      fmt::format("{:.3f}", turns.ratio[1].median())});
  }
  bench.report.text(
      fmt::format("An encoder of the size of all-MiniLM-L6-v2 (six layers, 384 dimensions) with weights of chance: "
                  "they cost what real ones do. Each turn embeds the same {} sentences. Aim: a ratio of 0.97 or more.",
                  kSentences));
  return {};
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

  HEARTH_TRY(measure_streams(bench));
  return measure_encoder(bench);
}

}  // namespace hearth::bench
