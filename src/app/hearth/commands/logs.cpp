#include "../cli.h"
#include "../when.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

struct Options {
  bool follow = false;
  std::string level = "debug";
  int lines = 100;
};

Ink ink_of(log::Level level) {
  switch (level) {
    case log::Level::debug:
      return Ink::dim;
    case log::Level::info:
      return Ink::green;
    case log::Level::warn:
      return Ink::yellow;
    case log::Level::error:
      return Ink::red;
  }
  return Ink::plain;
}

std::string value_text(const json::value& v) {
  if (const auto* s = v.if_string()) return std::string(s->data(), s->size());
  if (const double* d = v.if_double()) return fmt::format("{:.4g}", *d);
  return boost::json::serialize(v);
}

// The fields that every line has come first, in columns; what a message adds follows as name=value.
std::string readable(const json::value& line, log::Level level, const Session& s) {
  std::string out =
      local_second(json::text(line, "time")) + " " + s.ink(pad_right(log::to_string(level), 5), ink_of(level)) + " " +
      s.ink(pad_right(printable(json::text(line, "room")), 16), Ink::dim) + " " + printable(json::text(line, "msg"));
  if (const auto* object = line.if_object()) {
    for (const auto& [name, value] : *object) {
      if (name == "time" || name == "level" || name == "room" || name == "msg") continue;
      const std::string text = value_text(value);
      if (text.empty()) continue;
      out += "  " + s.ink(printable(std::string_view(name)) + "=", Ink::dim) + printable(text);
    }
  }
  return out + "\n";
}

Result<void> show(const json::array& lines, log::Level least, const Session& s) {
  std::string out;
  for (const json::value& entry : lines) {
    const json::value& line = json::field(entry, "line");
    const log::Level level = log::parse_level(json::text(line, "level"), log::Level::info);
    if (level < least) continue;
    out += s.json() ? boost::json::serialize(line) + "\n" : readable(line, level, s);
  }
  return print(out);
}

Result<ExitCode> logs(Session& s, const Options& options) {
  const log::Level least = log::parse_level(options.level, log::Level::debug);
  constexpr int kWait = 25;
  constexpr double kPatience = kWait + 15;
  HEARTH_TRY_ASSIGN(json::value answer, s.admin("GET", fmt::format("/admin/logs?after=0&limit={}", options.lines)));
  for (;;) {
    HEARTH_TRY(show(json::list(answer, "lines"), least, s));
    if (!options.follow) return ExitCode::ok;
    const auto next = static_cast<std::uint64_t>(json::number(answer, "next"));
    HEARTH_TRY_ASSIGN(
        answer, s.admin("GET", fmt::format("/admin/logs?after={}&limit=200&wait={}", next, kWait), {}, kPatience));
  }
}

}  // namespace

void add_logs(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app = cli.command(cli.app, "logs",
                          "Show the newest lines of the daemon's log.\n\n"
                          "hearthd keeps the newest lines in memory; older ones are in the journal (journalctl -u "
                          "hearth). With --json: each line as hearthd wrote it, one JSON object a line.",
                          [options](Session& s) { return logs(s, *options); });
  app.add_flag("-f,--follow", options->follow, "Wait for new lines and show them as they come.");
  auto* level = app.add_option("--level", options->level, "Only lines of this level or above.");
  level->type_name("LEVEL")->capture_default_str();
  cli.manual.choices(*level, {"debug", "info", "warn", "error"});
  app.add_option("-n,--lines", options->lines, "How many lines to begin with.")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  cli.manual.examples(app,
                      {{"hearth logs -f", "Watch."}, {"hearth logs --level warn -n 1000", "What went wrong lately?"}});
}

}  // namespace hearth::tool
