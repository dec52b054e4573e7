// What `hearth models` does with models that were pulled: the catalogue, what is installed, checking and clearing up.
#include "../cli.h"
#include "../table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

// Reading all of a large store takes minutes.
constexpr double kLong = 24.0 * 3600;

std::string size_text(const json::value& from, std::string_view name) {
  const double bytes = json::number(from, name);
  return bytes > 0 ? format_bytes(static_cast<std::uint64_t>(bytes)) : std::string();
}

std::string licence_text(const json::value& model) {
  const std::string licence = json::text(model, "licence");
  return json::flag(model, "commercial") ? licence : licence + " (non-commercial)";
}

Result<ExitCode> available(Session& s, const std::string& task) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/models/available"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"MODEL"},
               {"TASK"},
               {"SIZE"},
               {""},
               {"MEMORY", Align::right},
               {"LANGUAGES", Align::left, true},
               {"LICENCE", Align::left, true},
               {"WHAT", Align::left, true}});
  for (const json::value& model : json::list(answer, "data")) {
    if (!task.empty() && json::text(model, "task") != task) continue;
    const bool installed = json::flag(model, "installed");
    table.add({{json::text(model, "name"), Ink::bold},
               {json::text(model, "task")},
               {json::text(model, "rung")},
               {installed                        ? "installed"
                : json::flag(model, "preferred") ? "recommended"
                                                 : "",
                installed ? Ink::green : Ink::plain},
               {size_text(model, "memory")},
               {json::joined(model, "languages")},
               {licence_text(model), json::flag(model, "commercial") ? Ink::plain : Ink::yellow},
               {json::text(model, "description")}});
  }
  HEARTH_TRY(print(table.empty() ? "The catalogue has nothing for that.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

Result<ExitCode> installed(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/models/installed"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"MODEL"},
               {"TASK"},
               {"FORMAT"},
               {"SIZE", Align::right},
               {"LICENCE", Align::left, true},
               {"FROM", Align::left, true}});
  for (const json::value& model : json::list(answer, "data"))
    table.add({{json::text(model, "name"), Ink::bold},
               {json::text(model, "task")},
               {json::text(model, "format")},
               {size_text(model, "bytes")},
               {licence_text(model)},
               {json::text(model, "source")}});
  HEARTH_TRY(print(table.empty() ? "No model was pulled yet; hearth models available lists what there is.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  for (const json::value& problem : json::list(answer, "problems"))
    if (const auto* text = problem.if_string()) complain(printable(std::string_view(text->data(), text->size())));
  return ExitCode::ok;
}

Result<ExitCode> show(Session& s, const std::string& name) {
  HEARTH_TRY_ASSIGN(const json::value model, s.admin("GET", "/admin/models/installed/" + url_escape(name)));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(model)));
    return ExitCode::ok;
  }
  std::string out = s.ink(printable(json::text(model, "name")), Ink::bold) + "\n";
  const auto line = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {}{}\n", pad_right(what, 13), printable(value));
  };
  line("what", json::text(model, "description"));
  line("task", json::text(model, "task"));
  line("format", json::text(model, "format"));
  line("engine", json::text(model, "engine"));
  line("from", json::text(model, "source"));
  line("revision", json::text(model, "revision"));
  line("licence", licence_text(model));
  line("languages", json::joined(model, "languages"));
  line("memory", size_text(model, "memory"));
  line("size", size_text(model, "bytes"));
  line("folder", json::text(model, "folder"));
  for (const json::value& file : json::list(model, "files"))
    out += fmt::format("  {}{}  {}  sha256:{}\n", pad_right(printable(json::text(file, "role")), 13),
                       printable(json::text(file, "name")), size_text(file, "bytes"),
                       printable(json::text(file, "sha256")));
  HEARTH_TRY(print(out));
  return ExitCode::ok;
}

Result<ExitCode> remove(Session& s, const std::string& name) {
  HEARTH_TRY_ASSIGN(const json::value answer,
                    s.admin("DELETE", "/admin/models/installed/" + url_escape(name), {}, 120));
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : fmt::format("{} is gone.\n", printable(name))));
  return ExitCode::ok;
}

Result<ExitCode> verify(Session& s, const std::string& name) {
  const std::string body = boost::json::serialize(json::object{{"name", name}});
  HEARTH_TRY_ASSIGN(const json::value report, s.admin("POST", "/admin/models/verify", body, kLong));
  const json::array& broken = json::list(report, "broken");
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(report)));
  } else {
    std::string out;
    for (const json::value& file : broken)
      out += s.ink("broken: ", Ink::red) + printable(json::text(file, "message")) + "\n";
    out += fmt::format("{:.0f} models, {:.0f} files, {} read: {}\n", json::number(report, "models"),
                       json::number(report, "files"),
                       format_bytes(static_cast<std::uint64_t>(json::number(report, "bytes"))),
                       broken.empty() ? "all as they should be" : fmt::format("{} broken", broken.size()));
    HEARTH_TRY(print(out));
  }
  return broken.empty() ? ExitCode::ok : ExitCode::failed;
}

Result<ExitCode> collect(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value report, s.admin("POST", "/admin/models/gc", {}, 600));
  HEARTH_TRY(
      print(s.json() ? json::pretty(report)
                     : fmt::format("{:.0f} files that no model has and {:.0f} unfinished downloads removed: {} freed\n",
                                   json::number(report, "blobs"), json::number(report, "partials"),
                                   format_bytes(static_cast<std::uint64_t>(json::number(report, "bytes"))))));
  return ExitCode::ok;
}

}  // namespace

void add_model_files(Cli& cli, CLI::App& models) {
  const auto task = std::make_shared<std::string>();
  auto& catalogue =
      cli.command(models, "available",
                  "List the catalogue: what hearth pull knows by name, from tiny to good for each task.\n\n"
                  "Memory is an estimate until the box has measured it. With --json: {\"data\":[{\"name\", "
                  "\"task\", \"rung\", \"preferred\", \"installed\", \"source\", \"licence\", \"commercial\", "
                  "\"languages\", \"memory\", \"description\"}]}.",
                  [task](Session& s) { return available(s, *task); });
  catalogue.add_option("TASK", *task, "Only those for this task, such as chat or transcription.");
  cli.manual.examples(catalogue, {{"hearth models available chat", "Which language models are there?"}});

  auto& list =
      cli.command(models, "installed", "List the models that were pulled, with where they came from.", installed);
  cli.manual.examples(list, {{"hearth models installed", "What takes the disk?"}});

  const auto named = [&](const std::string& verb, const std::string& description, const std::string& example,
                         const auto& act) {
    const auto name = std::make_shared<std::string>();
    auto& app = cli.command(models, verb, description, [name, act](Session& s) { return act(s, *name); });
    auto* option = app.add_option("NAME", *name, "The model, as hearth models installed lists it.");
    cli.manual.values_from(*option, "hearth internal names installed");
    cli.manual.examples(app, {{"hearth models " + verb + " qwen3-1.7b", example}});
    return option;
  };
  named("show", "Show where a model came from, its licence and its files with their digests.", "All about one of them.",
        show)
      ->required();
  named("rm", "Remove a model; files that another model has stay.", "Free its space.", remove)->required();
  named("verify",
        "Read every file of a model, or of all models, and compare it with its digest.\n\n"
        "A broken file is named, with the command that gets a good one. The exit status is 1 if there is one.",
        "Is the disk still sound?", verify);
  auto& gc =
      cli.command(models, "gc", "Remove files that no model has, and downloads that were never finished.", collect);
  cli.manual.examples(gc, {{"hearth models gc", "Clear up."}});
}

}  // namespace hearth::tool
