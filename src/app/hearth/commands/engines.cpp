#include "../cli.h"
#include "engine_table.h"

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

Result<ExitCode> list(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/engines"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  const json::array& engines = json::list(answer, "data");
  if (engines.empty()) {
    HEARTH_TRY(print("No engine is installed.\n"));
    return ExitCode::ok;
  }
  HEARTH_TRY(print(engine_table(engines, s)));
  if (const std::string memory = memory_line(json::field(answer, "memory")); !memory.empty()) {
    HEARTH_TRY(print("\nMemory: " + memory + "\n"));
  }
  if (const std::string troubles = engine_troubles(engines, s); !troubles.empty()) {
    HEARTH_TRY(print("\n" + troubles));
  }
  if (const std::string healed = healing_lines(json::list(answer, "healing"), s); !healed.empty()) {
    HEARTH_TRY(print("\nDone by itself:\n" + healed));
  }
  return ExitCode::ok;
}

Result<ExitCode> act(Session& s, const std::string& name, const std::string& verb) {
  // A start may take as long as the engine's own deadline; hearthd answers when it is over.
  constexpr double kPatience = 180;
  HEARTH_TRY_ASSIGN(const json::value engine,
                    s.admin("POST", "/admin/engines/" + url_escape(name) + "/" + verb, {}, kPatience));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(engine)));
  } else {
    HEARTH_TRY(print(fmt::format("{}: {}\n", printable(name), printable(json::text(engine, "state")))));
  }
  return ExitCode::ok;
}

void add_verb(Cli& cli, CLI::App& engines, const std::string& verb, const std::string& description) {
  const auto name = std::make_shared<std::string>();
  auto& app = cli.command(engines, verb, description, [name, verb](Session& s) { return act(s, *name, verb); });
  auto* option = app.add_option("NAME", *name, "The engine, as `hearth engines` lists it.");
  option->required();
  cli.manual.values_from(*option, "hearth internal names engines");
  cli.manual.examples(app, {{fmt::format("hearth engines {} speech", verb), "The engine that speaks."}});
}

}  // namespace

void add_engines(Cli& cli) {
  auto& app =
      cli.command(cli.app, "engines",
                  "List the engines: the processes that do the work, their state and their memory.\n\n"
                  "Engines start by themselves with the first request and stop when they are idle, so start and "
                  "stop are rarely needed. MEMORY is what an engine's processes use now, RESERVED what is set aside "
                  "for it while it runs (dim: what it would take). Below: what troubles them, and what the box "
                  "did by itself about it. With --json: {\"data\":[…],\"memory\":{…},\"healing\":[…]} as GET "
                  "/admin/engines answers.",
                  list);
  cli.manual.examples(
      app, {{"hearth engines", "Look."}, {"hearth engines restart ocr", "A fresh process for one of them."}});
  add_verb(cli, app, "start", "Start an engine now, so that its first request need not wait.");
  add_verb(cli, app, "stop", "Stop an engine when what it works on is done; a new request starts it again.");
  add_verb(cli, app, "restart", "Stop an engine and start it again; also ends a quarantine.");
  add_packs(cli, app);
}

}  // namespace hearth::tool
