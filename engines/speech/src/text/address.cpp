// URLs and e-mail addresses, said so that a listener could type them: the host in full, the path's first step, no
// query.
#include "rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::speech {
namespace {

constexpr std::size_t kMaxAddress = 256;

bool is_address_char(char c) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  return is_digit(c) || is_ascii_letter(c) || kMarks.find(c) != std::string_view::npos;
}

// The run of address characters at the reader, without the punctuation of the sentence it stands in.
std::string_view token_at(const Reader& from) {
  const std::string_view rest = from.rest();
  std::size_t n = 0;
  while (n < rest.size() && n <= kMaxAddress && is_address_char(rest[n])) ++n;
  if (n > kMaxAddress) return {};
  std::string_view token = rest.substr(0, n);
  constexpr std::string_view kTrailing = ".,;:!?)]'*";
  while (!token.empty() && kTrailing.find(token.back()) != std::string_view::npos) token.remove_suffix(1);
  return token;
}

bool is_top_level(std::string_view label) {
  constexpr std::array<std::string_view, 28> kKnown{
      "com", "org", "net", "edu", "gov", "io", "dev", "app", "ai", "info", "eu", "uk", "de",    "fr",
      "ch",  "at",  "nl",  "se",  "es",  "it", "ca",  "us",  "au", "jp",   "cn", "in", "local", "biz"};
  return std::ranges::find(kKnown, label) != kKnown.end();
}

// Is it labels of letters, digits and hyphens with full stops between, two at least?
bool is_host(std::string_view host) {
  std::size_t labels = 0;
  while (!host.empty()) {
    const std::size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    const bool good = std::ranges::all_of(label, [](char c) { return is_digit(c) || is_ascii_letter(c) || c == '-'; });
    if (label.empty() || !good) return false;
    ++labels;
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
    if (host.empty()) return false;
  }
  return labels >= 2;
}

std::string_view last_label(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
}

// "a.b-c_d" → "a dot b dash c underscore d"
std::string say_name(std::string_view name) {
  std::string words;
  for (const char c : name) {
    const std::string_view said = c == '.'   ? " dot "
                                  : c == '-' ? " dash "
                                  : c == '_' ? " underscore "
                                  : c == '+' ? " plus "
                                             : std::string_view();
    if (said.empty()) {
      words += c;
    } else {
      words += said;
    }
  }
  return words;
}

Match email(std::string_view token) {
  const std::size_t at = token.find('@');
  if (at == 0 || at == std::string_view::npos) return std::nullopt;
  const std::string_view user = token.substr(0, at);
  const std::string_view host = token.substr(at + 1);
  const bool good = std::ranges::all_of(
      user, [](char c) { return is_digit(c) || is_ascii_letter(c) || c == '.' || c == '-' || c == '_' || c == '+'; });
  if (!good || !is_host(host)) return std::nullopt;
  return Spoken{token.size(), fmt::format("{} at {}", say_name(user), say_name(host))};
}

std::string say_path(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  std::string words;
  constexpr std::size_t kSpokenSteps = 2;
  for (std::size_t steps = 0; !path.empty();) {
    const std::size_t slash = path.find('/');
    const std::string_view step = path.substr(0, slash);
    if (!step.empty() && step.find('%') == std::string_view::npos && step.size() <= 40) {
      if (steps++ == kSpokenSteps) break;
      words += " slash " + say_name(step);
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return words;
}

}  // namespace

Match address(const Reader& from) {
  const char32_t before = from.before();
  if (before == '@' || before == '.' || before == '/' || before == '-') return std::nullopt;
  const std::string_view token = token_at(from);
  if (token.size() < 4) return std::nullopt;
  if (auto found = email(token)) return found;

  std::string_view rest = token;
  bool certain = false;
  for (const std::string_view scheme : {"https://", "http://", "ftp://", "www."}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    certain = true;
  }
  const std::size_t host_end = rest.find_first_of("/?#:");
  const std::string_view host = rest.substr(0, host_end);
  const bool numeric = is_digit(host.empty() ? ' ' : host.back());
  if (!certain && (!is_host(host) || numeric || !is_top_level(last_label(host)))) return std::nullopt;
  if (host.empty()) return std::nullopt;
  std::string words = say_name(host);
  if (host_end == std::string_view::npos) return Spoken{token.size(), words};
  std::string_view tail = rest.substr(host_end);
  if (tail.front() == ':') {
    const std::size_t port_end = std::min(tail.find_first_of("/?#"), tail.size());
    words += fmt::format(" port {}", tail.substr(1, port_end - 1));
    tail.remove_prefix(port_end);
  }
  words += say_path(tail);
  return Spoken{token.size(), words};
}

}  // namespace hearth::speech
