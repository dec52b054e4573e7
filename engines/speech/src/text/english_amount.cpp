#include "numbers.h"
#include "quantity.h"
#include "rules.h"

#include <fmt/format.h>

#include <array>

namespace hearth::speech::english {
namespace {

std::string say(const Number& n) {
  std::string words = n.negative ? "minus " : "";
  words += cardinal(n.whole);
  if (!n.fraction.empty()) words += " point " + one_by_one(n.fraction);
  return words;
}

struct Money {
  std::string_view one;
  std::string_view many;
  std::string_view cent;  // empty: no smaller coin is said
  std::string_view cents;
};

const Money& money_of(Currency c) {
  static constexpr std::array<Money, 9> kMoney{{{"", "", "", ""},
                                                {"dollar", "dollars", "cent", "cents"},
                                                {"euro", "euros", "cent", "cents"},
                                                {"pound", "pounds", "penny", "pence"},
                                                {"yen", "yen", "", ""},
                                                {"yuan", "yuan", "", ""},
                                                {"rupee", "rupees", "paisa", "paise"},
                                                {"won", "won", "", ""},
                                                {"franc", "francs", "centime", "centimes"}}};
  return kMoney[static_cast<std::size_t>(c)];
}

std::string say_money(const Number& n, Currency currency, std::string_view magnitude) {
  const Money& m = money_of(currency);
  if (!magnitude.empty()) return fmt::format("{} {} {}", say(n), magnitude, m.many);
  if (n.fraction.empty()) return fmt::format("{} {}", say(n), n.is_one() ? m.one : m.many);
  if (n.fraction.size() != 2 || m.cent.empty()) return fmt::format("{} {}", say(n), m.many);
  const int cents = to_int(n.fraction);
  const std::string cent_words = fmt::format("{} {}", cardinal(n.fraction), cents == 1 ? m.cent : m.cents);
  const bool whole_is_zero = n.whole.find_first_not_of('0') == std::string::npos;
  const std::string_view sign = n.negative ? "minus " : "";
  if (whole_is_zero && cents > 0) return fmt::format("{}{}", sign, cent_words);
  const std::string whole = fmt::format("{}{} {}", sign, cardinal(n.whole), n.whole == "1" ? m.one : m.many);
  return cents == 0 ? whole : fmt::format("{} and {}", whole, cent_words);
}

// "million", "k", "M", "bn" behind an amount of money; the word that is said, empty if there is none.
std::string_view read_magnitude(Reader& reader) {
  constexpr std::array<std::string_view, 8> kSaid{"thousand", "million", "billion", "trillion",
                                                  "thousand", "million", "billion", "billion"};
  Reader r = reader;
  const bool spaced = r.accept_blank();
  const auto index = r.accept_any({"thousand", "million", "billion", "trillion", "k", "M", "bn", "B"});
  if (!index || !r.at_word_end() || (spaced && *index > 3)) return {};
  reader = r;
  return kSaid[*index];
}

// "/month", "/kg" behind a price.
std::string read_per(Reader& reader) {
  constexpr std::array<std::string_view, 13> kSaid{"month", "month",  "year",        "year",     "week",
                                                   "day",   "hour",   "hour",        "kilogram", "kilowatt hour",
                                                   "liter", "person", "square meter"};
  Reader r = reader;
  if (!r.accept("/")) return {};
  const auto index =
      r.accept_any({"month", "mo", "year", "yr", "week", "day", "hour", "h", "kg", "kWh", "l", "person", "m²"});
  if (!index || !r.at_word_end()) return {};
  reader = r;
  return fmt::format(" per {}", kSaid[*index]);
}

// The vulgar fractions that keyboards and phones write by themselves.
std::string_view read_vulgar(Reader& reader) {
  constexpr std::array<std::string_view, 7> kSaid{"half",       "quarter",   "three quarters", "third",
                                                  "two thirds", "an eighth", "a fifth"};
  const auto index = reader.accept_any({"½", "¼", "¾", "⅓", "⅔", "⅛", "⅕"});
  return index ? kSaid[*index] : std::string_view();
}

std::string with_article(std::string_view fraction, std::string_view article) {
  const bool bare = fraction == "half" || fraction == "quarter" || fraction == "third";
  return bare ? fmt::format("{} {}", article, fraction) : std::string(fraction);
}

// "1/2", "3/4": small denominators only, as larger ones are more often dates, scores or parts of a name.
Match simple_fraction(const Reader& from) {
  constexpr std::array<std::string_view, 11> kParts{"",      "",        "half",   "third", "quarter", "fifth",
                                                    "sixth", "seventh", "eighth", "ninth", "tenth"};
  Reader r = from;
  const auto upper = r.digits(1, 2);
  if (!upper || !r.accept("/")) return std::nullopt;
  const auto under = r.digits(1, 2);
  if (!under || !r.at_word_end() || r.peek() == '/' || r.peek() == '-') return std::nullopt;
  const int n = to_int(*upper);
  const int d = to_int(*under);
  if (n == 24 && d == 7) return Spoken{r.length(), "twenty four seven"};
  if (d < 2 || d > 10 || n < 1 || n >= d) return std::nullopt;
  const std::string_view part = kParts[static_cast<std::size_t>(d)];
  return Spoken{r.length(), fmt::format("{} {}{}", cardinal(*upper), part, n == 1 ? "" : "s")};
}

Match ordinal_number(const Reader& from) {
  Reader r = from;
  const auto number = read_number(r);
  if (!number || number->negative || !number->fraction.empty()) return std::nullopt;
  if (!r.accept_any({"st", "nd", "rd", "th"}) || !r.at_word_end()) return std::nullopt;
  return Spoken{r.length(), ordinal(number->whole)};
}

// "1920x1080", "3×4": what stands between is said as "by" between large sizes, else as "times".
Match product(const Reader& from) {
  Reader r = from;
  const auto left = read_number(r);
  if (!left || !left->plain()) return std::nullopt;
  const bool sign = r.accept("×");
  if (!sign && !(r.peek() == 'x' && is_digit(r.peek(1)))) {
    if (r.peek() != 'x' || !is_blank(code_point_at(r.text(), r.at() + 1).value) || left->whole.size() > 3)
      return std::nullopt;
    r.skip(1);
    return Spoken{r.length(), fmt::format("{} times", cardinal(left->whole))};
  }
  if (!sign) r.skip(1);
  const auto right = read_number(r);
  if (!right || !right->plain() || !r.at_word_end()) return std::nullopt;
  const bool size = left->whole.size() > 2 && right->whole.size() > 2;
  return Spoken{r.length(),
                fmt::format("{} {} {}", cardinal(left->whole), size ? "by" : "times", cardinal(right->whole))};
}

bool looks_like_years(const Number& a, const Number& b) {
  return a.plain() && b.plain() && a.whole.size() == 4 && b.whole.size() == 4 && a.whole[0] != '0' &&
         a.whole < b.whole && to_int(a.whole) >= 1100 && to_int(b.whole) < 2200;
}

struct Span {
  Number low;
  std::optional<Number> high;

  [[nodiscard]] const Number& last() const { return high ? *high : low; }
};

// A number, or two with a dash between them.
std::optional<Span> read_span(Reader& reader) {
  const bool inside_chain = reader.before() == '-';  // "2026-13-45"
  const bool negative = read_minus(reader);
  auto low = read_number(reader);
  if (!low) return std::nullopt;
  low->negative = negative;
  Span span{*low, std::nullopt};
  Reader r = reader;
  if (inside_chain || !read_range_dash(r)) return span;
  read_currency(r);  // "$5-$10"
  const auto high = read_number(r);
  // "555-1234" and "3-5-7" are no ranges, nor is "4-wheel".
  const bool chained = r.peek() == '-' || is_ascii_letter(r.peek());
  if (!high || low->whole.size() > high->whole.size() + 1 || (chained && read_unit(r) == nullptr)) return span;
  if (high->whole.size() > 1 && high->whole[0] == '0') return span;
  span.high = high;
  reader = r;
  return span;
}

std::string say_span(const Span& span) {
  if (!span.high) return say(span.low);
  if (looks_like_years(span.low, *span.high))
    return fmt::format("{} to {}", year(to_int(span.low.whole)), year(to_int(span.high->whole)));
  return fmt::format("{} to {}", say(span.low), say(*span.high));
}

Match money(const Reader& from) {
  Reader r = from;
  const bool negative = read_minus(r);
  Currency currency = read_currency(r);
  if (currency == Currency::none) {
    currency = read_currency_code(r);
    if (currency == Currency::none || is_word(from.before()) || !r.accept_blank()) return std::nullopt;
  }
  auto span = read_span(r);
  if (!span) return std::nullopt;
  span->low.negative = span->low.negative || negative;
  const std::string_view magnitude = read_magnitude(r);
  if (!r.at_word_end()) return std::nullopt;
  std::string words = span->high ? fmt::format("{} to {}", say(span->low), say_money(*span->high, currency, magnitude))
                                 : say_money(span->low, currency, magnitude);
  words += read_per(r);
  return Spoken{r.length(), words};
}

}  // namespace

Match amount(const Reader& from) {
  if (auto found = money(from)) return found;
  Reader r = from;
  if (const std::string_view vulgar = read_vulgar(r); !vulgar.empty())
    return Spoken{r.length(), with_article(vulgar, "one")};
  if (auto found = simple_fraction(from)) return found;
  if (auto found = ordinal_number(from)) return found;
  if (auto found = product(from)) return found;

  r = from;
  auto span = read_span(r);
  if (!span) return std::nullopt;
  Reader after = r;
  if (const std::string_view vulgar = read_vulgar(after); !vulgar.empty() && !span->high)
    return Spoken{after.length(), fmt::format("{} and {}", say(span->low), with_article(vulgar, "a"))};
  after = r;
  after.accept_blank();
  if (after.accept_any({"%", "％"})) return Spoken{after.length(), say_span(*span) + " percent"};
  if (after.accept_any({"€", "£"})) {
    const Currency c = code_point_before(after.text(), after.at()) == U'€' ? Currency::euro : Currency::pound;
    if (after.at_word_end())
      return Spoken{after.length(), span->high ? fmt::format("{} to {}", say(span->low), say_money(*span->high, c, ""))
                                               : say_money(span->low, c, "")};
  }
  after = r;
  if (after.accept_blank()) {
    if (const Currency c = read_currency_code(after); c != Currency::none)
      return Spoken{after.length(), span->high ? fmt::format("{} to {}", say(span->low), say_money(*span->high, c, ""))
                                               : say_money(span->low, c, "")};
  }
  after = r;
  if (const Unit* unit = read_unit(after))
    return Spoken{after.length(),
                  fmt::format("{} {}", say_span(*span), span->last().is_one() ? unit->one : unit->many)};
  if (!r.at_loose_end()) {
    if (is_ascii_letter(r.peek()) || r.peek() == '_') return std::nullopt;  // "3D", "4x4": a name
  }
  if (span->low.plain() && !span->high) return std::nullopt;
  return Spoken{r.length(), say_span(*span)};
}

}  // namespace hearth::speech::english
