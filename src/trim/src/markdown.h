// Writes Markdown front to back, as the elements of a page come.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

// One run of blocks: a page, or a table's cell.
class Markdown {
 public:
  // Text between tags: white space in it is one blank, or none at a line's beginning.
  void text(std::string_view text);
  // As it is, on lines of its own.
  void block(std::string_view lines);
  void new_line() { gap(Gap::line); }
  void new_paragraph() { gap(Gap::paragraph); }
  // What stands before the next text of a line, if one comes: "## ", "- ".
  void mark_line(std::string_view mark) {
    if (mark_.empty()) mark_indent_ = indent_;
    mark_ += mark;
  }
  void drop_mark() { mark_.clear(); }
  // Around a part of a line; nothing if no text comes in between.
  void open(std::string before, std::string behind) { inlines_.push_back({std::move(before), std::move(behind)}); }
  void close();
  // What further lines of a list's item or a quotation begin with.
  void indent(std::string_view by) {
    indents_.push_back(indent_.size());
    indent_ += by;
  }
  void outdent();

  [[nodiscard]] bool on_several_lines() const { return out_.contains('\n'); }
  [[nodiscard]] std::string take();

 private:
  enum class Gap { none, blank, line, paragraph };
  struct Inline {
    std::string before;
    std::string behind;
    bool opened = false;
  };
  void gap(Gap gap) {
    if (gap > gap_) gap_ = gap;
  }
  void fill_gap();
  void begin_text();

  std::string out_;
  Gap gap_ = Gap::none;
  std::string mark_;
  std::string mark_indent_;  // of the line with the mark
  std::string indent_;
  std::vector<std::size_t> indents_;
  std::vector<Inline> inlines_;
};

}  // namespace hearth::trim
