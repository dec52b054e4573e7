// The table of keys: the one place that knows what hearth.yaml may say. The loader, the environment's overrides, the
// documentation and `hearth config show` all walk it.
#pragma once

#include <hearth/config/config.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::config {

enum class Shape { scalar, list };
using Items = std::vector<std::string>;  // one item for a scalar

struct Key {
  std::string path;  // "limits.upload"; "engines.NAME.threads" for a pattern
  Shape shape = Shape::scalar;
  std::string type;
  std::string fallback;  // as written in docs; of the defaults
  std::string meaning;
  // `name`: what stands for NAME in a pattern. invalid_argument says what is expected, not where.
  std::function<Result<void>(Config&, std::string_view name, const Items&)> assign;
  // As one would write it; empty: not set (and what then holds is in `fallback`).
  std::function<std::string(const Config&, std::string_view name)> show;

  [[nodiscard]] bool is_pattern() const { return path.find(".NAME.") != std::string::npos; }
  [[nodiscard]] std::string_view section() const { return std::string_view(path).substr(0, path.find('.')); }
  [[nodiscard]] std::string_view leaf() const { return std::string_view(path).substr(path.rfind('.') + 1); }
  // The path with NAME replaced.
  [[nodiscard]] std::string path_for(std::string_view name) const;
};

// A section with entries that people name themselves: what stands for NAME in its patterns.
struct NamedSection {
  std::string_view section;
  std::string_view what;     // "an engine's name (lower-case letters, digits and '-')", for errors
  std::string_view example;  // a name, for the sample file
  std::string_view hint;     // above it there
  bool (*is_name)(std::string_view);
  void (*add)(Config&, const std::string& name);  // an entry without keys is one, too
  std::vector<std::string> (*names)(const Config&);
};

// In the order of the documentation: sections together.
std::span<const Key> keys();
std::span<const NamedSection> named_sections();
// nullptr: its keys are fixed.
const NamedSection* find_named_section(std::string_view section);
// The known key (or section) that is least edits away from `path`.
std::string nearest_key(std::string_view path);
// The environment variable that overrides a key: "HEARTH_SERVER_LISTEN"; NAME stays for a pattern.
std::string variable_of(std::string_view path);

}  // namespace hearth::config
