#include "layout.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>

#include <cstdint>

namespace hearth::help {
namespace {

std::uint32_t code_point(std::string_view sequence) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i])); };
  switch (sequence.size()) {
    case 2:
      return (at(0) & 0x1FU) << 6U | (at(1) & 0x3FU);
    case 3:
      return (at(0) & 0x0FU) << 12U | (at(1) & 0x3FU) << 6U | (at(2) & 0x3FU);
    default:
      return (at(0) & 0x07U) << 18U | (at(1) & 0x3FU) << 12U | (at(2) & 0x3FU) << 6U | (at(3) & 0x3FU);
  }
}

// Text for a roff line: escapes are neutralised, a control character at the beginning is not taken for a request, and
// anything beyond ASCII is named by its code point, so the page reads the same whatever the reader assumes. A hyphen is
// written as a minus, because people copy options from manuals.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    const std::string_view c = text.substr(0, n == 0 ? 1 : n);
    text.remove_prefix(c.size());
    if (c == "\\") {
      out += "\\e";
    } else if (c == "-") {
      out += "\\-";
    } else if (c == "'") {
      out += "\\(aq";
    } else if (c == "`") {
      out += "\\(ga";
    } else if (c == "^") {
      out += "\\(ha";
    } else if (c == "~") {
      out += "\\(ti";
    } else if (c == "\"") {
      out += "\\(dq";
    } else if (n > 1) {
      out += fmt::format("\\[u{:04X}]", code_point(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}
std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

void option(std::string& out, const OptionDoc& o) {
  std::vector<std::string> names;
  for (const std::string& name : o.names) names.push_back(bold(name));
  out += ".TP\n" + join(names, ", ");
  if (!o.value.empty()) out += (names.empty() ? "" : " ") + italic(o.value);
  out += "\n" + roff(full_meaning(o)) + "\n";
}

void examples(std::string& out, const CommandDoc& command) {
  for (const Example& example : command.examples)
    out += ".PP\n" + roff(example.meaning) + "\n.PP\n.RS 4\n.nf\n" + bold(example.command) + "\n.fi\n.RE\n";
}

void body(std::string& out, const CommandDoc& command) {
  out += roff(command.summary) + "\n";
  for (const std::string& paragraph : command.paragraphs) out += ".PP\n" + roff(paragraph) + "\n";
  for (const OptionDoc& argument : command.arguments) option(out, argument);
  for (const OptionDoc& o : command.options) option(out, o);
  examples(out, command);
}

std::string synopsis(const CommandDoc& command) {
  std::string out = bold(command.path);
  if (!command.options.empty()) out += " [" + italic("OPTION") + "]...";
  for (const OptionDoc& argument : command.arguments) out += " " + italic(argument_name(argument));
  return out;
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string man_page(const CommandDoc& root, const std::vector<Section>& sections, const ManPage& page) {
  std::string title = root.name;
  for (char& c : title)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::string out = fmt::format(".TH {} {} {} \"{} {}\"\n", title, page.section, page.date, root.name, page.version);
  out += ".SH NAME\n" + roff(root.name) + " \\- " + roff(lower_first(root.summary)) + "\n";
  out += ".SH SYNOPSIS\n" + bold(root.path) + " [" + italic("OPTION") + "]...";
  if (!root.commands.empty()) out += " " + italic("COMMAND");
  for (const OptionDoc& argument : root.arguments) out += " " + italic(argument_name(argument));
  out += "\n.SH DESCRIPTION\n";
  out += roff(root.summary) + "\n";
  for (const std::string& paragraph : root.paragraphs) out += ".PP\n" + roff(paragraph) + "\n";
  out += ".SH OPTIONS\n";
  if (!root.commands.empty()) out += "These are understood by every command.\n";
  for (const OptionDoc& argument : root.arguments) option(out, argument);
  for (const OptionDoc& o : root.options) option(out, o);
  if (!root.commands.empty()) {
    out += ".SH COMMANDS\n";
    for_each_command(root, [&](const CommandDoc& command) {
      if (&command == &root) return;
      out += ".SS " + synopsis(command) + "\n";
      body(out, command);
    });
  }
  for (const Section& section : sections) {
    std::string heading = section.title;
    for (char& c : heading)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    out += ".SH " + (heading.find(' ') == std::string::npos ? heading : "\"" + heading + "\"") + "\n";
    if (!section.text.empty()) out += roff(section.text) + "\n";
    for (const auto& [term, meaning] : section.entries) out += ".TP\n" + bold(term) + "\n" + roff(meaning) + "\n";
  }
  if (!root.examples.empty()) {
    out += ".SH EXAMPLES\n";
    std::string shown;
    examples(shown, root);
    out += shown.substr(std::string_view(".PP\n").size());
  }
  if (!page.see_also.empty()) {
    out += ".SH SEE ALSO\n";
    for (std::size_t i = 0; i < page.see_also.size(); ++i) {
      const std::string& name = page.see_also[i];  // "hearthd(8)"
      const std::size_t paren = name.find('(');
      out += ".BR " + roff(name.substr(0, paren)) + (paren == std::string::npos ? "" : " " + roff(name.substr(paren))) +
             (i + 1 < page.see_also.size() ? ",\n" : "\n");
    }
  }
  return out;
}

}  // namespace hearth::help
