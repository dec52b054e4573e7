// Which bytes a text may have: a look into a table for each of them costs a third of comparisons. Any thread.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace hearth {

class ByteSet {
 public:
  // Those that `has(char)` is true of.
  template <std::predicate<char> Predicate>
  constexpr explicit ByteSet(Predicate has) {
    for (std::size_t i = 0; i < has_.size(); ++i) has_[i] = has(static_cast<char>(i));
  }
  constexpr explicit ByteSet(std::string_view members) {
    for (const char c : members) has_[static_cast<unsigned char>(c)] = true;
  }

  [[nodiscard]] constexpr bool contains(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }
  // Each byte of `text`? Looks at all of them, for it nearly always is so.
  [[nodiscard]] constexpr bool contains_all(std::string_view text) const noexcept {
    bool all = true;
    for (const char c : text) all &= contains(c);
    return all;
  }

 private:
  std::array<bool, 256> has_{};
};

}  // namespace hearth
