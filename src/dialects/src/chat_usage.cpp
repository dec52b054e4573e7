#include "src/chat_usage.h"

#include <algorithm>
#include <array>

namespace hearth::dialects {
namespace {

Decoded<void> read_count(json::Value& value, std::uint64_t& to) {
  constexpr double kMost = 1e12;
  if (value.kind() != json::Kind::number) return value.check();
  HEARTH_TRY_ASSIGN(const double number, value.number());
  to = number >= 0 && number <= kMost ? static_cast<std::uint64_t>(number) : 0;
  return {};
}

Decoded<void> read_details(json::Value& value, Usage& usage) {
  static constexpr std::array<std::string_view, 3> kNames{"cached_tokens", "cache_write_tokens", "reasoning_tokens"};
  if (value.kind() != json::Kind::object) return value.check();
  HEARTH_TRY(value.each_field(kNames, [&usage](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "cached_tokens") return read_count(field, usage.cached_tokens);
    return read_count(field, name == "reasoning_tokens" ? usage.reasoning_tokens : usage.cache_write_tokens);
  }));
  return {};
}

// By the names of the whole input and output, and of what says more of each.
using Names = std::array<std::string_view, 4>;

Decoded<void> read_usage(json::Value& value, Usage& usage, const Names& names) {
  HEARTH_TRY(value.each_field(names, [&](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == names[0]) return read_count(field, usage.input_tokens);
    if (name == names[1]) return read_count(field, usage.output_tokens);
    return read_details(field, usage);
  }));
  // Parts of a whole, whatever the upstream's arithmetic.
  usage.cached_tokens = std::min(usage.cached_tokens, usage.input_tokens);
  usage.cache_write_tokens = std::min(usage.cache_write_tokens, usage.input_tokens - usage.cached_tokens);
  usage.reasoning_tokens = std::min(usage.reasoning_tokens, usage.output_tokens);
  return {};
}

}  // namespace

Decoded<void> read_chat_usage(json::Value& value, Usage& usage) {
  static constexpr Names kNames{"prompt_tokens", "completion_tokens", "prompt_tokens_details",
                                "completion_tokens_details"};
  return read_usage(value, usage, kNames);
}

Decoded<void> read_response_usage(json::Value& value, Usage& usage) {
  static constexpr Names kNames{"input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"};
  return read_usage(value, usage, kNames);
}

Decoded<void> read_timings(json::Value& value, Usage& usage) {
  static constexpr std::array<std::string_view, 3> kNames{"cache_n", "prompt_n", "predicted_n"};
  if (value.kind() != json::Kind::object) return value.check();
  HEARTH_TRY(value.each_field(kNames, [&usage](std::string_view name, json::Value field) -> Decoded<void> {
    std::uint64_t count = 0;
    HEARTH_TRY(read_count(field, count));
    (name == "predicted_n" ? usage.output_tokens : usage.input_tokens) += count;
    if (name == "cache_n") usage.cached_tokens = count;
    return {};
  }));
  return {};
}

void write_chat_usage(json::Writer& w, const Usage& usage) {
  w.begin_object();
  w.key("prompt_tokens").number(usage.input_tokens);
  w.key("completion_tokens").number(usage.output_tokens);
  w.key("total_tokens").number(usage.input_tokens + usage.output_tokens);
  w.key("prompt_tokens_details").begin_object();
  w.key("cached_tokens").number(usage.cached_tokens);
  w.key("cache_write_tokens").number(usage.cache_write_tokens);
  w.end_object();
  w.key("completion_tokens_details").begin_object();
  w.key("reasoning_tokens").number(usage.reasoning_tokens);
  w.end_object();
  w.end_object();
}

}  // namespace hearth::dialects
