#include "checks.h"

#include <hearth/core/ids.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <regex>

namespace hearth::eval {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string without_space(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return !std::string_view(" \t\r\n").contains(c); });
  return out;
}

// All that is no white space is there, in its order; and where a text as a whole is JSON, its value is the same.
void check_json(const Change& change, Checked& checked) {
  checked.note(without_space(change.before) == without_space(change.after), "characters of JSON");
  boost::json::error_code error;
  const boost::json::value before = boost::json::parse(change.before, error);
  if (error) return;
  checked.note(boost::json::parse(change.after, error) == before && !error, "a JSON value");
}

// Each line is there as a terminal shows it, and in order.
void check_whitespace(const Change& change, Checked& checked) {
  static const std::regex kEscape("\x1b\\[[0-9;?]*[A-Za-z]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)");
  const std::vector<std::string> after = lines_of(change.after);
  auto next = after.begin();
  for (std::string line : lines_of(change.before)) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.pop_back();
    if (const auto back = line.rfind('\r'); back != std::string::npos) line.erase(0, back + 1);
    line = trimmed_line(std::regex_replace(line, kEscape, ""));
    if (line.empty()) continue;
    const auto found = std::find(next, after.end(), line);
    checked.note(found != after.end(), line);
    if (found != after.end()) next = found + 1;
  }
}

std::map<std::string, int> words_of(std::string_view text) {
  std::map<std::string, int> words;
  std::string word;
  for (const char c : text) {
    const bool inside = (std::isalnum(static_cast<unsigned char>(c)) != 0) || static_cast<unsigned char>(c) >= 0x80;
    if (inside) word += c;
    if (!inside && !word.empty()) ++words[std::exchange(word, {})];
  }
  if (!word.empty()) ++words[word];
  return words;
}

// Each word that a browser shows is there as often. Words are parted at underscores here and there.
void check_markup(const Change& change, Checked& checked) {
  if (change.visible == nullptr) return;
  std::string shown;
  for (const std::string& word : *change.visible) shown.append(word).append(" ");
  std::ranges::replace(shown, '_', ' ');
  const auto after = words_of(change.after);
  for (const auto& [word, count] : words_of(shown)) {
    const auto found = after.find(word);
    checked.note(found != after.end() && found->second >= count, word);
  }
}

// Lines that tell of trouble are all there, and the others are there or counted.
void check_logs(const Change& change, Checked& checked) {
  static const std::regex kTrouble("error|fail|warn|fatal|denied|refused|exception|timeout|critical",
                                   std::regex::icase | std::regex::optimize);
  static const std::regex kCount(R"(^\[(\d+) more lines like .*\]$)");
  std::map<std::string, int> after;
  std::size_t counted = 0;
  std::size_t kept = 0;
  for (const std::string& line : lines_of(change.after)) {
    std::smatch found;
    if (std::regex_match(line, found, kCount)) {
      counted += std::stoul(found[1]);
    } else {
      ++after[line];
      ++kept;
    }
  }
  const std::vector<std::string> before = lines_of(change.before);
  checked.note(kept + counted == before.size(), "a number of lines");
  for (const std::string& line : before)
    if (std::regex_search(line, kTrouble)) checked.note(after[line]-- > 0, line);
}

// What a reference stands for was sent before, word for word; or, if it is a whole text, with references of its own.
void check_duplicates(const Change& change, Checked& checked) {
  if (change.after.starts_with("[the same text as ")) {
    const bool came = change.came->contains(trimmed_line(std::string(change.before)));
    return checked.note(came, "a text that is referred to");
  }
  static const std::regex kRun(R"(^\[(\d+) lines as in .*\]$)");
  const std::vector<std::string> before = lines_of(change.before);
  std::size_t at = 0;
  for (const std::string& line : lines_of(change.after)) {
    std::smatch found;
    if (!std::regex_match(line, found, kRun)) {
      checked.note(at < before.size() && before[at] == line, line);
      ++at;
      continue;
    }
    std::string run;
    for (std::size_t n = std::stoul(found[1]); n > 0 && at < before.size(); --n) run.append(before[at++]).append("\n");
    run.pop_back();
    checked.note(change.sent.contains(run), "lines that are referred to");
  }
  checked.note(at == before.size(), "the last lines");
}

// All but the blobs is there, and each note has a digest of something.
void check_blobs(const Change& change, Checked& checked) {
  static const std::regex kNote(R"(\[[a-z/0-9.+, -]*\d+ bytes, sha256 [0-9a-f]{16}, left out\])");
  const std::string after(change.after);
  std::size_t at = 0;
  std::size_t from = 0;
  for (auto it = std::sregex_iterator(after.begin(), after.end(), kNote); it != std::sregex_iterator(); ++it) {
    const std::string_view part = std::string_view(after).substr(at, static_cast<std::size_t>(it->position()) - at);
    const std::size_t found = change.before.find(part, from);
    checked.note(found != std::string_view::npos, part);
    if (found != std::string_view::npos) from = found + part.size();
    at = static_cast<std::size_t>(it->position() + it->length());
  }
  checked.note(change.before.ends_with(std::string_view(after).substr(at)), "what is behind the last file");
}

}  // namespace

std::string trimmed_line(std::string_view line) {
  while (!line.empty() && std::string_view(" \t\r\n").contains(line.back())) line.remove_suffix(1);
  return std::string(line);
}

void Checked::note(bool there, std::string_view thing) {
  ++things;
  if (there) return;
  ++lost;
  constexpr std::size_t kMost = 5;
  if (examples.size() < kMost) examples.emplace_back(thing.substr(0, 100));
}

void check(const Change& change, Checked& checked) {
  switch (change.step) {
    case trim::Step::json:
      return check_json(change, checked);
    case trim::Step::whitespace:
      return check_whitespace(change, checked);
    case trim::Step::markup:
      return check_markup(change, checked);
    case trim::Step::logs:
      return check_logs(change, checked);
    case trim::Step::duplicates:
      return check_duplicates(change, checked);
    case trim::Step::blobs:
      return check_blobs(change, checked);
    case trim::Step::tools:
      return;
  }
}

}  // namespace hearth::eval
