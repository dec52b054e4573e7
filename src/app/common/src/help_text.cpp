#include "layout.h"

#include <algorithm>

namespace hearth::help {
namespace {

constexpr std::size_t kHeadWidth = 26;  // longer heads get a line of their own

class Text {
 public:
  Text(std::size_t columns, Colour colour) : columns_(std::clamp<std::size_t>(columns, 50, 100)), colour_(colour) {}

  void title(std::string_view text) { out_ += "\n" + bold(text) + "\n"; }
  void paragraph(std::string_view text, std::size_t indent = 0) {
    out_ += std::string(indent, ' ') + wrap(text, columns_, indent) + "\n";
  }
  void line(std::string_view text) { out_ += std::string(text) + "\n"; }
  void gap() { out_ += "\n"; }
  void entry(std::string_view head, std::string_view meaning) {
    out_ += "  " + bold(head);
    if (head.size() + 4 > kHeadWidth) {
      out_ += "\n" + std::string(kHeadWidth, ' ');
    } else {
      out_ += std::string(kHeadWidth - 2 - head.size(), ' ');
    }
    out_ += wrap(meaning, columns_, kHeadWidth) + "\n";
  }
  [[nodiscard]] std::string bold(std::string_view text) const {
    return colour_ == Colour::yes ? "\033[1m" + std::string(text) + "\033[0m" : std::string(text);
  }
  std::string take() { return std::move(out_); }

 private:
  std::size_t columns_;
  Colour colour_;
  std::string out_;
};

void options(Text& text, std::string_view title, const std::vector<OptionDoc>& options) {
  if (options.empty()) return;
  text.title(title);
  for (const OptionDoc& option : options) {
    // A long name without a short one stands under the other long names.
    const bool only_long = !option.names.empty() && option.names.front().starts_with("--");
    text.entry((only_long ? "    " : "") + option_head(option), full_meaning(option));
  }
}

}  // namespace

std::string help_text(const CommandDoc& command, const CommandDoc& root, std::size_t columns, Colour colour) {
  Text text(columns, colour);
  text.paragraph(command.summary);
  text.gap();
  text.line(text.bold("Usage: ") + usage(command));
  for (const std::string& paragraph : command.paragraphs) {
    text.gap();
    text.paragraph(paragraph);
  }
  if (!command.examples.empty()) text.title("Examples:");
  for (const Example& example : command.examples) {
    text.line("  " + text.bold(example.command));
    text.paragraph(example.meaning, 6);
  }
  if (!command.commands.empty()) text.title("Commands:");
  for (const CommandDoc& sub : command.commands) text.entry(sub.name, sub.summary);
  if (!command.arguments.empty()) text.title("Arguments:");
  for (const OptionDoc& argument : command.arguments) text.entry(argument_name(argument), full_meaning(argument));
  const bool is_root = command.path == root.path;
  options(text, "Options:", command.options);
  if (!is_root) options(text, "Everywhere:", root.options);
  if (!command.commands.empty()) {
    text.gap();
    text.line("More about a command: " + command.path + " COMMAND --help" +
              (is_root ? "   The whole manual: man " + root.name : ""));
  }
  return text.take();
}

}  // namespace hearth::help
