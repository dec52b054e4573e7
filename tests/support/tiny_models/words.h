// The words the tiny models know.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::fixtures {

// SentencePiece's mark of a word's begin, U+2581.
inline constexpr std::string_view kWordMark = "\xE2\x96\x81";

inline constexpr std::array<std::string_view, 96> kWords{
    "Every", "evening", "the",   "small",  "kettle", "sings",  "and",      "our",     "old",  "cat",     "dreams",
    "by",    "its",     "warm",  "hearth", "a",      "house",  "river",    "stands",  "near", "two",     "trees",
    "where", "birds",   "build", "nests",  "in",     "spring", "children", "walk",    "to",   "school",  "along",
    "quiet", "road",    "with",  "their",  "dog",    "rain",   "falls",    "on",      "roof", "while",   "bread",
    "bakes", "slowly",  "light", "fills",  "room",   "when",   "morning",  "comes",   "over", "hills",   "wind",
    "turns", "mill",    "all",   "day",    "long",   "he",     "reads",    "letters", "from", "friends", "who",
    "live",  "far",     "away",  "she",    "paints", "boats",  "that",     "sail",    "past", "green",   "islands",
    "they",  "count",   "stars", "before", "sleep",  "hello",  "yes",      "no",      "what", "is",      "are",
    "you",   "water",   "stone", "music",  "winter", "snow",   "clock",    "door"};

// The words of `sentence`, its full stop as one of its own.
inline std::vector<std::string> split_words(std::string_view sentence) {
  std::vector<std::string> words(1);
  for (const char c : sentence) {
    if (c == ' ') {
      words.emplace_back();
    } else if (c == '.') {
      words.emplace_back(1, c);
    } else {
      words.back().push_back(c);
    }
  }
  return words;
}

}  // namespace hearth::fixtures
