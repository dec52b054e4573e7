#include "src/documents.h"

#include "src/keys.h"

#include <fmt/format.h>

#include <map>

namespace hearth::config {
namespace {

std::string_view about(std::string_view section) {
  static const std::map<std::string_view, std::string_view> kTexts{
      {"server", "Who can reach the box, and how patient it is with them."},
      {"limits", "What one request may cost. A request past a limit is refused with the name of the key."},
      {"log", "What is written to standard error (the journal, under systemd)."},
      {"engines", "How engines run. What is not set here comes from the engine's own engine.yaml."},
      {"models", "Where models are pulled from, and how much of the disk they may take."},
      {"providers", "Servers that answer what this box does not: in the cloud, or machines of your own."},
      {"routes",
       "Which models answer a name that clients ask for. Without a route it is the model of that name, and "
       "for `auto` what this box has before what providers have."},
      {"policy", "What may go where."},
      {"agents", "Programs that say in the header `x-hearth-agent` which of them calls: for budgets, and for a class."},
      {"deferred", "Calls that are taken now and answered later: docs/deferred.md."},
      {"link", "How the box knows whether the world outside can be reached."},
      {"packs", "Where engine packs come from: `hearth engines install NAME` makes one."},
      {"budgets", "What calls that leave the box may cost (docs/budgets.md)."},
      {"privacy",
       "Personal data and secrets that are found in requests (docs/privacy.md). Nothing else goes where its class may "
       "not."},
      {"declassify",
       "Rules by which a call is of a lower class than what is in it would make it (docs/privacy.md). Of several that "
       "hold, the one that lowers furthest."},
      {"patterns", "What is found besides: names of projects, numbers of customers, whatever is yours."},
      {"egress", "Where connections out of the box may lead. hearth-gate alone opens them, and holds to this."}};
  const auto found = kTexts.find(section);
  return found == kTexts.end() ? "" : found->second;
}

// Breaks `text` into comment lines of at most 100 characters.
std::string comment(std::string_view text, std::string_view indent) {
  constexpr std::size_t kWidth = 100;
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out += fmt::format("{}# {}\n", indent, line);
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && indent.size() + 2 + line.size() + 1 + word.size() > kWidth) flush();
    if (!line.empty()) line += ' ';
    line += word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  flush();
  return out;
}

constexpr std::string_view kMarkdownHead = R"(# Configuration

<!-- Made by `ninja config_docs` from src/config/src/keys.cpp; a test compares the two. -->

Hearth needs no configuration. What you want otherwise goes into `hearth.yaml`:

| who runs it | file | data | sockets |
|---|---|---|---|
| root, the service | `/etc/hearth/hearth.yaml` | `/var/lib/hearth` | `/run/hearth` |
| other users | `$XDG_CONFIG_HOME/hearth/hearth.yaml` | `$XDG_DATA_HOME/hearth` | `$XDG_RUNTIME_DIR/hearth` |

`HEARTH_CONFIG`, `HEARTH_DATA` and `HEARTH_RUNTIME` name other places. `hearth config check` says what is wrong with a
file before the daemon sees it; a mistake is an error with file, line and what is expected, never ignored. A key that
does not exist is named together with the nearest one that does.

An environment variable overrides the file: upper case, `.` and `-` become `_`, lists are separated by commas
(`HEARTH_SERVER_LISTEN=0.0.0.0:8420,[::]:8420`, `HEARTH_ENGINES_SPEECH_KEEP_WARM=true`). Sizes are written like `64 MiB`
or `200 MB`, durations like `250ms`, `30s`, `5min` or `2h`. Aliases and tags of YAML are not used.

)";

constexpr std::string_view kSampleHead =
    R"(# Hearth's settings. Everything here is optional; what is commented out shows the default.
# `hearth config check` looks for mistakes. Restart the daemon for a change to take effect.
)";

}  // namespace

std::string reference_markdown() {
  std::string out(kMarkdownHead);
  std::string_view section;
  for (const Key& key : keys()) {
    if (key.section() != section) {
      if (!section.empty()) out += "\n";
      section = key.section();
      out += fmt::format("## {}\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", section,
                         about(section));
    }
    out += fmt::format("| `{}` | {} | `{}` | {} |\n", key.path, key.type, key.fallback, key.meaning);
  }
  return out;
}

std::string sample_yaml() {
  std::string out(kSampleHead);
  std::string_view section;
  bool in_pattern = false;
  for (const Key& key : keys()) {
    const bool section_changed = key.section() != section;
    if (section_changed) {
      section = key.section();
      out += fmt::format("\n{}{}:\n", comment(about(section), ""), section);
    }
    if (section_changed) in_pattern = false;
    if (const NamedSection* named = find_named_section(section); key.is_pattern() && !in_pattern && named != nullptr)
      out += fmt::format("{}  #{}:\n", comment(named->hint, "  "), named->example);
    in_pattern = key.is_pattern();
    const std::string_view indent = in_pattern ? "    " : "  ";
    out += comment(fmt::format("{} ({})", key.meaning, key.type), indent);
    if (in_pattern) {
      out += fmt::format("{}#{}:  # default: {}\n", indent, key.leaf(), key.fallback);
    } else {
      out += fmt::format("{}#{}: {}\n", indent, key.leaf(), key.fallback);
    }
  }
  return out;
}

}  // namespace hearth::config
