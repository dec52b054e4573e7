// A text as a voice of phonemes reads it: stretches between marks, for espeak-ng gives phonemes without the marks.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth::speech {

struct Clause {
  std::string text;  // without marks at its end; never blank
  char mark = '\0';  // . , ; : ! or ? that stands behind it; NUL: none
};
// A mark counts before a blank, a closing quote or bracket or the end, so that "3.5" stays whole; Chinese marks always.
std::vector<Clause> clauses_of(std::string_view text);

// Phonemes as espeak-ng prints them, without its "(en)" where it changes the language by itself.
std::string without_switches(std::string_view phonemes);

}  // namespace hearth::speech
