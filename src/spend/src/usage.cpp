#include <hearth/spend/usage.h>

#include <algorithm>

namespace hearth::spend {
namespace {

std::uint64_t cut(std::uint64_t tokens) {
  return std::min(tokens, kMaxTokens);
}

// a * b, cut to kMaxTokens.
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > kMaxTokens / b ? kMaxTokens : cut(a * b);
}

}  // namespace

Usage from_openai(std::uint64_t prompt, std::uint64_t completion, std::uint64_t cached, std::uint64_t cache_write) {
  Usage usage;
  usage.cached = std::min(cut(cached), cut(prompt));
  usage.cache_write = std::min(cut(cache_write), cut(prompt) - usage.cached);
  usage.input = cut(prompt) - usage.cached - usage.cache_write;
  usage.output = cut(completion);
  return usage;
}

Usage from_anthropic(std::uint64_t input, std::uint64_t output, std::uint64_t cache_read, std::uint64_t cache_creation,
                     std::uint64_t cache_creation_1h) {
  Usage usage;
  usage.input = cut(input);
  usage.cached = cut(cache_read);
  usage.cache_write_long = std::min(cut(cache_creation_1h), cut(cache_creation));
  usage.cache_write = cut(cache_creation) - usage.cache_write_long;
  usage.output = cut(output);
  return usage;
}

Usage worst_case(const CallSize& size) {
  Usage usage;
  usage.input = cut(cut(size.text_bytes) + times(size.images, kImageTokens) + kFrameTokens);
  usage.output = times(std::max<std::uint64_t>(size.choices, 1), size.max_output.value_or(kMostOutput));
  return usage;
}

}  // namespace hearth::spend
