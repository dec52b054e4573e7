// A chat request on its way to a provider with fewer tokens that say the same (docs/trimming.md).
//
// Pure. What becomes of a message depends on the messages before it, on itself and on the settings, and on nothing
// else: with the settings that a conversation began with, a longer one begins with the bytes that a shorter one had, so
// what a provider keeps of it is found again. Time and memory are linear in the body.
#pragma once

#include <hearth/trim/steps.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

enum class Dialect { openai, anthropic };

// What must stay the same while a conversation lasts.
struct Settings {
  Steps steps = Steps::all();
  std::size_t smallest = 512;  // bytes: shorter texts stay
  Dialect dialect = Dialect::openai;
  bool prune_tools = false;  // the conversation began with tools left out
};

struct StepReport {
  std::uint64_t times = 0;  // texts that it changed
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
  std::uint64_t tokens_before = 0;  // estimated
  std::uint64_t tokens_after = 0;
  std::chrono::nanoseconds took{0};  // of a processor
  [[nodiscard]] std::uint64_t saved() const noexcept {
    return tokens_before > tokens_after ? tokens_before - tokens_after : 0;
  }
};

struct Trimmed {
  std::optional<std::string> body;         // nullopt: it stays as it is
  std::array<StepReport, kSteps> steps{};  // by Step
  std::uint64_t bytes_saved = 0;           // of the body
  std::uint64_t tokens_saved = 0;          // estimated; of texts and tools
  std::vector<std::size_t> messages{};     // a hash over all messages up to each, as they came; of this process
  bool pruned_tools = false;
  [[nodiscard]] const StepReport& of(Step step) const { return steps[static_cast<std::size_t>(step)]; }
};

// Whether there can be anything to leave out: a tool has spoken or is offered, or a text begins as JSON. Quick.
[[nodiscard]] bool may_trim(std::string_view body) noexcept;

// `body`: a request that was found to be well-formed, in OpenAI's dialect (chat completions) or in Anthropic's
// (messages). What cannot be read stays as it is. Spare capacity of 64 bytes saves a copy.
Trimmed trim(std::string body, const Settings& settings);

}  // namespace hearth::trim
