// Which known word was meant by a mistyped one. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace hearth {

// How many slips of the finger lie between two words: insertions, deletions, substitutions, swapped neighbours, in
// bytes. Time grows with the product of both lengths: bound what others wrote first.
std::size_t slips(std::string_view a, std::string_view b);

// As many slips as a word of that length is thought to have.
constexpr std::size_t likely_slips(std::string_view word) {
  return std::max<std::size_t>(2, word.size() / 3);
}

// The first of the known words that are nearest to `word`; empty: none has at most `most` slips, or the word is longer
// than anybody types one.
template <typename Words>
std::string_view nearest(std::string_view word, const Words& known, std::size_t most) {
  constexpr std::size_t kLongest = 96;
  std::string_view best;
  if (word.size() > kLongest) return best;
  std::size_t least = most + 1;
  for (const std::string_view candidate : known) {
    const std::size_t n = candidate.size() > word.size() + most ? least : slips(word, candidate);
    if (n >= least) continue;
    least = n;
    best = candidate;
  }
  return best;
}
template <typename Words>
std::string_view nearest(std::string_view word, const Words& known) {
  return nearest(word, known, likely_slips(word));
}

}  // namespace hearth
