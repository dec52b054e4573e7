#include "rows.h"
#include "texts.h"

#include <hearth/core/file.h>
#include <hearth/hardware/memory.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace hearth::bench {
namespace {

constexpr Seconds kIdle{20};
constexpr int kEngineStarts = 3;

struct FirstRequest {
  std::string_view engine;  // that is stopped before
  std::string what;
  Ask ask;
};

Result<std::vector<FirstRequest>> first_requests(const Bench& bench) {
  HEARTH_TRY_ASSIGN(const std::vector<Clip> sound, clips());
  const auto shortest = std::ranges::min_element(sound, {}, [](const Clip& clip) { return clip.pcm.size(); });
  HEARTH_TRY_ASSIGN(const LoneEngine media, LoneEngine::start(bench.build, "media"));
  HEARTH_TRY_ASSIGN(const std::vector<Picture> seen, pictures(media.endpoint(), 1));
  const std::string sentence = sentences(1).front();
  std::vector<FirstRequest> all;
  all.push_back({"embed", "one sentence embedded", embed_ask(sentence)});
  all.push_back({"media", "one sentence spoken as mp3, speech engine warm", speech_ask(sentence, "mp3")});
  all.push_back({"speech", "one sentence spoken as mp3", speech_ask(sentence, "mp3")});
  all.push_back({"transcribe", fmt::format("a recording of {:.1f} s written down", shortest->seconds()),
                 transcription_ask(*shortest)});
  all.push_back({"ocr", "a page with one sentence read", ocr_ask(a4_page(120))});
  all.push_back({"vision", "a frame of 768 × 576 searched for people and faces", detection_ask(seen.front())});
  return all;
}

// Unlike the PSS it does not shrink when other programs, such as a second hearthd, use the same pages.
Result<double> resident_memory(pid_t pid) {
  HEARTH_TRY_ASSIGN(const std::string text, read_file(fmt::format("/proc/{}/statm", pid), 4096));
  const std::size_t second = text.find(' ');
  if (second == std::string::npos) return fail(Errc::corrupt, "/proc/PID/statm has one number");
  return std::strtod(text.c_str() + second, nullptr) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Result<void> measure_start(const std::filesystem::path& build, Report& report, int starts) {
  Report::progress(fmt::format("hearthd: {} starts", starts));
  Samples ready;
  for (int i = 0; i < starts; ++i) {
    HEARTH_TRY_ASSIGN(const Box box, Box::start(build));
    ready.add(box.seconds_to_ready());
  }
  HEARTH_TRY_ASSIGN(const Box box, Box::start(build));
  Report::progress("hearthd: idle");
  let_pass(Seconds(2));
  const double began = cpu_seconds(box.pid());
  const SteadyTime from = steady_now();
  let_pass(kIdle);
  const double share = (cpu_seconds(box.pid()) - began) / seconds_between(from, steady_now());
  const auto memory = static_cast<double>(hardware::process_memory(box.pid()));
  HEARTH_TRY_ASSIGN(const double resident, resident_memory(box.pid()));

  report.section("hearthd by itself");
  report.table({"", "measured", "aim"});
  report.row({fmt::format("from exec to ready, median of {} starts", starts),
              fmt::format("{} ({} to {})", show_time(ready.median()), show_time(ready.min()), show_time(ready.max())),
              "< 150 ms"});
  report.row({"memory (PSS) with no engine running", show_memory(memory), "< 25 MB"});
  report.row({"all resident pages, shared ones in full", show_memory(resident), ""});
  report.row({fmt::format("processor time when idle, over {} s", kIdle.count()),
              fmt::format("{:.3f} % of a core", share * 100), "< 0.2 %"});
  return {};
}

Result<void> measure_engine_starts(const Bench& bench) {
  HEARTH_TRY_ASSIGN(const std::vector<FirstRequest> requests, first_requests(bench));
  bench.report.section("The first request to an engine that is not running");
  bench.report.table({"engine and request", "engine stopped", "engine running", "difference"});
  for (const FirstRequest& request : requests) {
    Report::progress(fmt::format("first request: {}", request.engine));
    Samples cold;
    Samples warm;
    Samples difference;
    HEARTH_TRY(ask(bench.box.api(), request.ask));  // the other engines it needs are running from here on
    for (int i = 0; i < kEngineStarts; ++i) {
      HEARTH_TRY(bench.box.stop_engine(request.engine));
      HEARTH_TRY_ASSIGN(const Reply first, ask(bench.box.api(), request.ask));
      HEARTH_TRY_ASSIGN(const Reply second, ask(bench.box.api(), request.ask));
      cold.add(first.seconds);
      warm.add(second.seconds);
      difference.add(first.seconds - second.seconds);
    }
    bench.report.row({fmt::format("{}: {}", request.engine, request.what), show_time(cold.median()),
                      show_time(warm.median()), show_time(difference.median())});
  }
  bench.report.text(fmt::format(
      "Medians of {} pairs. Starting an engine includes its sandbox, loading its models and the canary request that "
      "it has to answer before it counts as ready. The models come from the page cache, not from disk.",
      kEngineStarts));
  return {};
}

Result<void> measure_memory(const Bench& bench) {
  bench.report.section("Memory after all this");
  bench.report.table({"process", "PSS"});
  bench.report.row({"hearthd", show_memory(static_cast<double>(hardware::process_memory(bench.box.pid())))});
  for (const std::string_view name : {"embed", "media", "speech", "transcribe", "ocr", "vision"}) {
    HEARTH_TRY_ASSIGN(const Box::Engine engine, bench.box.engine(name));
    const auto now = engine.pid == 0 ? 0.0 : static_cast<double>(hardware::tree_memory(engine.pid));
    bench.report.row({fmt::format("{}, with its sandbox", name), engine.pid == 0 ? "stopped" : show_memory(now)});
  }
  return {};
}

}  // namespace hearth::bench
