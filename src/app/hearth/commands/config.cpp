#include "../cli.h"

#include <hearth/config/config.h>

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace hearth::tool {
namespace {

Paths paths_for(const Session& s, const std::string& file) {
  Paths paths = s.paths();
  if (!file.empty()) paths.config_file = file;
  return paths;
}

Result<ExitCode> check(Session& s, const std::string& file) {
  const Paths paths = paths_for(s, file);
  std::error_code ec;
  if (!file.empty() && !std::filesystem::exists(paths.config_file, ec))
    return fail(Errc::invalid_argument, fmt::format("There is no file {}", file));
  HEARTH_TRY_ASSIGN(const config::Config loaded, config::load(paths));
  const std::string path = paths.config_file.string();
  if (s.json()) {
    HEARTH_TRY(
        print(json::pretty(json::object{{"ok", true}, {"file", path}, {"file_was_read", loaded.file_was_read}})));
  } else {
    HEARTH_TRY(print(loaded.file_was_read ? fmt::format("{} is fine.\n", path)
                                          : fmt::format("There is no {}: defaults are in force.\n", path)));
  }
  return ExitCode::ok;
}

// Lists, numbers and booleans are written alike in YAML and JSON; sizes and durations ("64 MiB") are texts.
json::value typed(std::string_view text) {
  const auto parsed = json::parse(text);
  return parsed ? *parsed : json::value(text);
}

Result<ExitCode> show(Session& s, const std::string& file) {
  HEARTH_TRY_ASSIGN(const config::Config loaded, config::load(paths_for(s, file)));
  const std::string text = config::render(loaded);
  if (!s.json()) {
    HEARTH_TRY(print(text));
    return ExitCode::ok;
  }
  json::object out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (const std::size_t colon = line.find(": "); colon != std::string_view::npos)
      out[line.substr(0, colon)] = typed(line.substr(colon + 2));
    at = end + 1;
  }
  HEARTH_TRY(print(json::pretty(out)));
  return ExitCode::ok;
}

Result<ExitCode> path(Session& s) {
  const std::string file = s.paths().config_file.string();
  std::error_code ec;
  const bool exists = std::filesystem::exists(file, ec);
  HEARTH_TRY(print(s.json() ? json::pretty(json::object{{"path", file}, {"exists", exists}}) : file + "\n"));
  return ExitCode::ok;
}

using Run = Result<ExitCode> (*)(Session&, const std::string&);

// A command that works on hearth.yaml or on the file that is named.
CLI::App& file_command(Cli& cli, CLI::App& parent, const std::string& name, const std::string& description, Run run) {
  const auto file = std::make_shared<std::string>();
  auto& app = cli.command(parent, name, description, [file, run](Session& s) { return run(s, *file); });
  cli.manual.files(*app.add_option("FILE", *file, "Another file than the usual one."));
  return app;
}

}  // namespace

void add_config(Cli& cli) {
  auto& app = cli.command(cli.app, "config",
                          "Check and show the configuration, hearth.yaml.\n\n"
                          "These read the file and the environment themselves; hearthd need not run.",
                          nullptr);
  cli.manual.examples(app, {{"hearth config check && systemctl restart hearth", "Never restart into a typing error."}});

  auto& check_app = file_command(cli, app, "check",
                                 "Say whether hearth.yaml is right; an unknown key is an error that names the nearest "
                                 "known one, and the line.",
                                 check);
  cli.manual.examples(check_app, {{"hearth config check", "The file in use."},
                                  {"hearth config check ./new.yaml", "One that is not in place yet."}});
  auto& show_app =
      file_command(cli, app, "show", "Show every setting in force: file, environment and defaults together.", show);
  cli.manual.examples(show_app, {{"hearth config show | grep limits", "How large may an upload be?"}});
  auto& path_app = cli.command(app, "path", "Print where hearth.yaml is looked for.", path);
  cli.manual.examples(path_app, {{"${EDITOR:-vi} \"$(hearth config path)\"", "Edit it."}});
}

}  // namespace hearth::tool
