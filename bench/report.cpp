#include "report.h"

#include <fmt/format.h>

#include <cstdio>

namespace hearth::bench {

void Report::add(const std::string& piece) {
  text_ += piece;
  fmt::print("{}", piece);
  std::fflush(stdout);
}

void Report::section(std::string_view title) {
  add(fmt::format("\n## {}\n\n", title));
}
void Report::text(std::string_view paragraph) {
  add(fmt::format("\n{}\n", paragraph));
}

void Report::table(std::initializer_list<std::string_view> headings) {
  std::string line = "|";
  std::string rule = "|";
  for (const std::string_view heading : headings) {
    line += fmt::format(" {} |", heading);
    rule += rule.size() == 1 ? "---|" : "---:|";
  }
  add(line + "\n" + rule + "\n");
}

void Report::row(std::initializer_list<std::string> cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += fmt::format(" {} |", cell);
  add(line + "\n");
}

void Report::progress(std::string_view what) {
  fmt::print(stderr, "… {}\n", what);
}

}  // namespace hearth::bench
