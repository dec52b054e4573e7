// A YAML document as plain values with their lines. Bounded: no aliases, no tags, little depth, one document.
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::config {

constexpr std::size_t kMaxFile = 1ULL << 20U;

struct Yaml {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  int line = 0;                // from 1
  std::string text;            // of a scalar, as written, without quotes
  std::vector<Yaml> items;     // of a list
  std::vector<Entry> entries;  // of a map, in order; no key twice
};

struct Yaml::Entry {
  std::string key;
  int line = 0;
  Yaml value;
};

// invalid_argument ("ORIGIN:LINE: what is wrong"), too_large. An empty document is a null.
Result<Yaml> read_yaml(std::string_view text, std::string_view origin);

}  // namespace hearth::config
