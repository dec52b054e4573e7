#include "layout.h"

namespace hearth::help {
namespace {

// In a table's cell and in running text: what Markdown would take for markup.
std::string text(std::string_view plain) {
  std::string out;
  for (const char c : plain) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c;
  }
  return out;
}

void table(std::string& out, const std::vector<OptionDoc>& rows) {
  if (rows.empty()) return;
  out += "\n| | |\n|---|---|\n";
  for (const OptionDoc& row : rows)
    out +=
        "| `" + (row.names.empty() ? argument_name(row) : option_head(row)) + "` | " + text(full_meaning(row)) + " |\n";
}

void command_text(std::string& out, const CommandDoc& command) {
  out += "\n" + text(command.summary) + "\n\n    " + usage(command) + "\n";
  for (const std::string& paragraph : command.paragraphs) out += "\n" + text(paragraph) + "\n";
  table(out, command.arguments);
  table(out, command.options);
  if (command.examples.empty()) return;
  out += "\n```sh\n";
  for (const Example& example : command.examples) out += "# " + example.meaning + "\n" + example.command + "\n";
  out += "```\n";
}

}  // namespace

std::string markdown(const CommandDoc& root, const std::vector<Section>& sections) {
  std::string out = "# " + root.name + "\n";
  command_text(out, root);
  for_each_command(root, [&](const CommandDoc& command) {
    if (&command == &root) return;
    const bool nested = path_below(root, command).find(' ') != std::string_view::npos;
    out += (nested ? "\n### " : "\n## ") + command.path + "\n";
    command_text(out, command);
  });
  for (const Section& section : sections) {
    out += "\n## " + section.title + "\n";
    if (!section.text.empty()) out += "\n" + text(section.text) + "\n";
    if (section.entries.empty()) continue;
    out += "\n| | |\n|---|---|\n";
    for (const auto& [term, meaning] : section.entries) out += "| `" + term + "` | " + text(meaning) + " |\n";
  }
  return out;
}

}  // namespace hearth::help
