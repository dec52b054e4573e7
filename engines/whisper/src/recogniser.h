// What the service asks of a speech recogniser. libwhisper is one (whisper_recogniser.h), tests have another.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hearth::whisper {

inline constexpr int kSampleRate = 16'000;  // Hz
inline constexpr std::size_t kChunk = 512;  // samples that one probability of speech stands for: 32 ms
inline constexpr double kWindowLimit = 30;  // seconds that the model hears at once

enum class Task { transcribe, translate };

// A piece of a text: some bytes, which need not be whole characters.
struct Token {
  std::string bytes;
  double start = 0;  // seconds from the window's begin
  double end = 0;
  double probability = 0;  // 0 to 1
};

// What the model makes of one stretch of a window.
struct Heard {
  double start = 0;  // seconds from the window's begin
  double end = 0;
  std::vector<Token> tokens;  // of text only
  double avg_logprob = 0;
};

struct WindowJob {
  std::span<const float> samples;  // at most kWindowLimit seconds
  Task task = Task::transcribe;
  std::string language;  // a code the model knows; empty: find out
  std::string prompt;    // names and spelling that the recording is likely to hold
  bool forget = true;    // what was heard in the window before is no guide to this one
  double temperature = 0;
  int threads = 1;
  std::function<bool()> give_up;  // asked now and then, on any thread
};

struct WindowHeard {
  std::vector<Heard> segments;  // in order
  std::string language;         // that is spoken
};

// Hears one recording at a time, on one thread at a time.
class Recogniser {
 public:
  Recogniser() = default;
  Recogniser(const Recogniser&) = delete;
  Recogniser& operator=(const Recogniser&) = delete;
  virtual ~Recogniser() = default;
  // Another recording begins.
  virtual void begin() = 0;
  // Is there a model that tells speech from other sound?
  [[nodiscard]] virtual bool tells_speech() const = 0;
  // The probability of speech in each chunk of the recording's next samples, which are whole chunks. internal.
  virtual Result<std::vector<float>> speech(std::span<const float> samples) = 0;
  // cancelled when the job's give_up said so, internal when the library fails.
  virtual Result<WindowHeard> hear(const WindowJob& job) = 0;
};

struct Language {
  std::string code;  // "de"
  std::string name;  // "german"
};

struct ModelFacts {
  std::string id;
  bool multilingual = false;        // else it knows English only, and does not translate
  std::vector<Language> languages;  // at least English
};

}  // namespace hearth::whisper
