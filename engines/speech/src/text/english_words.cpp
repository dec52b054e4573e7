#include "numbers.h"
#include "quantity.h"
#include "rules.h"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace hearth::speech::english {
namespace {

// Groups of digits with one separator between them, as telephone numbers are written.
struct Groups {
  std::vector<std::string_view> groups;
  std::size_t digits = 0;
};

constexpr std::size_t kMaxPhoneDigits = 15;  // ITU-T E.164

Groups read_groups(Reader& reader, std::string_view separators) {
  Groups found;
  for (;;) {
    const bool bracket = reader.peek() == '(' && is_digit(reader.peek(1));
    Reader r = reader;
    if (bracket) r.skip(1);
    const auto group = r.digits(1, kMaxPhoneDigits);
    if (!group || found.digits + group->size() > kMaxPhoneDigits) return found;
    if (bracket && !r.accept(")")) return found;
    found.groups.push_back(*group);
    found.digits += group->size();
    reader = r;
    const bool more = separators.find(r.peek()) != std::string_view::npos && r.peek() != '\0' &&
                      (is_digit(r.peek(1)) || (r.peek(1) == '(' && is_digit(r.peek(2))));
    if (more) {
      reader.skip(1);
    } else if (!bracket || !is_digit(r.peek())) {
      return found;
    }
  }
}

std::string say_groups(const Groups& g) {
  std::string words;
  for (const std::string_view group : g.groups) {
    if (!words.empty()) words += ", ";
    words += one_by_one(group);
  }
  return words;
}

bool shaped(const Groups& g, std::initializer_list<std::size_t> sizes) {
  if (g.groups.size() != sizes.size()) return false;
  std::size_t i = 0;
  for (const std::size_t size : sizes)
    if (g.groups[i++].size() != size) return false;
  return true;
}

Match international(const Reader& from) {
  if (is_word(from.before())) return std::nullopt;
  Reader r = from;
  if (!r.accept("+")) return std::nullopt;
  const Groups g = read_groups(r, " -./");
  if (g.digits < 7 || !r.at_word_end()) return std::nullopt;
  return Spoken{r.length(), "plus " + say_groups(g)};
}

struct Abbreviation {
  std::string_view written;
  std::string_view said;
  enum class Where { anywhere, before_name, before_number } where;
};
using Where = Abbreviation::Where;

constexpr std::array kAbbreviations{
    Abbreviation{"Dr.", "Doctor", Where::before_name},
    Abbreviation{"Mr.", "Mister", Where::before_name},
    Abbreviation{"Mrs.", "Missus", Where::before_name},
    Abbreviation{"Ms.", "Miz", Where::before_name},
    Abbreviation{"Prof.", "Professor", Where::before_name},
    Abbreviation{"St.", "Saint", Where::before_name},
    Abbreviation{"e.g.", "for example", Where::anywhere},
    Abbreviation{"E.g.", "For example", Where::anywhere},
    Abbreviation{"i.e.", "that is", Where::anywhere},
    Abbreviation{"I.e.", "That is", Where::anywhere},
    Abbreviation{"etc.", "et cetera", Where::anywhere},
    Abbreviation{"approx.", "approximately", Where::anywhere},
    Abbreviation{"Approx.", "Approximately", Where::anywhere},
    Abbreviation{"vs.", "versus", Where::anywhere},
    Abbreviation{"vs", "versus", Where::anywhere},
    Abbreviation{"incl.", "including", Where::anywhere},
    Abbreviation{"excl.", "excluding", Where::anywhere},
    Abbreviation{"resp.", "respectively", Where::anywhere},
    Abbreviation{"dept.", "department", Where::anywhere},
    Abbreviation{"Dept.", "Department", Where::anywhere},
    Abbreviation{"Inc.", "Incorporated", Where::anywhere},
    Abbreviation{"Ltd.", "Limited", Where::anywhere},
    Abbreviation{"w/o", "without", Where::anywhere},
    Abbreviation{"No.", "number", Where::before_number},
    Abbreviation{"no.", "number", Where::before_number},
    Abbreviation{"Fig.", "Figure", Where::before_number},
    Abbreviation{"fig.", "figure", Where::before_number},
    Abbreviation{"Vol.", "Volume", Where::before_number},
    Abbreviation{"vol.", "volume", Where::before_number},
    Abbreviation{"Ch.", "Chapter", Where::before_number},
    Abbreviation{"pp.", "pages", Where::before_number},
    Abbreviation{"p.", "page", Where::before_number},
    Abbreviation{"ca.", "about", Where::before_number},
    Abbreviation{"max.", "maximum", Where::anywhere},
    Abbreviation{"min.", "minimum", Where::before_number},
};

bool fits(const Reader& after, Where where) {
  if (where == Where::anywhere) return true;
  Reader r = after;
  if (!r.accept_blank()) return false;
  const char32_t c = r.next().value;
  if (where == Where::before_number) return is_digit(c);
  return is_letter(c) && !(c >= 'a' && c <= 'z');
}

// The full stop of "etc." also ends the sentence when a capital or nothing follows.
bool ends_sentence(const Reader& after) {
  Reader r = after;
  if (r.done() || r.peek() == '\n') return true;
  return r.accept_blank() && is_upper(r.peek());
}

}  // namespace

Match telephone(const Reader& from) {
  if (auto found = international(from)) return found;
  Reader r = from;
  const Groups g = read_groups(r, "-. ");
  if (g.groups.empty() || !r.at_word_end()) return std::nullopt;
  const bool bracketed = from.peek() == '(';
  if (shaped(g, {3, 3, 4}) && (bracketed || from.peek(3) != ' ')) return Spoken{r.length(), say_groups(g)};
  if (shaped(g, {1, 3, 3, 4}) && from.peek(1) == '-') return Spoken{r.length(), say_groups(g)};
  if (bracketed) return std::nullopt;

  r = from;
  const auto run = r.digits(1, kMaxPhoneDigits + 25);
  if (!run) return std::nullopt;
  // "0301 234567": a leading zero makes it a name, not an amount.
  const bool leading_zero = run->size() > 2 && run->front() == '0';
  if (shaped(g, {3, 4}) && from.peek(3) == '-') {
    Reader end = from;
    end.skip(8);
    return Spoken{end.length(), say_groups(g)};
  }
  const bool goes_on =
      (r.peek() == '.' || r.peek() == ',' || r.peek() == ':' || r.peek() == '/') && is_digit(r.peek(1));
  if (!r.at_loose_end() || goes_on) return std::nullopt;
  if (leading_zero || run->size() >= 10) return Spoken{r.length(), one_by_one(*run)};
  return std::nullopt;
}

Match version(const Reader& from) {
  Reader r = from;
  const bool lettered = r.peek() == 'v' && is_digit(r.peek(1));
  if (lettered) r.skip(1);
  std::vector<std::string_view> parts;
  bool is_address = true;
  for (;;) {
    const auto part = r.digits(1, 9);
    if (!part || parts.size() == 8) return std::nullopt;
    is_address = is_address && part->size() <= 3 && to_int(*part) <= 255;
    parts.push_back(*part);
    if (r.peek() != '.' || !is_digit(r.peek(1))) break;
    r.skip(1);
  }
  if (!r.at_loose_end() || (parts.size() < 3 && !lettered)) return std::nullopt;
  std::string words = lettered ? "version " : "";
  const std::string_view point = is_address && parts.size() == 4 && !lettered ? " dot " : " point ";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) words += point;
    words += parts[i].size() > 1 && parts[i][0] == '0' ? one_by_one(parts[i]) : cardinal(parts[i]);
  }
  return Spoken{r.length(), words};
}

Match abbreviation(const Reader& from) {
  for (const Abbreviation& a : kAbbreviations) {
    Reader r = from;
    if (!r.accept(a.written) || !fits(r, a.where)) continue;
    const bool dotted = a.written.ends_with('.');
    if (is_word(r.next().value) || (!dotted && !r.at_word_end())) continue;
    if (a.written == "max." && ends_sentence(r)) continue;  // "at the max."
    std::string words(a.said);
    if (dotted && a.where == Where::anywhere && ends_sentence(r)) words += '.';
    return Spoken{r.length(), words};
  }
  return std::nullopt;
}

Match symbol(const Reader& from) {
  Reader r = from;
  const char32_t before = r.before();
  if (r.accept_any({"&amp;", "&"})) {
    const bool space_before = before == 0 || is_blank(before);
    const bool space_after = r.done() || is_blank(r.next().value);
    return Spoken{r.length(), fmt::format("{}and{}", space_before ? "" : " ", space_after ? "" : " ")};
  }
  if (r.accept("#") && is_digit(r.peek()) && !is_word(before)) return Spoken{1, "number "};
  r = from;
  if (r.accept("~") && is_digit(r.peek()) && !is_word(before)) return Spoken{1, "about "};
  r = from;
  constexpr std::array<std::string_view, 6> kSaid{"plus or minus", "approximately", "at most",
                                                  "at least",      "not equal to",  "to"};
  if (const auto index = r.accept_any({"±", "≈", "≤", "≥", "≠", "→"})) {
    const bool space_before = before == 0 || is_blank(before);
    const bool space_after = r.done() || is_blank(r.next().value);
    return Spoken{r.length(), fmt::format("{}{}{}", space_before ? "" : " ", kSaid[*index], space_after ? "" : " ")};
  }
  return std::nullopt;
}

}  // namespace hearth::speech::english
