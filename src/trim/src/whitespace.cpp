#include "src/whitespace.h"

#include "src/characters.h"
#include "src/trouble.h"

namespace hearth::trim {
namespace {

constexpr char kBell = '\a';

// Behind the escape sequence that begins at `i` (ECMA-48).
std::size_t end_of_sequence(std::string_view text, std::size_t i) {
  if (++i >= text.size()) return i;
  const char kind = text[i++];
  const auto is_between = [](char c, char low, char high) { return c >= low && c <= high; };
  if (kind == '[') {  // control sequence: parameters, and a letter
    while (i < text.size() && is_between(text[i], ' ', '?')) ++i;
    return i < text.size() && is_between(text[i], '@', '~') ? i + 1 : i;
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') {  // a string; it ends on its line or is none
    const std::size_t end = text.find_first_of("\a\n\x1b", i);
    if (end == std::string_view::npos || text[end] == '\n') return i;
    if (text[end] == kBell) return end + 1;
    return text.substr(end + 1).starts_with('\\') ? end + 2 : end;
  }
  if (is_between(kind, ' ', '/')) return i < text.size() && is_between(text[i], '0', '~') ? i + 1 : i;
  return is_between(kind, '0', '~') ? i : i - 1;
}

std::string without_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t escape = text.find_first_of("\x1b\a");
    out.append(text.substr(0, escape));
    if (escape == std::string_view::npos) return out;
    text.remove_prefix(text[escape] == kBell ? escape + 1 : end_of_sequence(text, escape));
  }
}

std::string_view without_blanks_behind(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

// A carriage return takes the cursor back, and what follows is written over what stood there. What told of trouble
// stays, on a line of its own.
template <typename Emit>
void each_remaining(std::string_view line, Emit emit) {
  while (line.contains('\r')) {
    const std::size_t end = line.find('\r');
    const std::string_view overwritten = without_blanks_behind(line.substr(0, end));
    line.remove_prefix(end + 1);
    const bool is_last = line.find_first_not_of("\r \t") == std::string_view::npos;
    if (is_last) return emit(overwritten);
    if (!overwritten.empty() && tells_trouble(overwritten)) emit(overwritten);
  }
  emit(without_blanks_behind(line));
}

}  // namespace

std::optional<std::string> trim_whitespace(std::string_view text) {
  std::string plain;
  if (text.find_first_of("\x1b\a") != std::string_view::npos) {
    plain = without_escapes(text);
  } else {
    plain = text;
  }
  std::string out;
  out.reserve(plain.size());
  std::size_t empty = 0;
  bool first = true;
  const auto emit = [&](std::string_view line) {
    if (line.empty()) {
      ++empty;
      return;
    }
    // Before the first line of all, empty ones say nothing; between others one is as good as many.
    if (!first) out.append(empty > 0 ? "\n\n" : "\n");
    first = false;
    empty = 0;
    out.append(line);
  };
  for (const std::string_view line : lines_of(plain)) each_remaining(line, emit);
  if (out.size() >= text.size()) return std::nullopt;
  return out;
}

}  // namespace hearth::trim
