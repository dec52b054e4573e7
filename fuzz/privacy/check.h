#pragma once

#include <cstdlib>

// What must hold for every input.
inline void check(bool holds) {
  if (!holds) std::abort();
}
