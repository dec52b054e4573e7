#include "src/keys.h"
#include "src/values.h"
#include "src/yaml.h"

#include <hearth/config/config.h>
#include <hearth/core/file.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <map>

namespace hearth::config {
namespace {

// One error for all mistakes, a line each: who fixes the file wants to see them together.
class Mistakes {
 public:
  void add(std::string_view where, std::string_view what) {
    if (++count_ <= kShown) lines_.push_back(fmt::format("{}: {}", where, what));
  }
  [[nodiscard]] Result<void> result() const {
    if (count_ == 0) return {};
    std::string text = fmt::format("{}", fmt::join(lines_, "\n"));
    if (count_ > kShown) text += fmt::format("\n… and {} more mistakes", count_ - kShown);
    return fail(Errc::invalid_argument, std::move(text));
  }

 private:
  static constexpr std::size_t kShown = 10;
  std::size_t count_ = 0;
  std::vector<std::string> lines_;
};

// Lays values over the defaults and remembers where each came from.
class Loader {
 public:
  explicit Loader(Config& config) : config_(config) {}

  void read_file(const Yaml& root, std::string_view origin) {
    origin_ = origin;
    if (root.kind == Yaml::Kind::null) return;
    if (root.kind != Yaml::Kind::map)
      return mistakes_.add(at(root.line), "the file must consist of sections like 'server:' with keys under them");
    for (const Yaml::Entry& entry : root.entries) read_section(entry);
  }
  void read_environment();
  Result<void> finish();

 private:
  [[nodiscard]] std::string at(int line) const { return fmt::format("{}:{}", origin_, line); }

  void unknown(int line, std::string_view path) {
    mistakes_.add(at(line), fmt::format("unknown key '{}'; the nearest known key is '{}'", path.substr(0, 80),
                                        nearest_key(path)));
  }

  void read_section(const Yaml::Entry& section) {
    const bool known = std::ranges::any_of(keys(), [&](const Key& key) { return key.section() == section.key; });
    if (!known) return unknown(section.line, section.key);
    if (section.value.kind == Yaml::Kind::null) return;  // all its keys are commented out
    if (section.value.kind != Yaml::Kind::map)
      return mistakes_.add(at(section.line),
                           fmt::format("'{}' is a section: put its keys under it, indented", section.key));
    for (const Yaml::Entry& entry : section.value.entries) read_key(section.key, entry);
  }

  void read_key(std::string_view section, const Yaml::Entry& entry) {
    const std::string path = fmt::format("{}.{}", section, entry.key);
    const auto found = std::ranges::find(keys(), path, &Key::path);
    if (found != keys().end()) return read_value(*found, "", entry);
    if (const NamedSection* named = find_named_section(section);
        named != nullptr && (entry.value.kind == Yaml::Kind::map || is_near_no_key(*named, entry)))
      return read_named(*named, entry);
    unknown(entry.line, path);
  }

  // "engines.embed:" with all keys commented out is an empty entry; "engines.sandbx: off" is a misspelled key.
  static bool is_near_no_key(const NamedSection& named, const Yaml::Entry& entry) {
    return entry.value.kind == Yaml::Kind::null && named.is_name(entry.key);
  }

  void read_named(const NamedSection& named, const Yaml::Entry& item) {
    if (!named.is_name(item.key))
      return mistakes_.add(at(item.line), fmt::format("'{}' is not {}", item.key.substr(0, 80), named.what));
    named.add(config_, item.key);
    for (const Yaml::Entry& entry : item.value.entries) {
      const std::string pattern = fmt::format("{}.NAME.{}", named.section, entry.key);
      const auto found = std::ranges::find(keys(), pattern, &Key::path);
      if (found == keys().end()) {
        mistakes_.add(at(entry.line),
                      fmt::format("unknown key '{}.{}.{}'; the nearest known key is '{}'", named.section, item.key,
                                  entry.key.substr(0, 80), nearest_named_key(pattern, item.key)));
      } else {
        read_value(*found, item.key, entry);
      }
    }
  }

  static std::string nearest_named_key(std::string_view pattern, std::string_view name) {
    const std::string nearest = nearest_key(pattern);
    const auto found = std::ranges::find(keys(), nearest, &Key::path);
    return found == keys().end() ? nearest : found->path_for(name);
  }

  void read_value(const Key& key, std::string_view name, const Yaml::Entry& entry) {
    const Yaml& value = entry.value;
    const std::string path = key.path_for(name);
    const auto wrong = [&](std::string_view what) {
      mistakes_.add(at(entry.line), fmt::format("{} {} (expected: {})", path, what, key.type));
    };
    if (value.kind == Yaml::Kind::null) return wrong("has no value; give it one or remove the line");
    if (value.kind == Yaml::Kind::map) return wrong("has keys under it, but takes a value");
    Items items;
    if (value.kind == Yaml::Kind::scalar) {
      items.push_back(value.text);  // for a list: one entry, as people write it
    } else {
      if (key.shape == Shape::scalar) return wrong("is a list, but takes one value");
      for (const Yaml& item : value.items) {
        if (item.kind != Yaml::Kind::scalar) return wrong("has an entry that is not a plain value");
        items.push_back(item.text);
      }
    }
    assign(key, name, items, at(entry.line));
  }

  void assign(const Key& key, std::string_view name, const Items& items, const std::string& where) {
    const auto done = key.assign(config_, name, items);
    if (done) {
      sources_[key.path_for(name)] = where;
    } else {
      mistakes_.add(where, fmt::format("{}: {} (expected: {})", key.path_for(name), done.error().message(), key.type));
    }
  }

  void read_variable(std::string_view variable, std::string_view value);
  void check_sizes();
  void check_providers();
  void check_patterns();
  void check_declassify();
  void check_rule(const std::string& name, const Declassify& rule);

  Config& config_;
  std::string origin_;
  Mistakes mistakes_;
  std::map<std::string, std::string, std::less<>> sources_;  // path -> where it was set
};

Items split_list(std::string_view text) {
  Items items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

// HEARTH_ENGINES_SPEECH_KEEP_WARM: which entry, if the key is this one? Empty: it is not.
std::string name_in(std::string_view variable, const Key& key) {
  const std::string before = variable_of(key.section()) + "_";
  const std::string after = variable_of(key.leaf()).substr(std::string_view("HEARTH").size());
  if (variable.size() <= before.size() + after.size() || !variable.starts_with(before) || !variable.ends_with(after))
    return {};
  std::string name(variable.substr(before.size(), variable.size() - before.size() - after.size()));
  for (char& c : name) {
    if (c == '_')
      c = '-';
    else if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  }
  const NamedSection* named = find_named_section(key.section());
  return named != nullptr && named->is_name(name) ? name : std::string();
}

void Loader::read_variable(std::string_view variable, std::string_view value) {
  const auto take = [&](const Key& key, std::string_view name) {
    assign(key, name, key.shape == Shape::list ? split_list(value) : Items{std::string(value)}, std::string(variable));
  };
  for (const Key& key : keys())
    if (!key.is_pattern() && variable_of(key.path) == variable) return take(key, "");
  const Key* best = nullptr;  // "…_KEEP_WARM" could also be the engine "x-keep" and a key "warm": the longest key wins
  for (const Key& key : keys()) {
    if (!key.is_pattern() || name_in(variable, key).empty()) continue;
    if (best == nullptr || key.leaf().size() > best->leaf().size()) best = &key;
  }
  if (best != nullptr) return take(*best, name_in(variable, *best));
  std::string path;
  for (const char c : variable.substr(std::string_view("HEARTH_").size()))
    path.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  path[path.find('_')] = '.';
  mistakes_.add(variable, fmt::format("this environment variable sets no known key; the nearest is {}",
                                      variable_of(nearest_key(path))));
}

void Loader::read_environment() {
  std::map<std::string, std::string> ours;  // sorted: the same mistakes in the same order every time
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair = *entry;
    const std::string_view name = pair.substr(0, pair.find('='));
    const bool in_a_section =
        std::ranges::any_of(keys(), [&](const Key& key) { return name.starts_with(variable_of(key.section()) + "_"); });
    if (in_a_section && name.size() < pair.size()) ours.emplace(name, pair.substr(name.size() + 1));
  }
  for (const auto& [name, value] : ours) read_variable(name, value);
}

void Loader::check_sizes() {
  const auto no_more_than = [&](std::string_view small, std::uint64_t a, std::string_view large, std::uint64_t b) {
    if (a <= b) return;
    const auto source = sources_.contains(small) ? sources_.find(small) : sources_.find(large);
    mistakes_.add(source == sources_.end() ? "configuration" : source->second,
                  fmt::format("{} ({}) must not be more than {} ({})", small, write_size(a), large, write_size(b)));
  };
  const Limits& l = config_.limits;
  no_more_than("limits.upload", l.upload, "limits.spool", l.spool);
}

// Where data may go is never a default.
void Loader::check_providers() {
  for (const auto& [name, provider] : config_.providers) {
    const std::string where = fmt::format("providers.{}", name);
    if (provider.url.empty()) mistakes_.add(where, "url must say where it is, like https://api.openai.com/v1");
    if (!provider.sees)
      mistakes_.add(where,
                    "sees must say the highest class of data that may go there: public, internal, personal or "
                    "secret");
    if (provider.responses && provider.speaks != Speaks::openai)
      mistakes_.add(where, "responses is for who speaks openai: the Responses API is OpenAI's");
    if (provider.models.empty() && provider.embedding_models.empty())
      mistakes_.add(where, "models must list at least one model that it has");
  }
}

void Loader::check_patterns() {
  for (const auto& [name, pattern] : config_.patterns)
    if (pattern.regex.empty()) mistakes_.add(fmt::format("patterns.{}", name), "regex must say what is to be found");
}

// A rule that could not mean what was meant is no rule.
void Loader::check_rule(const std::string& name, const Declassify& rule) {
  const std::string where = fmt::format("declassify.{}", name);
  if (rule.keys.empty()) mistakes_.add(where, "keys must name at least one API key, whose calls it is for");
  if (!rule.to) mistakes_.add(where, "to must say the class that the call then is of: public, internal or personal");
  if (rule.to == DataClass::secret) mistakes_.add(where, "to: secret lowers nothing, for there is no higher class");
  for (const std::string& agent : rule.agents)
    if (!config_.agents.contains(agent))
      mistakes_.add(where, fmt::format("there is no agent '{}' under `agents:`", agent));
  for (const std::string& found : rule.found) {
    const bool kind = is_found_kind(found);
    const bool pattern = config_.patterns.contains(found);
    if (kind && pattern)
      mistakes_.add(where,
                    fmt::format("'{}' is both a kind and a pattern of yours: name the pattern otherwise", found));
    if (!kind && !pattern)
      mistakes_.add(where, fmt::format("found: '{}' is no pattern under `patterns:` and none of {}", found,
                                       fmt::join(kFoundKinds, ", ")));
  }
}

void Loader::check_declassify() {
  for (const auto& [name, rule] : config_.declassify) check_rule(name, rule);
}

Result<void> Loader::finish() {
  check_sizes();
  check_providers();
  check_patterns();
  check_declassify();
  return mistakes_.result();
}

}  // namespace

Result<Config> load(const Paths& paths) {
  Config config;
  Loader loader(config);
  auto text = read_file(paths.config_file, kMaxFile);
  if (text) {
    HEARTH_TRY_ASSIGN(const Yaml root, read_yaml(*text, paths.config_file.string()));
    loader.read_file(root, paths.config_file.string());
    config.file_was_read = true;
  } else if (!text.error().is(Errc::not_found)) {
    return fail(text.error().wrap("the configuration cannot be read"));
  }
  loader.read_environment();
  HEARTH_TRY(loader.finish());
  config.paths = paths;
  return config;
}

Result<Config> parse(std::string_view yaml, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const Yaml root, read_yaml(yaml, origin));
  Config config;
  Loader loader(config);
  loader.read_file(root, origin);
  HEARTH_TRY(loader.finish());
  config.file_was_read = true;
  return config;
}

std::vector<KeyDoc> documentation() {
  std::vector<KeyDoc> docs;
  for (const Key& key : keys()) docs.push_back({key.path, key.type, key.fallback, key.meaning});
  return docs;
}

std::string render(const Config& config) {
  std::string out;
  std::string_view section;
  for (const Key& key : keys()) {
    if (!key.is_pattern()) out += fmt::format("{}: {}\n", key.path, key.show(config, ""));
    if (!key.is_pattern() || key.section() == section) continue;
    section = key.section();  // its own keys come first
    const NamedSection* named = find_named_section(section);
    if (named == nullptr) continue;
    for (const std::string& name : named->names(config)) {
      for (const Key& pattern : keys()) {
        if (!pattern.is_pattern() || pattern.section() != section) continue;
        const std::string value = pattern.show(config, name);
        if (!value.empty()) out += fmt::format("{}: {}\n", pattern.path_for(name), value);
      }
    }
  }
  return out;
}

}  // namespace hearth::config
