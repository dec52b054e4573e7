// How confidential data is, and so where they may go. What is made of several things is as confidential as the most
// confidential of them; only a recorded declassification lowers a class.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace hearth {

// In order: what may see a class may see those before it.
enum class DataClass { open, internal, personal, secret };

// Of what nothing says what it is.
inline constexpr DataClass kUnknownClass = DataClass::personal;

inline constexpr std::array<std::pair<std::string_view, DataClass>, 4> kDataClasses{{{"public", DataClass::open},
                                                                                     {"internal", DataClass::internal},
                                                                                     {"personal", DataClass::personal},
                                                                                     {"secret", DataClass::secret}}};

constexpr std::string_view to_string(DataClass c) noexcept {
  return kDataClasses[static_cast<std::size_t>(c)].first;
}

// As people write it; nullopt: there is no such class.
constexpr std::optional<DataClass> parse_data_class(std::string_view text) noexcept {
  const auto* found = std::ranges::find(kDataClasses, text, &std::pair<std::string_view, DataClass>::first);
  if (found == kDataClasses.end()) return std::nullopt;
  return found->second;
}

constexpr DataClass join(DataClass a, DataClass b) noexcept {
  return std::max(a, b);
}

}  // namespace hearth
