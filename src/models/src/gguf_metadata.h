// GGUF's key-value pairs, read within bounds: what describes a model is kept, long lists (vocabularies) are only
// counted.
#pragma once

#include "byte_reader.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

struct GgufValue {
  std::optional<std::uint64_t> whole;  // an integer or a bool; a negative one is kept as 0
  std::string text;                    // at most kKeptText bytes
  std::uint64_t count = 0;             // of a list
  std::vector<std::uint32_t> numbers;  // of a list of integers or bools of at most kKeptNumbers
  std::vector<std::string> texts;      // of a list of at most kKeptTexts texts, their first kKeptListText bytes
  bool mentions_tools = false;         // a text that names the variable `tools`, as chat templates do
};

class GgufMetadata {
 public:
  static constexpr std::uint64_t kMaxKeys = 4096;
  static constexpr std::uint64_t kMaxKey = 1024;
  static constexpr std::uint64_t kKeptText = 256;
  static constexpr std::uint64_t kKeptNumbers = 1024;
  static constexpr std::uint64_t kKeptTexts = 64;
  static constexpr std::uint64_t kKeptListText = 64;  // bytes of each

  // Reads `count` pairs. After a failure of `reader` the result means nothing.
  static GgufMetadata read(ByteReader& reader, std::uint64_t count);

  [[nodiscard]] const GgufValue* find(std::string_view key) const;
  // A whole number that fits 32 bits, else 0.
  [[nodiscard]] std::uint32_t number(std::string_view key) const;
  // The same, the largest where it is a list.
  [[nodiscard]] std::uint32_t largest(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const;
  [[nodiscard]] bool any_with_prefix(std::string_view prefix) const;

 private:
  std::map<std::string, GgufValue, std::less<>> values_;
};

}  // namespace hearth::models
