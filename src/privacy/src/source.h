// What the detectors share while one text is scanned, and what they return.
#pragma once

#include "src/context.h"

#include <hearth/privacy/finding.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace hearth::privacy {

struct Source {
  Source(std::string_view t, std::string_view k) : text(t), key(k), context(t, k) {}
  std::string_view text;  // folded
  std::string_view key;   // the name of the field that the text stands in; may be empty
  Context context;
  std::size_t taken = 0;  // what lies before belongs to findings already
  std::size_t work = 0;
};

struct Hit {
  std::size_t begin = 0;
  std::size_t end = 0;
  Kind kind = Kind::email;
  Evidence evidence = Evidence::shape;
  std::string_view what;
};

}  // namespace hearth::privacy
