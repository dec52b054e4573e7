// What keeps invented text out: models of this kind write fluent sentences into silence, and fall into loops. Pure.
#pragma once

#include "words.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace hearth::whisper {

// Hardly anybody spoke, and the model is not sure of its text.
bool is_doubtful(double no_speech, double avg_logprob);

// Seconds from the window's begin.
struct Stretch {
  double start = 0;
  double end = 0;
};
// Does none of `speech` lie in or close to [start, end]? The model's times are rough.
bool is_unheard(double start, double end, std::span<const Stretch> speech);

// Takes out what is said over and over: a phrase of up to 40 words that comes at least four times in a row (one or two
// words: eight times, as people do say "no, no, no") is kept once. Says how many words were taken out.
std::size_t cut_repeats(std::vector<Word>& words);

// The same sentence again and again, over segments: true from its fourth time in a row on. Belongs to one request.
class Echo {
 public:
  bool repeats(std::span<const Word> words);

 private:
  std::string last_;
  int times_ = 0;
};

}  // namespace hearth::whisper
