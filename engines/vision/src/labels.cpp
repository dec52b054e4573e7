#include "labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::vision {
namespace {

constexpr std::array<Label, 2> kAll{Label::person, Label::face};
constexpr std::size_t kLongestShown = 40;

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongestShown)) out += c > ' ' && c < 0x7F ? c : '?';
  return out;
}

}  // namespace

Result<std::vector<Label>> parse_labels(std::string_view text) {
  if (text.empty()) return std::vector<Label>(kAll.begin(), kAll.end());
  std::vector<Label> labels;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view name = text.substr(at, end - at);
    at = end + 1;
    const auto* const label = std::ranges::find(kAll, name, name_of);
    if (label == kAll.end())
      return fail(Errc::invalid_argument,
                  fmt::format("unknown label '{}'; this detector knows person and face", shown(name)));
    if (std::ranges::find(labels, *label) == labels.end()) labels.push_back(*label);
  }
  return labels;
}

}  // namespace hearth::vision
