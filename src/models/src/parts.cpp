#include "parts.h"

#include <fmt/format.h>

#include <optional>

namespace hearth::models {
namespace {

constexpr std::string_view kEnding = ".gguf";
constexpr std::size_t kTail = 15;  // "-00001-of-00003"
constexpr int kMostParts = 1000;   // more is no model, but a lie

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Split split_of(std::string_view path) {
  std::string_view stem = path;
  if (stem.ends_with(kEnding)) stem.remove_suffix(kEnding.size());
  const std::string_view tail = stem.size() > kTail ? stem.substr(stem.size() - kTail) : std::string_view();
  if (tail.empty() || tail.front() != '-' || tail.substr(6, 4) != "-of-") return {std::string(stem), 1, 1};
  const auto index = number(tail.substr(1, 5));
  const auto count = number(tail.substr(10, 5));
  if (!index || !count || *index < 1 || *index > *count || *count > kMostParts) return {std::string(stem), 1, 1};
  return {std::string(stem.substr(0, stem.size() - kTail)), *index, *count};
}

std::vector<std::string> names_of_parts(std::string_view name) {
  const Split split = split_of(name);
  std::vector<std::string> names;
  if (split.count < 2 || !name.ends_with(kEnding)) return names;
  for (int i = 1; i <= split.count; ++i)
    names.push_back(fmt::format("{}-{:05}-of-{:05}{}", split.stem, i, split.count, kEnding));
  return names;
}

}  // namespace hearth::models
