// One source for --help, the man page, docs/cli.md and the completions of bash, zsh and fish: the program's own tree of
// commands.
//
// A program builds its CLI11 tree, tells a Manual what CLI11 has no place for (examples, which values an option takes),
// and describe() turns both into a CommandDoc, plain data that the renderers below read. Renderers are pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 calls it so
class App;
class Option;
}  // namespace CLI

namespace hearth::help {

struct Example {
  std::string command;
  std::string meaning;
};

// What a shell may offer as the value of an option or argument.
enum class Values { anything, choices, files, directories, command };

struct OptionDoc {
  std::vector<std::string> names;  // "-o", "--output"; empty for a positional argument
  std::string value;               // "FILE"; empty for a flag
  std::string meaning;
  std::string fallback;  // the default, as one would write it; empty: none worth saying
  bool required = false;
  bool repeated = false;
  Values values = Values::anything;
  std::vector<std::string> choices;
  std::string source;  // Values::command: a shell command that prints one value a line
};

struct CommandDoc {
  std::string path;                     // "hearth engines start"
  std::string name;                     // "start"
  std::string summary;                  // one sentence
  std::vector<std::string> paragraphs;  // more of them
  std::vector<OptionDoc> arguments;
  std::vector<OptionDoc> options;
  std::vector<Example> examples;
  std::vector<CommandDoc> commands;
};

// A part of the manual that belongs to no command: exit status, environment, files.
struct Section {
  std::string title;
  std::string text;
  std::vector<std::pair<std::string, std::string>> entries;
};

// Owned by the program beside its CLI::App, and not outliving it.
class Manual {
 public:
  void examples(const CLI::App& command, std::vector<Example> examples);
  // Refuses other values, offers these in completions and names them in help.
  void choices(CLI::Option& option, std::vector<std::string> choices);
  void files(const CLI::Option& option);
  void directories(const CLI::Option& option);
  // Values that only the running program knows; `shell_command` prints one a line and must be quick.
  void values_from(const CLI::Option& option, std::string shell_command);
  void section(Section section) { sections_.push_back(std::move(section)); }

  [[nodiscard]] const std::vector<Section>& sections() const noexcept { return sections_; }

 private:
  friend CommandDoc describe(const CLI::App& app, const Manual& manual);
  struct Offer {
    Values values = Values::anything;
    std::vector<std::string> choices;
    std::string source;
  };
  static CommandDoc describe_command(const CLI::App& app, const Manual& manual, const std::string& parent);

  std::map<const CLI::App*, std::vector<Example>> examples_;
  std::map<const CLI::Option*, Offer> offers_;
  std::vector<Section> sections_;
};

// Hidden commands and options (an empty CLI11 group) are left out.
CommandDoc describe(const CLI::App& app, const Manual& manual);
// The command at `path` ("hearth engines start") or nullptr.
const CommandDoc* find(const CommandDoc& root, std::string_view path);

enum class Colour { no, yes };
// What --help prints. `global`: the root's options, repeated in short below a command's own; `columns`: of the
// terminal.
std::string help_text(const CommandDoc& command, const CommandDoc& root, std::size_t columns, Colour colour);

struct ManPage {
  int section = 1;
  std::string date;     // "2026-11-21"
  std::string version;  // "0.1.0"
  std::vector<std::string> see_also;
};
// man(7) source, readable by man-db and mandoc.
std::string man_page(const CommandDoc& root, const std::vector<Section>& sections, const ManPage& page);
std::string markdown(const CommandDoc& root, const std::vector<Section>& sections);

std::string bash_completion(const CommandDoc& root);
std::string zsh_completion(const CommandDoc& root);
std::string fish_completion(const CommandDoc& root);

}  // namespace hearth::help
