#include "../cli.h"
#include "../tour/limits.h"
#include "../tour/stations.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace hearth::tool {
namespace {

struct Options {
  std::string input_dir;
  std::vector<std::string> only;
};

// One line of the tour.
struct Line {
  const tour::Limit& limit;
  Result<tour::Finding> finding;
  double seconds = 0;
  std::optional<std::uint64_t> memory;  // PSS of the engines that took part, bytes

  [[nodiscard]] bool good() const { return finding && tour::holds(limit, finding->measured); }
};

const tour::Limit& limit_of(std::string_view station) {
  return *std::find_if(tour::kLimits.begin(), tour::kLimits.end(),
                       [&](const tour::Limit& limit) { return limit.station == station; });
}

// What the engines with these tasks hold now. Nothing on a box elsewhere, whose admin socket is not on the net.
std::optional<std::uint64_t> memory_of(Session& s, std::span<const std::string_view> tasks) {
  if (s.remote()) return std::nullopt;
  const auto answer = s.admin("GET", "/admin/engines");
  if (!answer) return std::nullopt;
  double bytes = 0;
  for (const json::value& engine : json::list(*answer, "data")) {
    const auto& its = json::list(engine, "tasks");
    const bool took_part = std::any_of(tasks.begin(), tasks.end(), [&](std::string_view task) {
      return std::any_of(its.begin(), its.end(),
                         [&](const json::value& t) { return t.is_string() && t.as_string() == task; });
    });
    if (took_part) bytes += json::number(engine, "memory");
  }
  return static_cast<std::uint64_t>(bytes);
}

Line visit(Session& s, const tour::Inputs& inputs, const tour::Station& station) {
  Progress progress = s.progress();
  const SteadyTime started = steady_now();
  Line line{limit_of(station.name), station.run(s, inputs, progress), 0, std::nullopt};
  line.seconds = seconds_between(started, steady_now());
  progress.clear();
  line.memory = memory_of(s, station.tasks);
  return line;
}

// "19.7 % word errors (limit 30 %)"
std::string quality(const Line& line) {
  return fmt::format("{:.1f} % {} (limit {:.0f} %)", line.finding->measured * 100, line.limit.measure,
                     line.limit.value * 100);
}

json::object as_json(const Line& line) {
  json::object out{{"name", line.limit.station}, {"ok", line.good()}};
  if (line.finding) {
    const tour::Finding& f = *line.finding;
    out["input"] = f.input;
    out["result"] = f.result;
    out["quality"] = json::object{{"measure", line.limit.measure},
                                  {"value", f.measured},
                                  {"limit", line.limit.value},
                                  {"better", line.limit.better == tour::Better::lower ? "lower" : "higher"},
                                  {"counted", f.counted}};
  } else {
    out["problem"] = line.finding.error().describe();
  }
  out["seconds"] = line.seconds;
  if (line.memory) {
    out["memory"] = *line.memory;
  } else {
    out["memory"] = nullptr;
  }
  return out;
}

// One line: name, input, quality, time, memory, and last the result, which takes what room is left.
std::string as_text(const Line& line, const Session& s) {
  const bool colour = s.terminal().out_colour;
  const bool good = line.good();
  std::string out = paint(good ? "✓ " : "✗ ", good ? Ink::green : Ink::red, colour) +
                    paint(pad_right(line.limit.station, 8), Ink::bold, colour);
  if (!line.finding) return out + paint(printable(line.finding.error().describe()), Ink::red, colour) + "\n";
  constexpr std::size_t kBeforeResult = 108;
  constexpr std::size_t kWorthShowing = 16;
  out += pad_right(line.finding->input, 28);
  out += paint(pad_right(quality(line), 36), good ? Ink::plain : Ink::red, colour);
  out += pad_left(format_duration(std::chrono::duration<double>(line.seconds)), 12);
  out += pad_left(line.memory ? format_bytes(*line.memory) : "", 12) + "   ";
  std::string result = printable(line.finding->result);
  if (s.table_columns() > 0 && !line.finding->keep_result) {
    const std::size_t room = s.table_columns() > kBeforeResult ? s.table_columns() - kBeforeResult : 0;
    result = room < kWorthShowing ? "" : cut(result, room);
  }
  return out + paint(result, Ink::dim, colour) + "\n";
}

Result<ExitCode> run_tour(Session& s, const Options& options) {
  s.ask_anew();  // it measures
  // Nothing of it works without the box: say that once, not five times.
  Request health;
  health.path = "/healthz";
  health.seconds = 15;
  HEARTH_TRY(s.api(health));
  const tour::Inputs inputs(options.input_dir);
  json::array lines;
  std::size_t good = 0;
  std::size_t visited = 0;
  for (const tour::Station& station : tour::stations()) {
    const bool wanted =
        options.only.empty() || std::find(options.only.begin(), options.only.end(), station.name) != options.only.end();
    if (!wanted) continue;
    const Line line = visit(s, inputs, station);
    ++visited;
    good += line.good() ? 1 : 0;
    if (s.json()) {
      lines.push_back(as_json(line));
    } else {
      HEARTH_TRY(print(as_text(line, s)));
    }
  }
  const bool all = good == visited;
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(json::object{{"ok", all}, {"stations", std::move(lines)}})));
  } else if (!all) {
    HEARTH_TRY(print(s.ink(fmt::format("{} of {} stations failed.\n", visited - good, visited), Ink::red)));
  }
  return all ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void add_tour(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app = cli.command(
      cli.app, "tour",
      "Show on real input that the box works: it listens, reads, sees, speaks and searches.\n\n"
      "Recordings of LibriVox (Debian's pocketsphinx-testdata) are written down, a typeset page is read, people are "
      "looked "
      "for in a video (opencv-doc), a sentence is spoken and heard again, and questions are answered by search. Each "
      "is "
      "measured against what is true, and a line past its fixed limit is red. Exits with 1 if one is. With --json: "
      "{\"ok\", \"stations\":[{\"name\", \"ok\", \"input\", \"result\", \"quality\":{\"measure\", \"value\", "
      "\"limit\", "
      "\"better\", \"counted\"}, \"seconds\", \"memory\"}]}; a station that could not run has a \"problem\" instead.",
      [options](Session& s) { return run_tour(s, *options); });
  auto* only = app.add_option("--only", options->only, "Only this station; may be repeated.");
  only->type_name("STATION")->allow_extra_args(false);
  std::vector<std::string> names;
  for (const tour::Station& station : tour::stations()) names.emplace_back(station.name);
  cli.manual.choices(*only, names);
  auto* dir = app.add_option("--input-dir", options->input_dir,
                             "A folder whose files stand in for the tour's own, such as read/page.pdf.");
  dir->type_name("DIR")->check(CLI::ExistingDirectory);
  cli.manual.directories(*dir);
  cli.manual.examples(app, {{"hearth tour", "Does everything work here?"},
                            {"hearth tour --only read --json", "One station, for a program."}});
}

}  // namespace hearth::tool
