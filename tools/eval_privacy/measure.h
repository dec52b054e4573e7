// How well the detectors do on texts of which it is known what is in them.
#pragma once

#include <hearth/privacy/detectors.h>

#include <labelled_texts.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace hearth::eval {

struct Counts {
  std::size_t labels = 0;
  std::size_t found = 0;  // labels that a finding of their kind covers
  std::size_t findings = 0;
  std::size_t right = 0;  // findings that touch a label of their kind
  [[nodiscard]] double recall() const {
    return labels == 0 ? 1 : static_cast<double>(found) / static_cast<double>(labels);
  }
  [[nodiscard]] double precision() const {
    return findings == 0 ? 1 : static_cast<double>(right) / static_cast<double>(findings);
  }
};
using ByKind = std::array<Counts, privacy::kKinds>;

// `missed`: called with each label that was not found, and each finding that touches no label.
using Missed =
    std::function<void(std::string_view what, std::string_view kind, std::string_view piece, std::string_view text)>;
ByKind measure(const privacy::Detectors& detectors, const std::vector<labelled::LabelledText>& texts,
               const Missed& missed = {});

struct FalseAlarms {
  std::size_t bytes = 0;
  std::array<std::size_t, privacy::kKinds> findings{};
  [[nodiscard]] std::size_t all() const;
  [[nodiscard]] double per_megabyte() const {
    return bytes == 0 ? 0 : 1e6 * static_cast<double>(all()) / static_cast<double>(bytes);
  }
};
// Of texts that hold nothing.
void count_false_alarms(const privacy::Detectors& detectors, std::string_view text, FalseAlarms& alarms,
                        const Missed& missed = {});

}  // namespace hearth::eval
