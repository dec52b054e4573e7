// Turns a text as it is written into one as it is said: times, dates, amounts, units, addresses and abbreviations in
// words. Numbers and their kin are the weakest point of every speech engine, so none is left to do it by itself.
//
// Pure; any thread; linear time. English and Chinese have rules; other languages get only what is for the eye taken
// out, as espeak-ng knows their numbers better than we do. A text without such things comes back as it was, and what
// comes out is not changed by a second pass.
#pragma once

#include <string>
#include <string_view>

namespace hearth::speech {

enum class Rules { none, english, chinese };

// Which rules apply to what stands in each script.
struct NormaliseFor {
  Rules latin = Rules::english;
  Rules han = Rules::chinese;
  Rules start = Rules::english;  // where no letter is near that could decide
};

// `text` is UTF-8.
std::string normalise(std::string_view text, const NormaliseFor& languages);

}  // namespace hearth::speech
