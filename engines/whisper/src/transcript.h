// From what the model heard in each window to the segments of a transcript. Pure; belongs to one request.
#pragma once

#include "guards.h"
#include "recogniser.h"
#include "windower.h"
#include "words.h"

#include <string>
#include <vector>

namespace hearth::whisper {

struct Segment {
  int id = 0;
  double start = 0;  // seconds from the recording's begin
  double end = 0;
  std::string text;
  double avg_logprob = 0;
  double no_speech = 0;
  std::vector<Word> words;
};

class Transcript {
 public:
  // The segments of the next window: in order, within it, none over the one before; without what the guards throw out.
  std::vector<Segment> add(const Window& window, const WindowHeard& heard);
  // Should the next window be heard without what was said before? So at the begin, and after what looked like a loop.
  [[nodiscard]] bool doubtful() const { return doubtful_; }
  // All segments' text so far.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  int next_id_ = 0;
  double last_end_ = 0;
  bool doubtful_ = true;
  Echo echo_;
};

}  // namespace hearth::whisper
