#include "src/email.h"

#include "src/characters.h"

#include <algorithm>
#include <array>

namespace hearth::privacy {

namespace {

constexpr std::size_t kMaxLocal = 64;    // RFC 5321, 4.5.3.1.1
constexpr std::size_t kMaxDomain = 253;  // what fits into DNS's 255 octets

// A two-byte letter's bytes, whichever way one comes from. Of three-byte characters (Han and the like) none: they stand
// directly beside addresses.
bool in_foreign_letter(std::string_view text, std::size_t i) {
  const unsigned b = byte(text[i]);
  if (b >= 0xC3 && b <= 0xDF) return true;
  return b >= 0x80 && b <= 0xBF && i > 0 && byte(text[i - 1]) >= 0xC3 && byte(text[i - 1]) <= 0xDF;
}

constexpr ByteSet kLocalSigns("._%+-'");

bool in_local(std::string_view text, std::size_t i) {
  const char c = text[i];
  return is_alnum(c) || kLocalSigns.contains(c) || in_foreign_letter(text, i);
}

// Endings that files and services have and no domain has.
bool is_ending_of_files(std::string_view top) {
  constexpr std::array<std::string_view, 25> kEndings{
      "png",  "jpg",  "jpeg", "gif", "svg",  "webp", "ico",  "css",     "js",     "mjs",   "ts",     "tsx", "jsx",
      "json", "html", "txt",  "pdf", "yaml", "yml",  "lock", "service", "target", "timer", "socket", "exe"};
  return std::ranges::any_of(kEndings,
                             [&](std::string_view e) { return e.size() == top.size() && begins_with(top, e); });
}

}  // namespace

std::optional<Hit> match_email(Source& source, std::size_t sign, std::size_t sign_length) {
  const std::string_view text = source.text;
  std::size_t begin = sign;
  while (begin > source.taken && sign - begin < kMaxLocal && in_local(text, begin - 1)) --begin;
  source.work += sign - begin;
  while (begin < sign && std::string_view(".-'%").contains(text[begin])) ++begin;
  if (begin == sign || before(text, sign) == '.') return std::nullopt;
  const std::size_t dots = text.substr(begin, sign - begin).rfind("..");
  if (dots != std::string_view::npos) begin += dots + 2;

  const std::size_t from = sign + sign_length;
  std::size_t end = from;
  std::size_t label = from;  // where the last label begins
  std::size_t labels = 0;
  while (end < text.size() && end - from < kMaxDomain) {
    const char c = text[end];
    if (is_alnum(c) || in_foreign_letter(text, end) || (c == '-' && end > label)) {
      ++end;
    } else if (c == '.' && end > label && end + 1 < text.size() &&
               (is_alnum(text[end + 1]) || in_foreign_letter(text, end + 1))) {
      ++labels;
      label = ++end;
    } else {
      break;
    }
  }
  source.work += end - from;
  while (end > label && before(text, end) == '-') --end;
  if (labels == 0) return std::nullopt;
  const std::string_view top = text.substr(label, end - label);
  const bool letters = std::ranges::all_of(top, [](char c) { return is_letter(c) || byte(c) >= 0x80; });
  if (top.size() < 2 || !(letters || begins_with(top, "xn--")) || is_ending_of_files(top)) return std::nullopt;
  // "git@github.com:owner/name.git", and what comes before a path.
  if (at(text, end) == ':' && (is_letter(at(text, end + 1)) || at(text, end + 1) == '~') &&
      text.substr(begin, sign - begin) == "git")
    return std::nullopt;
  return Hit{begin, end, Kind::email, Evidence::shape, "email"};
}

}  // namespace hearth::privacy
