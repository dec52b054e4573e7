// What is known about the terminal, and how wide text is on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::tool {

// Found out once, at the start. A value, so that tests can make one.
struct Terminal {
  bool out = false;         // stdout is a terminal
  bool err = false;         // stderr is a terminal
  bool out_colour = false;  // a terminal that shows colours, and NO_COLOR is not set
  bool err_colour = false;
  std::size_t columns = 80;

  static Terminal detect();
};

enum class Ink { plain, bold, dim, red, green, yellow, blue };
// `text` in `ink` if `colour`, else as it is.
std::string paint(std::string_view text, Ink ink, bool colour);

// Columns that `text` takes on a terminal: Chinese, Japanese and Korean characters take two, combining marks none.
// Bytes that are not UTF-8 take one each.
std::size_t display_width(std::string_view text);
// The longest beginning of `text` that fits `columns`, with "…" at its end if something is cut.
std::string cut(std::string_view text, std::size_t columns);
// `text` with spaces up to `columns`.
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);
// Text that came from elsewhere, safe to show: control characters (an escape sequence could repaint the terminal) and
// bytes that are not UTF-8 become U+FFFD; a tab becomes a space. With `lines` newlines stay.
enum class Newlines { keep, replace };
std::string printable(std::string_view text, Newlines newlines = Newlines::replace);

}  // namespace hearth::tool
