#include "layout.h"

#include <algorithm>

namespace hearth::help {
namespace {

std::string quote(std::string_view text) {
  return "'" + replace_all(replace_all(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string values(const OptionDoc& option) {
  switch (option.values) {
    case Values::choices:
      return " -x -a " + quote(join(option.choices, " "));
    case Values::files:
      return " -r -F";
    case Values::directories:
      return " -x -a '(__fish_complete_directories)'";
    case Values::command:
      return " -x -a " + quote("(" + option.source + " 2>/dev/null)");
    case Values::anything:
      break;
  }
  return " -x";
}

}  // namespace

std::string fish_completion(const CommandDoc& root) {
  const std::string at = "__" + replace_all(root.name, "-", "_") + "_at";
  std::vector<std::string> valued;
  for_each_command(root, [&](const CommandDoc& command) {
    for (const OptionDoc& option : command.options)
      if (!option.value.empty())
        for (const std::string& name : option.names)
          if (std::find(valued.begin(), valued.end(), name) == valued.end()) valued.push_back(name);
  });
  std::vector<std::string> paths;
  for_each_command(root, [&](const CommandDoc& command) {
    if (&command != &root) paths.push_back("/" + replace_all(path_below(root, command), " ", "/"));
  });

  std::string out = "# fish completion for " + root.name + "\n";
  out += "# True where the words so far name the command of $argv[1] (\"\" is no command yet).\n";
  out += "function " + at + "\n  set -l path ''\n  set -l skip 0\n";
  out += "  for word in (commandline -opc)[2..-1]\n    if test $skip = 1\n      set skip 0\n      continue\n    end\n";
  out += "    if contains -- $word " + join(valued, " ") + "\n      set skip 1\n      continue\n    end\n";
  out += "    if contains -- $path/$word " + join(paths, " ") + "\n      set path $path/$word\n    end\n  end\n";
  out += "  test \"$path\" = \"$argv[1]\"\nend\n";
  out += "complete -c " + root.name + " -f\n";
  for_each_command(root, [&](const CommandDoc& command) {
    const bool is_root = &command == &root;
    const std::string path = is_root ? "" : "/" + replace_all(path_below(root, command), " ", "/");
    const std::string start = "complete -c " + root.name + " -n " + quote(at + " '" + path + "'");
    for (const CommandDoc& sub : command.commands)
      out += start + " -a " + sub.name + " -d " + quote(sub.summary) + "\n";
    for (const OptionDoc& option : command.options) {
      out += is_root ? "complete -c " + root.name : start;
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) out += values(option);
      out += " -d " + quote(option.meaning) + "\n";
    }
    for (const OptionDoc& argument : command.arguments)
      if (argument.values != Values::anything) out += start + values(argument) + "\n";
  });
  return out;
}

}  // namespace hearth::help
