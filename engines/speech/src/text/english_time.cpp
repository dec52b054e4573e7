#include "numbers.h"
#include "rules.h"

#include <fmt/format.h>

#include <array>

namespace hearth::speech::english {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};

bool exists(int year, int month, int day) {
  constexpr std::array<int, 12> kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= kDays[static_cast<std::size_t>(month - 1)];
}

std::string month_name(int month) {
  return std::string(kMonths[static_cast<std::size_t>(month - 1)]);
}

std::string date_words(int year, int month, int day) {
  return fmt::format("{} {}, {}", month_name(month), ordinal(std::to_string(day)), english::year(year));
}

struct Hours {
  int hour;
  int minute;
  int second;  // -1: not given
};

// "14:05" or "14:05:30"; the hour with one digit or two.
std::optional<Hours> read_hours(Reader& reader) {
  Reader r = reader;
  const auto hour = r.digits(1, 2);
  if (!hour || !r.accept(":")) return std::nullopt;
  const auto minute = r.digits(2, 2);
  if (!minute) return std::nullopt;
  Hours t{to_int(*hour), to_int(*minute), -1};
  if (r.peek() == ':' && is_digit(r.peek(1))) {
    r.skip(1);
    const auto second = r.digits(2, 2);
    if (!second) return std::nullopt;
    t.second = to_int(*second);
  }
  if (t.hour > 24 || t.minute > 59 || t.second > 59 || (t.hour == 24 && t.minute > 0)) return std::nullopt;
  if (r.peek() == ':' || (r.peek() == '.' && is_digit(r.peek(1)))) return std::nullopt;
  reader = r;
  return t;
}

// "am", "p.m.", "PM" …; keeps the full stop that also ends the sentence. Empty if there is none.
std::string read_half(Reader& reader) {
  Reader r = reader;
  r.accept_blank();
  const char first = lower(r.peek());
  if (first != 'a' && first != 'p') return {};
  r.skip(1);
  const bool dotted = r.accept(".");
  if (lower(r.peek()) != 'm') return {};
  r.skip(1);
  if (!r.at_loose_end()) return {};
  std::string words = first == 'a' ? "AM" : "PM";
  if (dotted && r.accept(".")) {
    Reader after = r;
    const bool blank = is_blank(after.next().value);
    after.accept_blank();
    if (after.done() || after.peek() == '\n' || (blank && is_upper(after.peek()))) words += '.';
  }
  reader = r;
  return words;
}

std::string time_words(const Hours& t, bool with_half) {
  const std::string hour = cardinal(std::to_string(t.hour));
  std::string words;
  if (t.minute > 0) {
    words = fmt::format("{} {}", hour, minute(t.minute));
  } else if (with_half) {
    words = hour;
  } else if (t.hour == 0 || t.hour == 24) {
    words = t.second > 0 ? "zero hundred" : "midnight";
  } else {
    words = t.hour <= 12 ? fmt::format("{} o'clock", hour) : fmt::format("{} hundred", hour);
  }
  if (t.second > 0)
    words += fmt::format(" and {} {}", cardinal(std::to_string(t.second)), t.second == 1 ? "second" : "seconds");
  return words;
}

// "Z" or "+02:00" behind a time stamp; what is said of it, with a leading space.
std::string read_zone(Reader& reader) {
  if (reader.peek() == 'Z') {
    reader.skip(1);
    return " UTC";
  }
  Reader r = reader;
  const bool plus = r.accept("+");
  if (!plus && !r.accept("-")) return {};
  const auto hours = r.digits(2, 4);
  if (!hours || hours->size() == 3) return {};
  if (hours->size() == 2 && r.accept(":") && !r.digits(2, 2)) return {};
  reader = r;
  const int hour = to_int(hours->substr(0, 2));
  return hour == 0 ? " UTC" : fmt::format(" UTC {} {}", plus ? "plus" : "minus", cardinal(std::to_string(hour)));
}

// A month's name or its short form with or without a full stop; 1 to 12, 0 if it is none.
int read_month(Reader& reader) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    Reader r = reader;
    if (r.accept(kMonths[i]) && r.at_word_end()) {
      reader = r;
      return static_cast<int>(i) + 1;
    }
    r = reader;
    if (kMonths[i] == "May") continue;
    const bool sept = i == 8 && r.accept("Sept");
    if ((sept || r.accept(kMonths[i].substr(0, 3))) && r.at_word_end()) {
      r.accept(".");
      reader = r;
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

// ", 2026" or " 2026"; 0 if none follows.
int read_year(Reader& reader) {
  Reader r = reader;
  const bool comma = r.accept(",");
  if (!r.accept_blank()) return 0;
  const auto digits = r.digits(4, 4);
  if (!digits || !r.at_word_end() || r.peek() == ':' || (!comma && r.peek() == '%')) return 0;
  if ((r.peek() == '.' || r.peek() == ',') && is_digit(r.peek(1))) return 0;
  const int year = to_int(*digits);
  if (year < 1000) return 0;
  reader = r;
  return year;
}

// "5", "05" or "5th" as a day of a month; 0 if it is none.
int read_day(Reader& reader) {
  Reader r = reader;
  const auto digits = r.digits(1, 2);
  if (!digits) return 0;
  r.accept_any({"st", "nd", "rd", "th"});
  const int day = to_int(*digits);
  if (!r.at_word_end() || day < 1 || day > 31) return 0;
  if ((r.peek() == '.' || r.peek() == ',' || r.peek() == ':') && is_digit(r.peek(1))) return 0;
  reader = r;
  return day;
}

}  // namespace

Match clock_time(const Reader& from) {
  Reader r = from;
  if (const auto t = read_hours(r)) {
    const std::string half = t->hour <= 12 ? read_half(r) : std::string();
    if (!r.at_loose_end()) return std::nullopt;
    const std::string words = time_words(*t, !half.empty());
    return Spoken{r.length(), half.empty() ? words : words + " " + half};
  }
  const auto hour = r.digits(1, 2);
  if (!hour || to_int(*hour) < 1 || to_int(*hour) > 12) return std::nullopt;
  const std::string half = read_half(r);
  if (half.empty()) return std::nullopt;
  return Spoken{r.length(), fmt::format("{} {}", cardinal(*hour), half)};
}

Match calendar_date(const Reader& from) {
  Reader r = from;
  const auto first = r.digits(1, 4);
  if (!first || first->size() == 3) return std::nullopt;
  const char separator = r.peek();
  if (separator != '-' && separator != '/' && separator != '.') return std::nullopt;
  r.skip(1);
  const auto second = r.digits(1, 2);
  if (!second || r.peek() != separator) return std::nullopt;
  r.skip(1);
  if (first->size() == 4) {
    const auto third = r.digits(1, 2);
    if (!third || separator == '.' || !exists(to_int(*first), to_int(*second), to_int(*third))) return std::nullopt;
    std::string words = date_words(to_int(*first), to_int(*second), to_int(*third));
    Reader after = r;
    if (after.accept("T") || (after.accept_blank() && is_digit(after.peek()))) {
      if (const auto t = read_hours(after)) {
        const std::string half = t->hour <= 12 ? read_half(after) : std::string();
        const std::string zone = half.empty() ? read_zone(after) : " " + half;
        words += fmt::format(", {}{}", time_words(*t, !half.empty()), zone);
        r = after;
      }
    }
    if (!r.at_loose_end()) return std::nullopt;
    return Spoken{r.length(), words};
  }
  const auto year = r.digits(4, 4);
  if (!year || first->size() > 2 || !r.at_loose_end()) return std::nullopt;
  int month = to_int(*first);
  int day = to_int(*second);
  if (month > 12 || separator == '.') std::swap(month, day);  // month first is American; with full stops nobody's
  if (!exists(to_int(*year), month, day)) return std::nullopt;
  return Spoken{r.length(), date_words(to_int(*year), month, day)};
}

Match day_and_month(const Reader& from) {
  Reader r = from;
  const int day = read_day(r);
  if (day == 0 || !r.accept_blank()) return std::nullopt;
  const bool of = r.accept("of ");
  const int month = read_month(r);
  if (month == 0 || !exists(2000, month, day)) return std::nullopt;
  const int year = read_year(r);
  const std::string words = fmt::format("{} of {}", ordinal(std::to_string(day)), month_name(month));
  const std::string_view the = of ? "" : "the ";
  return Spoken{r.length(),
                year == 0 ? fmt::format("{}{}", the, words) : fmt::format("{}{}, {}", the, words, english::year(year))};
}

Match month_and_day(const Reader& from) {
  Reader r = from;
  const int month = read_month(r);
  if (month == 0 || !r.accept_blank()) return std::nullopt;
  Reader bare = r;
  if (const auto digits = bare.digits(4, 4);
      digits && bare.at_word_end() && to_int(*digits) >= 1000 && bare.peek() != ':')
    return Spoken{bare.length(), fmt::format("{} {}", month_name(month), english::year(to_int(*digits)))};
  const int day = read_day(r);
  if (day == 0 || !exists(2000, month, day)) return std::nullopt;
  const int year = read_year(r);
  const std::string words = fmt::format("{} {}", month_name(month), ordinal(std::to_string(day)));
  return Spoken{r.length(), year == 0 ? words : fmt::format("{}, {}", words, english::year(year))};
}

}  // namespace hearth::speech::english
