// Words with their times, from the model's tokens. Pure; any thread.
#pragma once

#include "recogniser.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::whisper {

struct Word {
  std::string text;  // UTF-8, with the space before it where there is one
  double start = 0;
  double end = 0;
  double probability = 0;  // its tokens' mean
};

// A token that begins with a space begins a word; in scripts without spaces between words (Chinese, Japanese, Thai …)
// each token or group of tokens that completes a character does. Punctuation stays with the word it touches. Characters
// that are split over tokens are put together, and bytes that are none become U+FFFD.
std::vector<Word> words_of(std::span<const Token> tokens);

// All words as one text, without the space at its begin.
std::string text_of(std::span<const Word> words);

// The word alone.
std::string_view trimmed(std::string_view text);

}  // namespace hearth::whisper
