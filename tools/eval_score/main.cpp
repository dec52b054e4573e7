// How far a transcript or a page that was read is from what was really said or printed, for `make eval`.
//
//   eval_score words|characters REFERENCE_FILE < HYPOTHESIS
//
// prints "RATE ERRORS UNITS", such as "0.091 2 22".
#include <hearth/core/edit_distance.h>
#include <hearth/core/file.h>

#include <fmt/format.h>

#include <string_view>

int main(int argc, char** argv) {
  using namespace hearth;
  constexpr std::size_t kLimit = 1U << 20U;
  const std::string_view unit = argc == 3 ? argv[1] : "";
  if (unit != "words" && unit != "characters") {
    fmt::print(stderr, "usage: eval_score words|characters REFERENCE_FILE < HYPOTHESIS\n");
    return 2;
  }
  const auto reference = read_file(argv[2], kLimit);
  const auto hypothesis = read_file("/dev/stdin", kLimit);
  for (const auto* text : {&reference, &hypothesis}) {
    if (*text) continue;
    fmt::print(stderr, "eval_score: {}\n", text->error().describe());
    return 2;
  }
  const EditCounts counts =
      unit == "words" ? word_errors(*reference, *hypothesis) : character_errors(*reference, *hypothesis);
  fmt::print("{:.3f} {} {}\n", counts.rate(), counts.errors(), counts.reference);
  return 0;
}
