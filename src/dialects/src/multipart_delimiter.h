// Where a part's data ends. Private to this room.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth::dialects {

// What follows "CRLF--boundary": `next` (white space and CRLF), `close` ("--"), `none` (it was data that looks alike),
// `bare_lf` (the same, but with a line end that is LF alone), `unknown` (more bytes are needed to tell).
enum class DelimiterKind { next, close, none, bare_lf, unknown };
struct DelimiterEnd {
  DelimiterKind kind;
  std::size_t length = 0;  // of what follows, CRLF included
};
DelimiterEnd match_delimiter_end(std::string_view rest) noexcept;

// The position in `data` where `delimiter` begins, or where a beginning of it runs into the end of `data`; data.size()
// if there is neither. All before it is data for certain.
std::size_t find_delimiter(std::string_view data, std::string_view delimiter) noexcept;

}  // namespace hearth::dialects
