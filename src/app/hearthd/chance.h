// Randomness for pauses: who failed together does not come back together.
#pragma once

#include <random>

namespace hearth::daemon {

// From 0 to 1. Any thread.
inline double chance() {
  thread_local std::mt19937 engine{std::random_device()()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

}  // namespace hearth::daemon
