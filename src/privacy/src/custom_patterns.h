// The operator's own expressions, matched by RE2: linear in the text, and no more memory than it is given.
#pragma once

#include "src/source.h"

#include <hearth/core/error.h>
#include <hearth/privacy/detectors.h>

#include <re2/re2.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace hearth::privacy {

class CustomPatterns {
 public:
  static Result<std::shared_ptr<const CustomPatterns>> create(std::span<const Pattern> patterns);
  // Calls `found(begin, end, pattern)` for each match, pattern by pattern.
  void each_match(std::string_view text,
                  const std::function<void(std::size_t, std::size_t, const Pattern&)>& found) const;

 private:
  struct Compiled {
    Pattern pattern;
    std::unique_ptr<const re2::RE2> regex;
  };
  std::vector<Compiled> compiled_;
};

}  // namespace hearth::privacy
