// SHA-256, by OpenSSL, which uses the processor's own instructions for it. Any thread.
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

namespace hearth {

using Sha256 = std::array<unsigned char, 32>;

// Of the parts, one after the other.
Sha256 sha256(std::initializer_list<std::string_view> parts);

inline std::string_view view(const Sha256& hash) noexcept {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace hearth
