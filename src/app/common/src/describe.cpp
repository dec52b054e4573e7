#include "layout.h"

#include <CLI/CLI.hpp>

namespace hearth::help {
namespace {

// "One sentence.\n\nA paragraph.\n\nAnother."
std::vector<std::string> split_paragraphs(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    if (const std::string_view part = text.substr(0, end); !part.empty()) out.emplace_back(part);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return out;
}

// Validators append themselves to CLI11's type name ("TEXT:{a,b}"); the name ends at the colon.
std::string value_name(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

OptionDoc describe_option(const CLI::Option& option) {
  OptionDoc doc;
  for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
  doc.value = option.get_positional() ? option.get_name(true, false) : value_name(option);
  doc.meaning = option.get_description();
  doc.fallback = option.get_default_str();
  doc.required = option.get_required();
  doc.repeated = option.get_expected_max() > 1;
  return doc;
}

}  // namespace

void Manual::examples(const CLI::App& command, std::vector<Example> examples) {
  examples_[&command] = std::move(examples);
}
void Manual::choices(CLI::Option& option, std::vector<std::string> choices) {
  option.check(CLI::IsMember(choices));
  offers_[&option] = {Values::choices, std::move(choices), {}};
}
void Manual::files(const CLI::Option& option) {
  offers_[&option] = {Values::files, {}, {}};
}
void Manual::directories(const CLI::Option& option) {
  offers_[&option] = {Values::directories, {}, {}};
}
void Manual::values_from(const CLI::Option& option, std::string shell_command) {
  offers_[&option] = {Values::command, {}, std::move(shell_command)};
}

CommandDoc Manual::describe_command(const CLI::App& app, const Manual& manual, const std::string& parent) {
  CommandDoc doc;
  doc.name = app.get_name();
  doc.path = parent.empty() ? doc.name : parent + " " + doc.name;
  doc.paragraphs = split_paragraphs(app.get_description());
  if (!doc.paragraphs.empty()) {
    doc.summary = doc.paragraphs.front();
    doc.paragraphs.erase(doc.paragraphs.begin());
  }
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return !o->get_group().empty(); })) {
    // Every command has CLI11's help flag; it is said once, at the root.
    if (option == app.get_help_ptr() && app.get_parent() != nullptr) continue;
    OptionDoc described = describe_option(*option);
    if (const auto offer = manual.offers_.find(option); offer != manual.offers_.end()) {
      described.values = offer->second.values;
      described.choices = offer->second.choices;
      described.source = offer->second.source;
    }
    (option->get_positional() ? doc.arguments : doc.options).push_back(std::move(described));
  }
  if (const auto found = manual.examples_.find(&app); found != manual.examples_.end()) doc.examples = found->second;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* a) { return !a->get_group().empty(); }))
    doc.commands.push_back(describe_command(*command, manual, doc.path));
  return doc;
}

CommandDoc describe(const CLI::App& app, const Manual& manual) {
  return Manual::describe_command(app, manual, {});
}

const CommandDoc* find(const CommandDoc& root, std::string_view path) {
  if (root.path == path) return &root;
  for (const CommandDoc& command : root.commands)
    if (const CommandDoc* found = find(command, path)) return found;
  return nullptr;
}

}  // namespace hearth::help
