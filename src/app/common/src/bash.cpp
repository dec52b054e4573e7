#include "layout.h"

#include <algorithm>

namespace hearth::help {
namespace {

std::string quote(std::string_view text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

std::string words_of(const CommandDoc& command, const CommandDoc& root) {
  std::vector<std::string> words;
  for (const CommandDoc& sub : command.commands) words.push_back(sub.name);
  for (const OptionDoc& option : command.options) words.insert(words.end(), option.names.begin(), option.names.end());
  if (&command != &root)
    for (const OptionDoc& option : root.options) words.insert(words.end(), option.names.begin(), option.names.end());
  return join(words, " ");
}

// The statement that offers the values of `option`; empty where there is nothing to offer.
std::string offer(const OptionDoc& option) {
  switch (option.values) {
    case Values::choices:
      return "COMPREPLY=($(compgen -W " + quote(join(option.choices, " ")) + " -- \"$cur\"))";
    case Values::files:
      return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Values::directories:
      return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Values::command:
      return "COMPREPLY=($(compgen -W \"$(" + option.source + " 2>/dev/null)\" -- \"$cur\"))";
    case Values::anything:
      break;
  }
  return "COMPREPLY=()";
}

void option_cases(std::string& out, std::string_view path, const std::vector<OptionDoc>& options) {
  for (const OptionDoc& option : options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) patterns.push_back(std::string(path) + name);
    out += "    " + join(patterns, "|") + ") " + offer(option) + "; return ;;\n";
  }
}

}  // namespace

std::string bash_completion(const CommandDoc& root) {
  const std::string fn = "_" + replace_all(root.name, "-", "_");
  std::string valued;  // options that take the next word as their value
  for_each_command(root, [&](const CommandDoc& command) {
    for (const OptionDoc& option : command.options)
      if (!option.value.empty())
        for (const std::string& name : option.names)
          if (("|" + valued + "|").find("|" + name + "|") == std::string::npos)
            valued += (valued.empty() ? "" : "|") + name;
  });

  std::string out = "# bash completion for " + root.name + "\n" + fn + "() {\n";
  out += "  local cur prev path= word i skip=\n";
  out += "  cur=${COMP_WORDS[COMP_CWORD]}\n  prev=${COMP_WORDS[COMP_CWORD-1]}\n  COMPREPLY=()\n";
  out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n";
  out += "    if [[ -n $skip ]]; then skip=; continue; fi\n";
  out += "    case \"$word\" in\n";
  if (!valued.empty()) out += "      " + valued + ") skip=1; continue ;;\n";
  out += "      -*) continue ;;\n    esac\n    case \"$path/$word\" in\n";
  for_each_command(root, [&](const CommandDoc& command) {
    if (&command == &root) return;
    const std::string path = "/" + replace_all(path_below(root, command), " ", "/");
    out += "      " + path + ") path=" + path + " ;;\n";
  });
  out += "    esac\n  done\n";
  // The value of an option, the command's own before the ones that are understood everywhere.
  out += "  case \"$path $prev\" in\n";
  for_each_command(root, [&](const CommandDoc& command) {
    const std::string below = replace_all(path_below(root, command), " ", "/");
    if (&command != &root) option_cases(out, "/" + below + "\\ ", command.options);
  });
  option_cases(out, "*\\ ", root.options);
  out += "  esac\n  case \"$path\" in\n";
  for_each_command(root, [&](const CommandDoc& command) {
    const std::string below = replace_all(path_below(root, command), " ", "/");
    out += "    " + (&command == &root ? std::string("''") : "/" + below) + ")\n";
    const auto argument = std::find_if(command.arguments.begin(), command.arguments.end(),
                                       [](const OptionDoc& a) { return a.values != Values::anything; });
    if (argument != command.arguments.end())
      out += "      if [[ $cur != -* ]]; then " + offer(*argument) + "; return; fi\n";
    out += "      COMPREPLY=($(compgen -W " + quote(words_of(command, root)) + " -- \"$cur\")) ;;\n";
  });
  out += "  esac\n}\ncomplete -F " + fn + " " + root.name + "\n";
  return out;
}

}  // namespace hearth::help
