// How the decoder's words are written down. Pure; any thread.
#pragma once

#include "decoder.h"

#include <span>
#include <string>
#include <string_view>

namespace hearth::transcribe {

// "i'll" → "I'll", "mr" → "Mr", "b." → "B": what English writes with a capital everywhere. No punctuation is invented,
// as nothing here knows where it belongs.
std::string written(std::string_view word);

// The words with spaces between them, the first letter large: a segment begins after a pause.
std::string sentence(std::span<const Word> words);

}  // namespace hearth::transcribe
