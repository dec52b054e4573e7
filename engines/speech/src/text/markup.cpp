#include "markup.h"

#include "chars.h"

#include <algorithm>
#include <array>

namespace hearth::speech {
namespace {

bool is_emoji(char32_t c) {
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || (c >= 0x2B00 && c <= 0x2BFF) ||
         (c >= 0x2300 && c <= 0x23FF) || (c >= 0x25A0 && c <= 0x25FF) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x200D ||
         c == 0x20E3 || (c >= 0xE0000 && c <= 0xE0FFF) || c == 0x2122 || c == 0xA9 || c == 0xAE || c == 0x2022;
}

bool is_unspeakable(char32_t c) {
  return c == 0x7F || (c >= 0x80 && c < 0xA0) || (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000 || c == 0xFEFF ||
         (c >= 0x200B && c <= 0x200F && c != 0x200C) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F);
}

std::size_t run_of(std::string_view s, char c) {
  return std::min(s.find_first_not_of(c), s.size());
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t' || s.front() == '\r')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

bool is_rule(std::string_view line) {
  const std::string_view s = trimmed(line);
  return s.size() >= 3 && (s[0] == '-' || s[0] == '*' || s[0] == '_' || s[0] == '=') && run_of(s, s[0]) == s.size();
}

bool is_table_rule(std::string_view line) {
  const std::string_view s = trimmed(line);
  return s.size() >= 3 && s.find('-') != std::string_view::npos && s.find('|') != std::string_view::npos &&
         s.find_first_not_of("|-: ") == std::string_view::npos;
}

bool is_fence(std::string_view line) {
  const std::string_view s = trimmed(line);
  return s.starts_with("```") || s.starts_with("~~~");
}

// Heading, quote and bullet marks at a line's begin; how many bytes they take, with the spaces around them.
std::size_t block_marks(std::string_view line) {
  std::size_t at = 0;
  for (;;) {
    std::size_t i = at;
    while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
    const std::string_view rest = line.substr(i);
    const std::size_t hashes = run_of(rest, '#');
    std::size_t mark = 0;
    if (hashes >= 1 && hashes <= 6 && hashes < rest.size() && rest[hashes] == ' ') mark = hashes + 1;
    if (rest.starts_with("- ") || rest.starts_with("* ") || rest.starts_with("+ ")) mark = 2;
    if (rest.starts_with("> ")) mark = 2;
    if (rest.starts_with("\u2022")) mark = std::string_view("\u2022").size();
    // A minus before a number is a sign as likely as a bullet: "- 5" stays.
    if (mark == 2 && rest[0] == '-' && rest.size() > 2 && is_digit(rest[2])) mark = 0;
    if (mark == 0) return at;
    at = i + mark;
    while (at < line.size() && line[at] == ' ') ++at;
  }
}

bool ends_a_clause(std::string_view s) {
  const char32_t c = code_point_before(s, s.size());
  constexpr std::u32string_view kEnds = U".!?:;,…。！？：；，、";
  return c == 0 || kEnds.find(c) != std::u32string_view::npos;
}

enum class Row { text, table };

class Line {
 public:
  Line(std::string& out, Row row) : out_(out), begin_(out.size()), row_(row) {}

  void append(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) i += step(s, i);
  }
  [[nodiscard]] std::string_view written() const { return std::string_view(out_).substr(begin_); }

 private:
  // Handles what stands at `i`; how many bytes it was.
  std::size_t step(std::string_view s, std::size_t i) {
    const char c = s[i];
    switch (c) {
      case '`':
        return 1;
      case '*':
      case '_':
      case '~':
        return emphasis(s, i);
      case '!':
        if (i + 1 < s.size() && s[i + 1] == '[') return link(s, i, 1);
        break;
      case '[':
        return link(s, i, 0);
      case '<':
        if (s.substr(i + 1).starts_with("http://") || s.substr(i + 1).starts_with("https://")) return autolink(s, i);
        break;
      case '|':
        if (row_ == Row::table) {
          separate();
          return 1;
        }
        break;
      default:
        break;
    }
    const CodePoint p = code_point_at(s, i);
    if (is_unspeakable(p.value) || (p.value < 0x20 && p.value != '\t')) {
      if (p.value < 0x20) space();
      return p.length;
    }
    if (is_emoji(p.value)) {
      dropped_ = true;
      return p.length;
    }
    if (c == ' ' && dropped_ && (out_.size() == begin_ || out_.back() == ' ')) return 1;
    dropped_ = false;
    out_.append(s.substr(i, p.length));
    return p.length;
  }

  std::size_t drop(std::size_t n) { return n; }

  void space() {
    if (out_.size() > begin_ && out_.back() != ' ') out_ += ' ';
  }

  void separate() {
    while (out_.size() > begin_ && out_.back() == ' ') out_.pop_back();
    if (out_.size() > begin_ && !ends_a_clause(written())) out_ += ',';
    dropped_ = true;
    if (out_.size() > begin_) out_ += ' ';
  }

  // Emphasis hugs a word on one side and has none on the other; "5 * 3", "a_b" and "~5" are left alone.
  std::size_t emphasis(std::string_view s, std::size_t i) {
    const char mark = s[i];
    const std::size_t n = run_of(s.substr(i), mark);
    const char32_t before = i == 0 ? U' ' : code_point_before(s, i);
    const char32_t after = i + n < s.size() ? code_point_at(s, i + n).value : U' ';
    const bool opens = !is_blank(after) && (!is_word(before) || mark == '*');
    const bool closes = !is_blank(before) && (!is_word(after) || mark == '*');
    const bool power = mark == '*' && is_digit(before) && is_digit(after);
    bool marks = (opens || closes) && n <= 3 && !power;
    if (mark == '~') marks = n == 2 && (opens || closes);
    if (!marks) out_.append(n, mark);
    return n;
  }

  // "[text](target)" gives its text; anything else in brackets stays.
  std::size_t link(std::string_view s, std::size_t i, std::size_t skip) {
    constexpr std::size_t kMaxLabel = 400;
    constexpr std::size_t kMaxTarget = 2000;
    const std::size_t open = i + skip;
    const std::size_t close = s.substr(0, std::min(s.size(), open + kMaxLabel)).find("](", open);
    if (close != std::string_view::npos && s.substr(open + 1, close - open - 1).find('[') == std::string_view::npos) {
      const std::size_t end = s.substr(0, std::min(s.size(), close + kMaxTarget)).find(')', close);
      if (end != std::string_view::npos) {
        append(s.substr(open + 1, close - open - 1));
        return end + 1 - i;
      }
    }
    out_ += s[i];
    return 1;
  }

  std::size_t autolink(std::string_view s, std::size_t i) {
    constexpr std::size_t kMaxTarget = 2000;
    const std::size_t end = s.substr(0, std::min(s.size(), i + kMaxTarget)).find('>', i);
    if (end == std::string_view::npos) {
      out_ += s[i];
      return 1;
    }
    out_.append(s.substr(i + 1, end - i - 1));
    return end + 1 - i;
  }

  std::string& out_;
  std::size_t begin_;
  Row row_;
  bool dropped_ = false;
};

void append_line(std::string& out, std::string_view line) {
  if (is_rule(line) || is_table_rule(line) || is_fence(line)) return;
  const std::size_t marks = block_marks(line);
  std::string_view content = line.substr(marks);
  const std::string_view bare = trimmed(content);
  const Row row = bare.size() > 2 && bare.front() == '|' && bare.back() == '|' ? Row::table : Row::text;
  if (row == Row::table) {
    content = trimmed(bare.substr(1, bare.size() - 2));
  }
  Line built(out, row);
  built.append(content);
  const bool quoted = marks > 0 && line.find('>') < marks;
  if ((marks > 0 && !quoted) || row == Row::table) {
    while (!built.written().empty() && (out.back() == ' ' || out.back() == '\r' || out.back() == '#')) out.pop_back();
    if (!ends_a_clause(built.written())) out += '.';
  }
}

}  // namespace

std::string without_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    append_line(out, text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace hearth::speech
