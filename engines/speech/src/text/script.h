// Which writing system a text is in, and where it changes. Pure; any thread.
#pragma once

#include "chars.h"

#include <string>
#include <string_view>
#include <vector>

namespace hearth::speech {

// A stretch of text in one script. Digits, punctuation and spaces go with the letters before them, those at the text's
// begin with the first letters.
struct Run {
  Script script;  // `common` only if the text has no letter at all
  std::string_view text;
};
std::vector<Run> runs_by_script(std::string_view text);

// The script most of the text is in. A Han character or kana counts as several letters, as it carries as much.
Script main_script(std::string_view text);

// Has the text anything to say: a letter or a digit?
bool is_speakable(std::string_view text);

// The language that a script is most often written for, as espeak-ng's voice id; empty for Latin, which is written for
// many, and for `other`.
std::string_view language_of(Script script);
// The script a language (espeak-ng's voice id) is written in.
Script script_of_language(std::string_view language);

}  // namespace hearth::speech
