// Fails a fuzz target: assert() is empty in some builds.
#pragma once

#include <cstdlib>

inline void check(bool holds) {
  if (!holds) std::abort();
}
