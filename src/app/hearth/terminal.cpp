#include "terminal.h"

#include <hearth/core/utf8.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cwchar>

namespace hearth::tool {
namespace {

bool set_in_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// wcwidth knows Unicode's East Asian widths, but only in a UTF-8 locale: this one is built into the C library.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

wchar_t decode(std::string_view sequence) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i])); };
  std::uint32_t c = at(0);
  if (sequence.size() == 2) c = (at(0) & 0x1FU) << 6U | (at(1) & 0x3FU);
  if (sequence.size() == 3) c = (at(0) & 0x0FU) << 12U | (at(1) & 0x3FU) << 6U | (at(2) & 0x3FU);
  if (sequence.size() == 4)
    c = (at(0) & 0x07U) << 18U | (at(1) & 0x3FU) << 12U | (at(2) & 0x3FU) << 6U | (at(3) & 0x3FU);
  return static_cast<wchar_t>(c);
}

struct Character {
  std::string_view bytes;
  std::size_t width;
};

// The character that `text` begins with. Call with a Utf8Locale alive.
Character first_character(std::string_view text) {
  const std::size_t n = utf8_sequence_length(text);
  if (n == 0) return {text.substr(0, 1), 1};
  if (n == 1) return {text.substr(0, 1), static_cast<unsigned char>(text[0]) < 0x20 ? 0U : 1U};
  const int width = wcwidth(decode(text.substr(0, n)));
  return {text.substr(0, n), width < 0 ? 1 : static_cast<std::size_t>(width)};
}

}  // namespace

Terminal Terminal::detect() {
  Terminal t;
  t.out = isatty(STDOUT_FILENO) == 1;
  t.err = isatty(STDERR_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const bool colours = !set_in_environment("NO_COLOR") && term != nullptr && std::string_view(term) != "dumb";
  t.out_colour = t.out && colours;
  t.err_colour = t.err && colours;
  winsize size{};
  const int fd = t.out ? STDOUT_FILENO : STDERR_FILENO;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    t.columns = size.ws_col;
  } else if (const char* columns = std::getenv("COLUMNS")) {
    const long wanted = std::strtol(columns, nullptr, 10);
    if (wanted >= 20 && wanted <= 1000) t.columns = static_cast<std::size_t>(wanted);
  }
  return t;
}

std::string paint(std::string_view text, Ink ink, bool colour) {
  if (!colour || ink == Ink::plain) return std::string(text);
  const auto code = [&]() -> std::string_view {
    switch (ink) {
      case Ink::bold:
        return "1";
      case Ink::dim:
        return "2";
      case Ink::red:
        return "31";
      case Ink::green:
        return "32";
      case Ink::yellow:
        return "33";
      case Ink::blue:
        return "36";
      case Ink::plain:
        break;
    }
    return "0";
  }();
  std::string out = "\033[";
  out.append(code).append("m").append(text).append("\033[0m");
  return out;
}

std::size_t display_width(std::string_view text) {
  const Utf8Locale utf8;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    width += c.width;
    text.remove_prefix(c.bytes.size());
  }
  return width;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  const Utf8Locale utf8;
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    if (width + c.width > columns - 1) break;
    out += c.bytes;
    width += c.width;
    text.remove_prefix(c.bytes.size());
  }
  return out + "…";
}

std::string pad_right(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(columns > width ? columns - width : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(columns > width ? columns - width : 0, ' ') + std::string(text);
}

std::string printable(std::string_view text, Newlines newlines) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    // C1 controls (U+0080 to U+009F) are escape sequences to some terminals.
    const bool c1 = n == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (n == 0 || c1) {
      out += kReplacement;
    } else if (n == 1 && byte == '\n') {
      out += newlines == Newlines::keep ? '\n' : ' ';
    } else if (n == 1 && byte == '\t') {
      out += newlines == Newlines::keep ? '\t' : ' ';
    } else if (n == 1 && (byte < 0x20 || byte == 0x7F)) {
      if (byte != '\r' && byte != '\f') out += kReplacement;
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace hearth::tool
