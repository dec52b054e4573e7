#include "src/markdown.h"

#include "src/characters.h"

namespace hearth::trim {
namespace {

// U+00A0 is a blank that does not break.
constexpr std::string_view kNoBreak = "\xC2\xA0";

// How many bytes of white space `text` begins with.
std::size_t space_at(std::string_view text) {
  if (text.empty()) return 0;
  if (is_space(text.front()) || text.front() == '\f') return 1;
  return text.starts_with(kNoBreak) ? kNoBreak.size() : 0;
}

}  // namespace

void Markdown::text(std::string_view text) {
  while (!text.empty()) {
    if (const std::size_t space = space_at(text); space > 0) {
      gap(Gap::blank);
      text.remove_prefix(space);
      continue;
    }
    std::size_t end = 1;
    while (end < text.size() && space_at(text.substr(end)) == 0) ++end;
    begin_text();
    out_.append(text.substr(0, end));
    text.remove_prefix(end);
  }
}

void Markdown::begin_text() {
  fill_gap();
  if (!mark_.empty()) out_ += mark_;
  mark_.clear();
  for (Inline& around : inlines_) {
    if (!around.opened) out_ += around.before;
    around.opened = true;
  }
}

void Markdown::fill_gap() {
  if (!out_.empty() && gap_ == Gap::blank && out_.back() != '\n') out_ += ' ';
  if (!out_.empty() && gap_ >= Gap::line) {
    const std::string& indent = mark_.empty() ? indent_ : mark_indent_;
    if (gap_ == Gap::paragraph) {
      out_ += '\n';
      out_ += indent;
      while (out_.ends_with(' ')) out_.pop_back();
    }
    out_ += '\n';
    out_ += indent;
  }
  gap_ = Gap::none;
}

void Markdown::block(std::string_view lines) {
  if (lines.empty()) return;
  begin_text();
  bool first = true;
  for (const std::string_view line : lines_of(lines)) {
    if (!first) {
      out_ += '\n';
      if (!line.empty()) out_ += indent_;
    }
    first = false;
    out_ += line;
  }
}

void Markdown::close() {
  if (inlines_.empty()) return;
  if (inlines_.back().opened) out_ += inlines_.back().behind;
  inlines_.pop_back();
}

void Markdown::outdent() {
  if (indents_.empty()) return;
  indent_.resize(indents_.back());
  indents_.pop_back();
}

std::string Markdown::take() {
  while (!inlines_.empty()) close();
  return std::move(out_);
}

}  // namespace hearth::trim
