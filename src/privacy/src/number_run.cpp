#include "src/number_run.h"

#include "src/characters.h"

#include <algorithm>

namespace hearth::privacy {

namespace {

constexpr std::size_t kMaxSeparator = 3;

constexpr bool separates(char c) noexcept {
  return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

// Does a letter of an alphabet with spaces between words end before `i`? Han characters and the like do not glue:
// "电话13812345678".
bool foreign_letter_before(std::string_view text, std::size_t i) noexcept {
  if (byte(before(text, i)) < 0x80) return false;
  return i >= 2 && byte(text[i - 2]) >= 0xC3 && byte(text[i - 2]) <= 0xDF;
}

bool is_word(char c) noexcept {
  return is_alnum(c) || c == '_';
}

}  // namespace

Edge edge_before(std::string_view text, std::size_t begin) noexcept {
  const char last = before(text, begin);
  if (is_word(last) || foreign_letter_before(text, begin)) return Edge::glued;
  if (last == '#') return Edge::joined;
  const bool sign = last == '-' || last == '.' || last == '/' || last == '\\' || last == '@';
  if (sign && begin >= 2 && is_word(text[begin - 2])) return Edge::joined;
  return Edge::clean;
}

Edge edge_after(std::string_view text, std::size_t end) noexcept {
  const char next = at(text, end);
  if (is_word(next) || (byte(next) >= 0xC3 && byte(next) <= 0xDF)) return Edge::glued;
  const bool sign = next == '-' || next == '.' || next == '/' || next == '\\' || next == '@';
  if (sign && is_word(at(text, end + 1))) return Edge::joined;
  return Edge::clean;
}

NumberRun read_run(std::string_view text, std::size_t i) {
  NumberRun run;
  run.begins = edge_before(text, i);
  while (true) {
    Group group{i, i};
    while (is_digit(at(text, group.end))) ++group.end;
    run.groups[run.count++] = group;
    i = group.end;
    std::size_t next = i;
    while (next < i + kMaxSeparator && separates(at(text, next))) ++next;
    if (next == i || !is_digit(at(text, next))) break;
    if (run.count == NumberRun::kMaxGroups) {
      run.cut = true;
      break;
    }
    i = next;
  }
  run.ends = run.cut ? Edge::joined : edge_after(text, run.end());
  return run;
}

PieceReader::PieceReader(std::string_view text, const NumberRun& run, std::size_t first)
    : text_(text), run_(run), first_(first) {
  piece_.begin = piece_.end = run.groups[first].begin;
}

bool PieceReader::grow() {
  const std::size_t i = first_ + piece_.groups;
  if (i == run_.count || piece_.groups == NumberRun::kOverlap) return false;
  const Group& group = run_.groups[i];
  if (group.length() > kMaxDigits - piece_.digit_count) return false;
  if (piece_.groups > 0) {
    const std::string_view separator = run_.separator(text_, i - 1);
    if (separator.size() != 1) piece_.single_separators = false;
    if (piece_.groups == 1) {
      piece_.separator = separator.size() == 1 ? separator.front() : '\0';
    } else if (separator.size() != 1 || separator.front() != piece_.separator) {
      piece_.separator = '\0';
    }
  }
  std::ranges::copy(text_.substr(group.begin, group.length()),
                    piece_.digit_bytes.begin() + static_cast<std::ptrdiff_t>(piece_.digit_count));
  piece_.digit_count += group.length();
  const std::size_t length = group.length();
  piece_.shape_bytes[piece_.groups++] = static_cast<char>(length < 10 ? '0' + length : 'A' + length - 10);
  piece_.end = group.end;
  set_edges();
  return true;
}

// Within a run, what is separated otherwise than the piece's own groups is another number; what is separated the same
// way may be part of a longer one.
void PieceReader::set_edges() {
  const auto inner = [&](std::string_view separator) {
    const bool other =
        piece_.groups == 1 ? separator.contains(' ') : separator.size() > 1 || separator.front() != piece_.separator;
    return other ? Edge::clean : Edge::joined;
  };
  const std::size_t end = first_ + piece_.groups;
  piece_.begins = first_ == 0 ? run_.begins : inner(run_.separator(text_, first_ - 1));
  piece_.ends = end == run_.count ? run_.ends : inner(run_.separator(text_, end - 1));
}

}  // namespace hearth::privacy
