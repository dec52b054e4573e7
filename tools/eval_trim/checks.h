// What a step may have lost, found without the step's own code.
#pragma once

#include <hearth/trim/steps.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::eval {

struct Checked {
  std::uint64_t things = 0;  // that were looked for
  std::uint64_t lost = 0;
  std::vector<std::string> examples;  // of what was lost
  void note(bool there, std::string_view thing);
};

// A result before and after one step alone.
struct Change {
  trim::Step step{};
  std::string_view before;
  std::string_view after;
  const std::vector<std::string>* visible = nullptr;  // of a page: the words that a browser shows
  std::string_view sent;                              // all texts that were sent before it
  const std::set<std::string>* came = nullptr;        // … as they came
};
void check(const Change& change, Checked& checked);
// Without white space at its end.
std::string trimmed_line(std::string_view line);

}  // namespace hearth::eval
