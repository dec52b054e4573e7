// A strict reader of YAML that others wrote: bounded before it is parsed, every key must be known and have the right
// type, and errors say where.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::yaml {

// A document, bounded in size, depth and number of values (aliases make a small file a large tree). `origin` is named
// in errors. too_large past `limit` bytes; invalid_argument: not YAML, nested too deeply, too many values.
Result<YAML::Node> load(std::string_view text, std::string_view origin, std::size_t limit);

class Fields {
 public:
  // `node` must be a mapping whose keys are all among `known`, each there once. `where`: "" or "canary", "models[2]".
  static Result<Fields> of(const YAML::Node& node, std::string_view origin, std::string_view where,
                           std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] YAML::Node node(std::string_view key) const;
  // The value as text; nullopt when the key is absent.
  [[nodiscard]] Result<std::optional<std::string>> text(std::string_view key) const;
  [[nodiscard]] Result<std::string> required_text(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view key, std::size_t max) const;
  [[nodiscard]] Result<std::uint64_t> number(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                                             std::uint64_t high) const;
  [[nodiscard]] Result<std::uint64_t> size(std::string_view key, std::uint64_t fallback) const;
  [[nodiscard]] Result<Millis> duration(std::string_view key, Millis fallback) const;
  // An error about one key: "ORIGIN:12: memory: …".
  [[nodiscard]] Error wrong(std::string_view key, std::string_view what) const;

 private:
  Fields(const YAML::Node& node, std::string origin, std::string where)
      : node_(node), origin_(std::move(origin)), where_(std::move(where)) {}
  YAML::Node node_;
  std::string origin_;
  std::string where_;
};

// An error at a node's line.
Error wrong_at(const YAML::Node& node, std::string_view origin, std::string_view where, std::string_view what);

}  // namespace hearth::yaml
