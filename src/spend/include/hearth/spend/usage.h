// The tokens of a call, in one form for all providers: the five counts never overlap.
#pragma once

#include <cstdint>
#include <optional>

namespace hearth::spend {

struct Usage {
  std::uint64_t input = 0;             // at the full price
  std::uint64_t cached = 0;            // read from the provider's prompt cache
  std::uint64_t cache_write = 0;       // written to it, for the provider's usual time
  std::uint64_t cache_write_long = 0;  // written to it for longer (Anthropic: an hour)
  std::uint64_t output = 0;            // reasoning and thinking included: both are billed as output

  [[nodiscard]] std::uint64_t prompt() const noexcept { return input + cached + cache_write + cache_write_long; }
  [[nodiscard]] std::uint64_t tokens() const noexcept { return prompt() + output; }
  friend bool operator==(const Usage&, const Usage&) = default;
};

// No provider counts higher; what claims to is cut to this, so that no sum of a call overflows.
inline constexpr std::uint64_t kMaxTokens = 1'000'000'000'000;

// OpenAI's counts (chat: prompt_tokens, completion_tokens, …_details.cached_tokens and .cache_write_tokens; responses:
// input_tokens, output_tokens). What was read from or written to the cache is part of the prompt, reasoning part of the
// completion.
Usage from_openai(std::uint64_t prompt, std::uint64_t completion, std::uint64_t cached, std::uint64_t cache_write = 0);
// Anthropic's counts, which add up: input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens,
// and of the last cache_creation.ephemeral_1h_input_tokens.
Usage from_anthropic(std::uint64_t input, std::uint64_t output, std::uint64_t cache_read, std::uint64_t cache_creation,
                     std::uint64_t cache_creation_1h = 0);

// What is known of a call before it is made.
struct CallSize {
  std::uint64_t text_bytes = 0;  // of the request's body as sent, without base64 of pictures
  std::uint64_t images = 0;
  std::uint64_t choices = 1;                // OpenAI's `n`
  std::optional<std::uint64_t> max_output;  // the request's limit, else the model's; not known: kMostOutput
};

// No token of a byte-level BPE vocabulary (those of OpenAI, Anthropic, Qwen, Llama 3, DeepSeek) stands for less than a
// byte of the text, and a JSON body has no fewer bytes than the texts in it. What a provider adds to a request (its
// frame around messages and tools) and pictures are bounded by:
inline constexpr std::uint64_t kFrameTokens = 1024;
inline constexpr std::uint64_t kImageTokens = 50'000;  // gpt-4o-mini counts most: 2833 + 8 tiles of 5667
inline constexpr std::uint64_t kMostOutput = 393'216;  // the longest answer that a listed model gives

// More than the call can take: all of its prompt is in `input`.
Usage worst_case(const CallSize& size);

}  // namespace hearth::spend
