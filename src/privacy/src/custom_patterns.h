// The operator's own expressions, matched by RE2: linear in the text, and no more memory than it is given.
#pragma once

#include "src/source.h"

#include <hearth/core/error.h>
#include <hearth/privacy/detectors.h>

#include <re2/re2.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hearth::privacy {

class CustomPatterns {
 public:
  static Result<std::shared_ptr<const CustomPatterns>> create(std::span<const Pattern> patterns);
  // `place`: of the pattern in the list that they were made of.
  using OnMatch = std::function<void(std::size_t begin, std::size_t end, std::size_t place, const Pattern& pattern)>;
  // Calls `found` for each match, pattern by pattern.
  void each_match(std::string_view text, const OnMatch& found) const;
  [[nodiscard]] std::optional<std::size_t> place_of(std::string_view name) const;

 private:
  struct Compiled {
    Pattern pattern;
    std::unique_ptr<const re2::RE2> regex;
  };
  std::vector<Compiled> compiled_;
};

}  // namespace hearth::privacy
