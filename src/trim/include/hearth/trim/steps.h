// The steps that trimming has, by name; and sets of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

enum class Step : std::uint8_t { blobs, whitespace, json, markup, logs, duplicates, tools };
inline constexpr std::size_t kSteps = 7;
inline constexpr std::array<Step, kSteps> kAllSteps{Step::blobs, Step::whitespace, Step::json, Step::markup,
                                                    Step::logs,  Step::duplicates, Step::tools};

// As hearth.yaml, metrics and documents call it: "json", "duplicates", …
std::string_view to_string(Step step) noexcept;
std::optional<Step> find_step(std::string_view name) noexcept;

class Steps {
 public:
  constexpr Steps() = default;
  static constexpr Steps all() noexcept { return Steps((1U << kSteps) - 1); }

  [[nodiscard]] constexpr bool has(Step step) const noexcept { return (bits_ & bit(step)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr Steps& add(Step step) noexcept {
    bits_ |= bit(step);
    return *this;
  }
  constexpr Steps& remove(Step step) noexcept {
    bits_ &= ~bit(step);
    return *this;
  }
  // "json, logs"
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Steps&, const Steps&) = default;

 private:
  constexpr explicit Steps(unsigned bits) : bits_(bits) {}
  static constexpr unsigned bit(Step step) noexcept { return 1U << static_cast<unsigned>(step); }
  unsigned bits_ = 0;
};

}  // namespace hearth::trim
