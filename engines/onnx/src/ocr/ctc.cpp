#include "ctc.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostCharacters = 100'000;
constexpr std::size_t kLongest = 64;

}  // namespace

Result<Characters> parse_dictionary(std::string_view text) {
  Characters characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.size() > kLongest || !is_utf8(line) || characters.size() == kMostCharacters)
      return fail(Errc::invalid_argument,
                  "this is no dictionary: it has one character a line in UTF-8, at most 100,000 of at most 64 bytes");
    characters.emplace_back(line);
  }
  if (characters.empty()) return fail(Errc::invalid_argument, "the dictionary is empty");
  return characters;
}

Result<std::vector<ReadCharacter>> read_ctc(std::span<const float> values, std::size_t classes,
                                            const Characters& characters) {
  if ((classes != characters.size() + 1 && classes != characters.size() + 2) || values.size() % classes != 0)
    return fail(Errc::corrupt,
                fmt::format("the recogniser knows {} classes and the dictionary has {} characters; they are of "
                            "different models",
                            classes, characters.size()));
  std::vector<ReadCharacter> read;
  std::size_t before = 0;
  for (std::size_t step = 0; step < values.size() / classes; ++step) {
    const auto row = values.subspan(step * classes, classes);
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c)
      if (row[c] > row[best] || std::isnan(row[best])) best = c;
    if (best != 0 && best != before) {
      const std::string_view text = best <= characters.size() ? std::string_view(characters[best - 1]) : " ";
      const float probability = std::isnan(row[best]) ? 0.0F : std::clamp(row[best], 0.0F, 1.0F);
      read.push_back({text, probability, step});
    }
    before = best;
  }
  return read;
}

}  // namespace hearth::onnx
