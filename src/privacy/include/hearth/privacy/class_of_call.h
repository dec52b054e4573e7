// How confidential a call is: as confidential as the most confidential of what it is made of. Pure.
#pragma once

#include <hearth/core/data_class.h>

#include <optional>
#include <span>

namespace hearth::privacy {

// What says something about a call's data. The key always does; the others where they are.
struct ClassSources {
  DataClass key = kUnknownClass;                     // of the key, or of callers without one
  std::optional<DataClass> header;                   // x-hearth-data-class: raises, never lowers
  std::optional<DataClass> agent;                    // of the agent on whose behalf it is
  std::optional<DataClass> detected;                 // nullopt: the text was not looked at, so it may be anything
  std::span<const std::optional<DataClass>> inputs;  // files, results of earlier steps, …; nullopt: unknown
};

// Whatever is added to the sources, the class is never lower than before.
constexpr DataClass class_of_call(const ClassSources& sources) noexcept {
  DataClass highest = join(sources.key, sources.detected.value_or(kUnknownClass));
  if (sources.header) highest = join(highest, *sources.header);
  if (sources.agent) highest = join(highest, *sources.agent);
  for (const std::optional<DataClass>& input : sources.inputs) highest = join(highest, input.value_or(kUnknownClass));
  return highest;
}

}  // namespace hearth::privacy
