#include "../api.h"
#include "../cli.h"

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

Result<ExitCode> version(Session& s) {
  HEARTH_TRY(print(s.json() ? json::pretty(json::object{{"version", HEARTH_VERSION}})
                            : fmt::format("hearth {}\n", HEARTH_VERSION)));
  return ExitCode::ok;
}

std::string completion_for(const Cli& cli, std::string_view shell) {
  const help::CommandDoc root = help::describe(cli.app, cli.manual);
  if (shell == "bash") return help::bash_completion(root);
  return shell == "zsh" ? help::zsh_completion(root) : help::fish_completion(root);
}

std::string manual_for(const Cli& cli, const std::string& date) {
  help::ManPage page;
  page.date = date;
  page.version = HEARTH_VERSION;
  page.see_also = {"hearthd(8)"};
  return help::man_page(help::describe(cli.app, cli.manual), cli.manual.sections(), page);
}

// For completions: quick, and silent when the box does not answer.
Result<ExitCode> names(Session& s, const std::string& of) {
  std::string out;
  const auto collect = [&](const Result<json::value>& answer, std::string_view name) {
    if (!answer) return;
    for (const json::value& item : json::list(*answer, "data")) out += printable(json::text(item, name)) + "\n";
  };
  constexpr double kPatience = 1;
  if (of == "voices") collect(api::voices(s), "id");
  if (of == "engines") collect(s.admin("GET", "/admin/engines", {}, kPatience), "name");
  if (of == "packs") collect(s.admin("GET", "/admin/packs", {}, kPatience), "name");
  if (of == "models") collect(s.admin("GET", "/admin/models", {}, kPatience), "id");
  if (of == "catalogue") collect(s.admin("GET", "/admin/models/available", {}, kPatience), "name");
  if (of == "installed") collect(s.admin("GET", "/admin/models/installed", {}, kPatience), "name");
  if (of == "keys") collect(s.admin("GET", "/admin/keys", {}, kPatience), "name");
  HEARTH_TRY(print(out));
  return ExitCode::ok;
}

void add_internal(Cli& cli) {
  auto& internal = cli.command(cli.app, "internal", "For the build and for completions.", nullptr);
  internal.group("");
  const auto date = std::make_shared<std::string>("1970-01-01");
  auto& man = cli.command(internal, "man", "The man page.", [&cli, date](Session&) -> Result<ExitCode> {
    HEARTH_TRY(print(manual_for(cli, *date)));
    return ExitCode::ok;
  });
  man.add_option("--date", *date, "The page's date.");
  cli.command(internal, "markdown", "docs/cli.md.", [&cli](Session&) -> Result<ExitCode> {
    HEARTH_TRY(print(help::markdown(help::describe(cli.app, cli.manual), cli.manual.sections())));
    return ExitCode::ok;
  });
  const auto of = std::make_shared<std::string>();
  auto& listed = cli.command(internal, "names", "Names, one a line.", [of](Session& s) { return names(s, *of); });
  listed.add_option("OF", *of, "voices, engines, models, catalogue, installed or keys.")->required();
}

}  // namespace

void add_help(Cli& cli) {
  cli.manual.examples(cli.command(cli.app, "version", "Print the version of this program.", version),
                      {{"hearth version", "What is installed?"}});

  const auto shell = std::make_shared<std::string>();
  auto& completion = cli.command(
      cli.app, "completion",
      "Print the completion script of a shell.\n\nPackages install these scripts; this is for a build by hand.",
      [&cli, shell](Session&) -> Result<ExitCode> {
        HEARTH_TRY(print(completion_for(cli, *shell)));
        return ExitCode::ok;
      });
  auto* option = completion.add_option("SHELL", *shell, "Which shell.");
  option->required();
  cli.manual.choices(*option, {"bash", "zsh", "fish"});
  cli.manual.examples(completion, {{"source <(hearth completion bash)", "In this shell."},
                                   {"hearth completion fish > ~/.config/fish/completions/hearth.fish", "For good."}});

  const auto path = std::make_shared<std::vector<std::string>>();
  auto& help_app = cli.command(
      cli.app, "help", "Show how a command is used, with examples.", [&cli, path](Session& s) -> Result<ExitCode> {
        const help::CommandDoc root = help::describe(cli.app, cli.manual);
        std::string wanted = root.path;
        for (const std::string& word : *path) wanted += " " + word;
        const help::CommandDoc* found = help::find(root, wanted);
        if (found == nullptr)
          return fail(Errc::invalid_argument, fmt::format("There is no command '{}'; hearth help lists them", wanted));
        const auto colour = s.terminal().out_colour ? help::Colour::yes : help::Colour::no;
        HEARTH_TRY(print(help::help_text(*found, root, s.terminal().columns, colour)));
        return ExitCode::ok;
      });
  help_app.add_option("COMMAND", *path, "The command, such as keys new.");
  cli.manual.examples(help_app, {{"hearth help keys new", "The same as hearth keys new --help."}});
  add_internal(cli);
}

}  // namespace hearth::tool
