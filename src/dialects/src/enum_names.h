// Enums and their names on the wire. Private to this room.
#pragma once

#include <hearth/dialects/api_error.h>

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::dialects {

template <typename Enum, std::size_t N>
using EnumNames = std::array<std::pair<std::string_view, Enum>, N>;

// invalid_value that lists what is allowed.
template <typename Enum, std::size_t N>
Decoded<Enum> parse_enum(const EnumNames<Enum, N>& names, std::string_view text, std::string_view param) {
  std::string allowed;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    allowed += allowed.empty() ? "" : ", ";
    allowed += name;
  }
  return reject(ApiCode::invalid_value, fmt::format("`{}` must be one of {}.", param, allowed), std::string(param));
}

template <typename Enum, std::size_t N>
constexpr std::string_view enum_name(const EnumNames<Enum, N>& names, Enum value) noexcept {
  for (const auto& [name, candidate] : names) {
    if (candidate == value) return name;
  }
  return {};
}

}  // namespace hearth::dialects
