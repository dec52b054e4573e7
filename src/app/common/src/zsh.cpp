#include "layout.h"

namespace hearth::help {
namespace {

std::string quote(std::string_view text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}
// Inside a specification of _arguments: brackets and colons have a meaning there.
std::string spec_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string function_name(const CommandDoc& command) {
  return "_" + replace_all(replace_all(command.path, " ", "_"), "-", "_");
}

std::string action(const OptionDoc& option) {
  switch (option.values) {
    case Values::choices:
      return "(" + join(option.choices, " ") + ")";
    case Values::files:
      return "_files";
    case Values::directories:
      return "_files -/";
    case Values::command:
      return "{compadd -- ${(f)\"$(" + option.source + " 2>/dev/null)\"}}";
    case Values::anything:
      break;
  }
  return " ";
}

std::string spec(const OptionDoc& option) {
  const std::string meaning = "[" + spec_text(option.meaning) + "]";
  const std::string value = option.value.empty() ? "" : ":" + spec_text(option.value) + ":" + action(option);
  std::string excluded;
  for (const std::string& name : option.names) excluded += (excluded.empty() ? "" : " ") + name;
  std::string out;
  for (const std::string& name : option.names) {
    const std::string front = option.repeated ? "*" : option.names.size() > 1 ? "(" + excluded + ")" : "";
    out += " \\\n    " + quote(front + name + meaning + value);
  }
  return out;
}

void command_function(std::string& out, const CommandDoc& command, const CommandDoc& root) {
  out += function_name(command) + "() {\n";
  if (!command.commands.empty()) {
    out += "  local line state\n  local -a commands=(\n";
    for (const CommandDoc& sub : command.commands)
      out += "    " + quote(sub.name + ":" + replace_all(sub.summary, ":", "\\:")) + "\n";
    out += "  )\n";
  }
  out += command.commands.empty() ? "  _arguments -s -S" : "  _arguments -C -s -S";
  for (const OptionDoc& option : command.options) out += spec(option);
  if (&command != &root)
    for (const OptionDoc& option : root.options) out += spec(option);
  for (const OptionDoc& argument : command.arguments)
    out += " \\\n    " +
           quote(std::string(argument.repeated ? "*" : "") + (argument.required || argument.repeated ? ":" : "::") +
                 spec_text(argument.value) + ":" + action(argument));
  if (command.commands.empty()) {
    out += "\n}\n";
    return;
  }
  out += " \\\n    '1:command:->command' '*::argument:->argument'\n";
  out += "  case $state in\n    command) _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const CommandDoc& sub : command.commands) out += "        " + sub.name + ") " + function_name(sub) + " ;;\n";
  out += "      esac ;;\n  esac\n}\n";
}

}  // namespace

std::string zsh_completion(const CommandDoc& root) {
  std::string out = "#compdef " + root.name + "\n# zsh completion for " + root.name + "\n";
  for_each_command(root, [&](const CommandDoc& command) { command_function(out, command, root); });
  // Sourced, it registers itself; autoloaded, it is the function's first call.
  out += "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  " + function_name(root) +
         " \"$@\"\nelse\n  compdef " + function_name(root) + " " + root.name + "\nfi\n";
  return out;
}

}  // namespace hearth::help
