#include "cli.h"

#include <hearth/core/nearest.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::tool {
namespace {

void add_globals(Cli& cli) {
  auto& app = cli.app;
  app.set_help_flag("-h,--help", "Show how a command is used, with examples.");
  app.add_flag("--json", cli.globals.json, "Print JSON for programs; its shape stays the same between releases.");
  auto* data =
      app.add_option("--data", cli.globals.data, "Talk to the instance that was started with hearthd --data DIR.");
  data->type_name("DIR");
  cli.manual.directories(*data);
  auto* url =
      app.add_option("--url", cli.globals.url, "Talk to another box over the net, such as http://box.local:8420.");
  url->type_name("URL")->envname("HEARTH_URL");
  app.add_option("--key", cli.globals.key, "The API key for --url.")->type_name("KEY")->envname("HEARTH_API_KEY");
}

void add_sections(help::Manual& manual) {
  manual.section(
      {"Exit status",
       "",
       {{"0", "It worked."},
        {"1", "It was tried and went wrong; the sentence on standard error says why."},
        {"2", "The command line is wrong."},
        {"3", "No hearthd listens there, or it went away midway."},
        {"4", "No key, a wrong key, or a socket that belongs to another user."},
        {"5", "The input is at fault: the same file or text will fail again."},
        {"6", "The box can't just now (busy, starting, no model yet, out of time): later the same call may work."},
        {"7", "hearth egress verify found that the ledger was tampered with."},
        {"130", "Interrupted with Ctrl-C."}}});
  manual.section({"Environment",
                  "",
                  {{"HEARTH_URL", "As --url."},
                   {"HEARTH_API_KEY", "As --key. Used with a URL only; the sockets need no key."},
                   {"HEARTH_CONFIG", "The configuration file, in place of the usual one."},
                   {"HEARTH_DATA", "The data folder, in place of the usual one."},
                   {"HEARTH_RUNTIME", "The folder of the sockets, in place of the usual one."},
                   {"NO_COLOR", "If set to anything, no colours."}}});
  manual.section(
      {"Files",
       "",
       {{"/run/hearth/hearth.sock",
         "The API, without a key, for the owner of the box (root). Other users: "
         "$XDG_RUNTIME_DIR/hearth/hearth.sock; with --data DIR: DIR/run/hearth.sock."},
        {"/run/hearth/admin.sock", "What status, engines, hardware, explain, keys, spend, budgets and logs talk to."},
        {"/etc/hearth/hearth.yaml", "The configuration; need not exist. Other users: ~/.config/hearth/hearth.yaml."}}});
}

// The deepest command that was named.
const CLI::App& chosen(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : chosen(*parsed.front());
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : path_of(*app.get_parent()) + " " + app.get_name();
}

// The known word that a mistyped one probably means; empty if none is near.
std::string nearest(std::string_view typed, const help::CommandDoc& command, const help::CommandDoc& root) {
  std::vector<std::string> known;
  for (const auto& sub : command.commands) known.push_back(sub.name);
  for (const auto* doc : {&command, &root})
    for (const auto& option : doc->options) known.insert(known.end(), option.names.begin(), option.names.end());
  return std::string(hearth::nearest(typed, known, std::min<std::size_t>(2, (typed.size() + 1) / 2)));
}

ExitCode usage_error(const Cli& cli, const CLI::ParseError& error, const Terminal& terminal) {
  const help::CommandDoc root = help::describe(cli.app, cli.manual);
  const CLI::App& app = chosen(cli.app);
  const std::string path = path_of(app);
  const help::CommandDoc* command = help::find(root, path);
  std::string message = error.what();
  std::string hint;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const auto extras = cli.app.remaining(true);
    const std::string word = extras.empty() ? "" : extras.back();
    const bool option = word.starts_with('-');
    message = command != nullptr && !command->commands.empty() && !option
                  ? fmt::format("There is no command '{}'", word)
              : option ? fmt::format("There is no option '{}'", word)
                       : fmt::format("'{}' is one word too many", word);
    if (command != nullptr)
      if (const std::string best = nearest(word, *command, root); !best.empty())
        hint = fmt::format("; did you mean {}?", best);
  }
  if (message.ends_with('\n')) message.pop_back();
  complain(paint(path + ":", Ink::red, terminal.err_colour) + " " + printable(message + hint));
  complain(fmt::format("How it is used: {} --help", path));
  return ExitCode::usage;
}

ExitCode show_help(const Cli& cli, const CLI::App& app, const Terminal& terminal) {
  const help::CommandDoc root = help::describe(cli.app, cli.manual);
  const help::CommandDoc* command = help::find(root, path_of(app));
  const auto colour = terminal.out_colour ? help::Colour::yes : help::Colour::no;
  const auto shown = print(help::help_text(command == nullptr ? root : *command, root, terminal.columns, colour));
  return shown ? ExitCode::ok : exit_code(shown.error());
}

void show_error(const Session& session, const Error& error) {
  if (error.code() == broken_pipe_code()) return;
  std::string text = error.describe();
  if (session.json()) {
    // Programs read the same facts as people, on stderr: stdout stays empty when there is no result.
    complain(boost::json::serialize(
        json::object{{"error", json::object{{"code", to_string(error.kind())}, {"message", text}}}}));
    return;
  }
  complain(paint("hearth:", Ink::red, session.terminal().err_colour) + " " + printable(text, Newlines::keep));
}

}  // namespace

Cli::Cli() {
  app.description(
      "The command line of Hearth, the always-on AI box: speech, hearing, reading, seeing and search on your own "
      "machine.\n\n"
      "It talks to hearthd, the daemon of this box, through a Unix socket. Files can be '-' for standard input, "
      "results "
      "go to standard output unless -o names a file, and --json prints them for programs.");
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_globals(*this);
  add_status(*this);
  add_say(*this);
  add_listen(*this);
  add_read(*this);
  add_see(*this);
  add_embed(*this);
  add_models(*this);
  add_pull(*this);
  add_providers(*this);
  add_engines(*this);
  add_hardware(*this);
  add_explain(*this);
  add_keys(*this);
  add_deferred(*this);
  add_cache(*this);
  add_spend(*this);
  add_budgets(*this);
  add_egress(*this);
  add_logs(*this);
  add_config(*this);
  add_tour(*this);
  add_help(*this);
  add_sections(manual);
  manual.examples(app, {{"hearth status", "Is the box up, where, and what does it run?"},
                        {"hearth say 'Good morning.' -o morning.mp3", "Speak a text into a file."},
                        {"hearth listen interview.mp3", "Write down what is said in a recording."},
                        {"hearth read scan.pdf", "Read a scanned page."},
                        {"hearth keys new laptop", "Let another machine in."}});
}

CLI::App& Cli::command(CLI::App& parent, const std::string& name, const std::string& description, Action action) {
  CLI::App* made = parent.add_subcommand(name, description);
  made->require_subcommand(0, 1);
  if (action) actions[made] = std::move(action);
  return *made;
}

ExitCode run(int argc, const char* const* argv, const Terminal& terminal) {
  Cli cli;
  try {
    cli.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return show_help(cli, chosen(cli.app), terminal);
  } catch (const CLI::ParseError& error) {
    return usage_error(cli, error, terminal);
  }
  const CLI::App& app = chosen(cli.app);
  const auto action = cli.actions.find(&app);
  if (action == cli.actions.end()) return show_help(cli, app, terminal);
  Session session(cli.globals, terminal);
  const Result<ExitCode> done = action->second(session);
  if (done) return *done;
  show_error(session, done.error());
  return exit_code(done.error());
}

}  // namespace hearth::tool
