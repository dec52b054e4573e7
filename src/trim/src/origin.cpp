#include "src/origin.h"

#include "src/characters.h"

#include <algorithm>
#include <array>
#include <vector>

namespace hearth::trim {
namespace {

using Words = std::vector<std::string>;

// "readTextFile", "mcp__fs__read_text_file": their words, in lower case.
Words words_of(std::string_view text) {
  Words words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_letter(c) && !is_digit(c)) {
      end();
      if (c == '\\') ++i;  // an escape's letter is none
      continue;
    }
    if (is_upper(c) && i > 0 && is_lower(text[i - 1])) end();
    word += to_lower(c);
  }
  end();
  return words;
}

template <std::size_t N>
bool has_any(const Words& words, const std::array<std::string_view, N>& wanted) {
  return std::ranges::any_of(words,
                             [&](const std::string& word) { return std::ranges::find(wanted, word) != wanted.end(); });
}

constexpr std::array<std::string_view, 9> kSearches{"list",  "search", "find", "glob", "grep",
                                                    "query", "stat",   "tree", "info"};
constexpr std::array<std::string_view, 22> kReads{
    "read",     "view",   "open", "cat",  "file",    "files",    "edit",  "write",    "patch",    "apply",    "replace",
    "notebook", "editor", "diff", "show", "content", "contents", "blame", "document", "template", "resource", "load"};
// What looks into a page's markup needs it.
constexpr std::array<std::string_view, 7> kSources{"html", "dom", "source", "element", "selector", "snapshot", "raw"};
constexpr std::array<std::string_view, 11> kFetches{"fetch", "browse", "browser", "web",      "url", "http",
                                                    "crawl", "scrape", "visit",   "navigate", "page"};
// Programs that print what a file holds; those of git's commands that do.
constexpr std::array<std::string_view, 15> kPrinters{"cat", "head", "tail", "sed",     "less", "more",  "bat",   "nl",
                                                     "xxd", "od",   "awk",  "hexdump", "diff", "patch", "batcat"};
constexpr std::array<std::string_view, 4> kOfGit{"show", "diff", "blame", "p"};
constexpr std::array<std::string_view, 3> kFetchers{"curl", "wget", "lynx"};

// An address in the arguments, but none of this machine or of a network of one's own: what is served there is looked at
// by who makes it.
bool names_page(std::string_view arguments) {
  static constexpr std::array<std::string_view, 6> kHome{"localhost", "127.", "0.0.0.0", "[::1]", "192.168.", "10."};
  const std::size_t scheme = arguments.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view before = arguments.substr(0, scheme);
  if (!before.ends_with("http") && !before.ends_with("https")) return false;
  const std::string_view host = arguments.substr(scheme + 3);
  return std::ranges::none_of(kHome, [&](std::string_view home) { return host.starts_with(home); });
}

// Whether a command prints a file; not if the program gets through a pipe what another one says: "ps aux | head".
bool prints_file(std::string_view arguments) {
  bool git = false;
  std::size_t i = 0;
  while (i < arguments.size()) {
    if (!is_word(arguments[i])) {
      i += arguments[i] == '\\' ? 2 : 1;
      continue;
    }
    const std::size_t begin = i;
    while (i < arguments.size() && is_word(arguments[i])) ++i;
    const std::string_view word = arguments.substr(begin, i - begin);
    const std::string_view before = stripped(arguments.substr(0, begin));
    const bool piped = before.ends_with('|') && !before.ends_with("||");
    if (!piped && std::ranges::find(kPrinters, word) != kPrinters.end()) return true;
    if (git && std::ranges::find(kOfGit, word) != kOfGit.end()) return true;
    git = git || word == "git";
  }
  return false;
}

// A log is named as one: "/var/log/…", "build.log".
bool names_log(std::string_view arguments) {
  return arguments.contains("/log/") || arguments.contains(".log") || arguments.contains("syslog");
}

}  // namespace

Origin origin_of(const ToolCall& call) {
  if (call.name.empty()) return Origin::verbatim;
  const Words name = words_of(call.name);
  const Words arguments = words_of(call.arguments);
  if (has_any(name, kSources)) return Origin::verbatim;
  if (names_page(call.arguments) && (has_any(name, kFetches) || has_any(arguments, kFetchers))) return Origin::page;
  if (has_any(name, kSearches)) return Origin::report;
  if (has_any(name, kReads) || prints_file(call.arguments))
    return names_log(call.arguments) ? Origin::log : Origin::verbatim;
  return Origin::report;
}

}  // namespace hearth::trim
