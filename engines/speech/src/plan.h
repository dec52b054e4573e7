// From a request's text to what espeak-ng is given: words instead of signs, cut where the language changes, each piece
// with the voice that can say it. Pure; any thread.
#pragma once

#include "voices.h"

#include <string>
#include <string_view>
#include <vector>

namespace hearth::speech {

struct Piece {
  std::string voice_file;
  std::string text;
};

struct Plan {
  std::vector<Piece> pieces;
  std::string language;  // the one most of it is in
};

// `language`: as Voices::language() gives it, or empty: then it is the speaker's own if the caller named it, else what
// the text's script says. invalid_argument when nothing in the text can be spoken.
Result<Plan> plan_speech(const Voices& voices, const Speaker& speaker, std::string_view language,
                         std::string_view text);

}  // namespace hearth::speech
