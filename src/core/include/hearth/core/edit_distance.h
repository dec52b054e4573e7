// Word and character error rate: how far a transcript or a page that was read is from what was really said or printed.
//
// The least number of substitutions, insertions and deletions that turn the reference into the hypothesis
// (Levenshtein), divided by the reference's length; a rate can therefore pass 1. Pure; any thread. Time grows with the
// product of both lengths and memory with the hypothesis: meant for pages and recordings, not for books.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

// What counts as a difference.
enum class Scoring {
  verbatim,  // everything but the amount of white space
  folded,    // not case, not punctuation, not the apostrophe of "don't"; a title is its word ("mr" is "mister")
};

struct EditCounts {
  std::size_t reference = 0;  // units (words or characters) of the reference
  std::size_t substitutions = 0;
  std::size_t insertions = 0;
  std::size_t deletions = 0;

  [[nodiscard]] std::size_t errors() const noexcept { return substitutions + insertions + deletions; }
  // Errors per unit of the reference. With an empty reference: 0 if the hypothesis is empty too, else 1.
  [[nodiscard]] double rate() const noexcept;
  // Adds up a corpus: its rate is the errors of all over the units of all.
  EditCounts& operator+=(const EditCounts& other) noexcept;
};

// Words stand between white space; each Han character is a word of its own, as Chinese has no spaces.
EditCounts word_errors(std::string_view reference, std::string_view hypothesis, Scoring scoring = Scoring::folded);
// Characters are code points; any run of white space is one character.
EditCounts character_errors(std::string_view reference, std::string_view hypothesis,
                            Scoring scoring = Scoring::verbatim);
// What is compared: UTF-8 with single spaces between words, none at the ends. Bytes that are not UTF-8 become U+FFFD.
std::string scoring_text(std::string_view text, Scoring scoring);

}  // namespace hearth
