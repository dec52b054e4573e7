// The tool's tree of commands: the one source of parsing, --help, the man page and the completions.
#pragma once

#include "session.h"

#include <hearth/app/help.h>

#include <CLI/CLI.hpp>

#include <functional>
#include <map>

namespace hearth::tool {

using Action = std::function<Result<ExitCode>(Session&)>;

// Not movable: options point into it.
struct Cli {
  Cli();
  Cli(const Cli&) = delete;
  Cli& operator=(const Cli&) = delete;

  // A command below `parent`; `description` begins with one sentence, more paragraphs follow after empty lines.
  CLI::App& command(CLI::App& parent, const std::string& name, const std::string& description, Action action);

  CLI::App app{"", "hearth"};
  help::Manual manual;
  Globals globals;
  std::map<const CLI::App*, Action> actions;
};

// What main does after the terminal is known: parse, run, say what went wrong. Everything printed goes to the process's
// own stdout and stderr.
ExitCode run(int argc, const char* const* argv, const Terminal& terminal);

// One function per command, each in commands/NAME.cpp.
void add_status(Cli& cli);
void add_models(Cli& cli);
void add_providers(Cli& cli);
void add_pull(Cli& cli);
void add_model_files(Cli& cli, CLI::App& models);  // below `hearth models`
void add_engines(Cli& cli);
void add_packs(Cli& cli, CLI::App& engines);  // below `engines`
void add_hardware(Cli& cli);
void add_explain(Cli& cli);
void add_keys(Cli& cli);
void add_deferred(Cli& cli);
void add_cache(Cli& cli);
void add_spend(Cli& cli);
void add_budgets(Cli& cli);
void add_egress(Cli& cli);
void add_logs(Cli& cli);
void add_config(Cli& cli);
void add_say(Cli& cli);
void add_listen(Cli& cli);
void add_read(Cli& cli);
void add_see(Cli& cli);
void add_embed(Cli& cli);
void add_tour(Cli& cli);
void add_help(Cli& cli);  // version, completion, help, and the hidden `internal`

}  // namespace hearth::tool
