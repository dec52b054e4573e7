// The document, piece by piece: Markdown, also printed as it grows.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace hearth::bench {

class Report {
 public:
  void section(std::string_view title);
  // A paragraph.
  void text(std::string_view paragraph);
  void table(std::initializer_list<std::string_view> headings);
  void row(std::initializer_list<std::string> cells);
  // What is measured now, on standard error only.
  static void progress(std::string_view what);
  [[nodiscard]] const std::string& markdown() const noexcept { return text_; }

 private:
  void add(const std::string& piece);
  std::string text_;
};

}  // namespace hearth::bench
