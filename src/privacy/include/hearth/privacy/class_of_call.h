// How confidential a call is: as confidential as the most confidential of what it is made of. Pure.
#pragma once

#include <hearth/core/data_class.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace hearth::privacy {

struct ClassSources {
  // What people said of it, where they did.
  std::optional<DataClass> key = std::nullopt;
  std::optional<DataClass> header = std::nullopt;
  std::optional<DataClass> agent = std::nullopt;  // on whose behalf it is
  DataClass unsaid = kUnknownClass;               // where none of these said anything
  // What it holds. nullopt: nobody looked, so it may be anything.
  std::optional<DataClass> detected = std::nullopt;
  std::span<const std::optional<DataClass>> inputs = {};  // files, results of earlier steps, …; nullopt: unknown
};

// The highest that people said of it; public where nobody said anything.
constexpr DataClass class_said(const ClassSources& sources) noexcept {
  DataClass highest = DataClass::open;
  for (const auto& word : {sources.key, sources.header, sources.agent}) highest = join(highest, word.value_or(highest));
  return highest;
}

// Content never lowers what people said, nor does one person what another said: whatever is found or added as an input,
// and whoever says something besides, the class is not lower than before.
constexpr DataClass class_of_call(const ClassSources& sources) noexcept {
  const bool said = sources.key || sources.header || sources.agent;
  DataClass highest = said ? class_said(sources) : sources.unsaid;
  highest = join(highest, sources.detected.value_or(kUnknownClass));
  for (const std::optional<DataClass>& input : sources.inputs) highest = join(highest, input.value_or(kUnknownClass));
  return highest;
}

using Classes = std::array<bool, kDataClasses.size()>;  // by class

// What a call's data are of once everything found in them has a placeholder that may have one: `others` is the class of
// all but what was found.
constexpr DataClass class_if_redacted(DataClass others, const Classes& found, const Classes& may_redact) noexcept {
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] && !may_redact[i]) others = join(others, static_cast<DataClass>(i));
  return others;
}

}  // namespace hearth::privacy
