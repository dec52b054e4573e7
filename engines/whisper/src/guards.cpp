#include "guards.h"

#include <algorithm>

namespace hearth::whisper {
namespace {

// Those of the model's own reference decoder.
constexpr double kNoSpeech = 0.6;
constexpr double kUnsure = -1.0;

constexpr double kRough = 0.5;  // seconds that the model's times may be off
constexpr std::size_t kLongestPhrase = 40;
constexpr std::size_t kShortPhrase = 2;
constexpr std::size_t kTimes = 4;
constexpr std::size_t kTimesShort = 8;
constexpr int kEchoes = 3;

// Without case and punctuation: a loop changes those.
std::string plain(std::string_view word) {
  std::string out;
  for (const char c : trimmed(word)) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c + 32);
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
      out += c;
  }
  return out.empty() ? std::string(trimmed(word)) : out;
}

// How often the phrase of `n` words at `at` stands there in a row.
std::size_t times_in_row(std::span<const std::string> words, std::size_t at, std::size_t n) {
  std::size_t times = 1;
  for (std::size_t next = at + n; next + n <= words.size(); next += n, ++times) {
    if (!std::equal(words.begin() + static_cast<std::ptrdiff_t>(at),
                    words.begin() + static_cast<std::ptrdiff_t>(at + n),
                    words.begin() + static_cast<std::ptrdiff_t>(next)))
      break;
  }
  return times;
}

// Words after `at` that only say again what stands there.
std::size_t repeated_after(std::span<const std::string> words, std::size_t at, std::size_t& phrase) {
  for (phrase = 1; phrase <= kLongestPhrase && at + 2 * phrase <= words.size(); ++phrase) {
    const std::size_t times = times_in_row(words, at, phrase);
    if (times >= (phrase <= kShortPhrase ? kTimesShort : kTimes)) return (times - 1) * phrase;
  }
  return 0;
}

}  // namespace

bool is_doubtful(double no_speech, double avg_logprob) {
  return no_speech > kNoSpeech && avg_logprob < kUnsure;
}

bool is_unheard(double start, double end, std::span<const Stretch> speech) {
  return std::ranges::none_of(speech,
                              [&](const Stretch& s) { return s.end > start - kRough && s.start < end + kRough; });
}

std::size_t cut_repeats(std::vector<Word>& words) {
  std::vector<std::string> bare;
  bare.reserve(words.size());
  for (const Word& word : words) bare.push_back(plain(word.text));
  std::vector<Word> kept;
  std::size_t cut = 0;
  for (std::size_t at = 0; at < words.size();) {
    std::size_t phrase = 0;
    const std::size_t again = repeated_after(bare, at, phrase);
    const std::size_t keep = again > 0 ? phrase : 1;
    for (std::size_t i = 0; i < keep; ++i) kept.push_back(std::move(words[at + i]));
    at += keep + again;
    cut += again;
  }
  words = std::move(kept);
  return cut;
}

bool Echo::repeats(std::span<const Word> words) {
  std::string sentence;
  for (const Word& word : words) sentence += plain(word.text) + ' ';
  if (sentence == last_) {
    ++times_;
  } else {
    last_ = std::move(sentence);
    times_ = 1;
  }
  return times_ > kEchoes;
}

}  // namespace hearth::whisper
