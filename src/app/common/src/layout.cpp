#include "layout.h"

namespace hearth::help {

std::string argument_name(const OptionDoc& argument) {
  const std::string name = argument.value + (argument.repeated ? "..." : "");
  return argument.required ? name : "[" + name + "]";
}

std::string usage(const CommandDoc& command) {
  std::string out = command.path;
  if (!command.options.empty()) out += " [OPTION]...";
  for (const OptionDoc& argument : command.arguments) out += " " + argument_name(argument);
  if (!command.commands.empty()) out += command.arguments.empty() ? " [COMMAND]" : "";
  return out;
}

std::string option_head(const OptionDoc& option) {
  std::string out = join(option.names, ", ");
  if (!option.value.empty()) out += " " + option.value;
  return out;
}

std::string full_meaning(const OptionDoc& option) {
  std::string out = option.meaning;
  const bool stop = out.ends_with('.');
  if (stop) out.pop_back();
  if (!option.choices.empty()) out += ": " + join(option.choices, ", ");
  if (!option.fallback.empty()) out += " (default: " + option.fallback + ")";
  return stop ? out + "." : out;
}

std::string wrap(std::string_view text, std::size_t columns, std::size_t indent) {
  const std::size_t room = columns > indent + 20 ? columns - indent : 20;
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (word.empty()) continue;
    if (used > 0 && used + 1 + word.size() > room) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += word.size();
  }
  return out;
}

void for_each_command(const CommandDoc& root, const std::function<void(const CommandDoc&)>& visit) {
  visit(root);
  for (const CommandDoc& command : root.commands) for_each_command(command, visit);
}

std::string_view path_below(const CommandDoc& root, const CommandDoc& command) {
  std::string_view path = command.path;
  path.remove_prefix(root.path.size());
  if (path.starts_with(' ')) path.remove_prefix(1);
  return path;
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(what);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += with;
    text.remove_prefix(at + what.size());
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

}  // namespace hearth::help
