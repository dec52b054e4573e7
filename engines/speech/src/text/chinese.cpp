#include "numbers.h"
#include "quantity.h"
#include "rules.h"

#include <fmt/format.h>

#include <array>

namespace hearth::speech::chinese {
namespace {

std::string say(const Number& n) {
  std::string words = n.negative ? "负" : "";
  words += cardinal(n.whole);
  if (!n.fraction.empty()) words += "点" + one_by_one(n.fraction);
  return words;
}

std::string_view currency_name(Currency c) {
  constexpr std::array<std::string_view, 9> kNames{"", "美元", "欧元", "英镑", "元", "元", "卢比", "韩元", "瑞士法郎"};
  return kNames[static_cast<std::size_t>(c)];
}

std::string two_places(int n) {
  return n < 10 ? "零" + cardinal(std::to_string(n)) : cardinal(std::to_string(n));
}

std::string time_words(int hour, int minute, int second) {
  std::string words = cardinal(std::to_string(hour)) + "点";
  if (minute > 0 || second > 0) words += minute == 0 ? "零分" : two_places(minute) + "分";
  if (second > 0) words += cardinal(std::to_string(second)) + "秒";
  return words;
}

std::string date_words(std::string_view year, int month, int day) {
  return fmt::format("{}年{}月{}日", one_by_one(year), cardinal(std::to_string(month)), cardinal(std::to_string(day)));
}

struct Span {
  Number low;
  std::optional<Number> high;
};

std::optional<Span> read_span(Reader& reader) {
  const bool inside_chain = reader.before() == '-';  // "2026-13-45"
  const bool negative = read_minus(reader);
  auto low = read_number(reader);
  if (!low) return std::nullopt;
  low->negative = negative;
  Span span{*low, std::nullopt};
  Reader r = reader;
  if (inside_chain || !read_range_dash(r)) return span;
  const auto high = read_number(r);
  if (!high || r.peek() == '-') return span;
  span.high = high;
  reader = r;
  return span;
}

std::string say_span(const Span& span) {
  return span.high ? fmt::format("{}到{}", say(span.low), say(*span.high)) : say(span.low);
}

bool is_temperature(const Unit& unit) {
  return unit.symbol == "°C" || unit.symbol == "℃" || unit.symbol == "°";
}

}  // namespace

Match clock_time(const Reader& from) {
  Reader r = from;
  const auto hour = r.digits(1, 2);
  if (!hour || !r.accept_any({":", "："})) return std::nullopt;
  const auto minute = r.digits(2, 2);
  if (!minute) return std::nullopt;
  int second = 0;
  if (r.peek() == ':' && is_digit(r.peek(1))) {
    r.skip(1);
    const auto seconds = r.digits(2, 2);
    if (!seconds) return std::nullopt;
    second = to_int(*seconds);
  }
  if (to_int(*hour) > 24 || to_int(*minute) > 59 || second > 59 || !r.at_loose_end()) return std::nullopt;
  return Spoken{r.length(), time_words(to_int(*hour), to_int(*minute), second)};
}

Match calendar_date(const Reader& from) {
  Reader r = from;
  const auto year = r.digits(4, 4);
  if (!year) return std::nullopt;
  if (r.rest().starts_with("年")) return Spoken{r.length(), one_by_one(*year)};
  const char separator = r.peek();
  if (separator != '-' && separator != '/' && separator != '.') return std::nullopt;
  r.skip(1);
  const auto month = r.digits(1, 2);
  if (!month || r.peek() != separator) return std::nullopt;
  r.skip(1);
  const auto day = r.digits(1, 2);
  if (!day || !r.at_loose_end()) return std::nullopt;
  if (to_int(*month) < 1 || to_int(*month) > 12 || to_int(*day) < 1 || to_int(*day) > 31) return std::nullopt;
  return Spoken{r.length(), date_words(*year, to_int(*month), to_int(*day))};
}

Match amount(const Reader& from) {
  Reader r = from;
  const bool negative = read_minus(r);
  const Currency before = read_currency(r);
  if (before == Currency::none && negative) r = from;
  auto span = read_span(r);
  if (!span) return std::nullopt;
  if (before != Currency::none) {
    span->low.negative = span->low.negative || negative;
    const auto magnitude = r.accept_any({"万亿", "亿", "万"});
    constexpr std::array<std::string_view, 3> kMagnitudes{"万亿", "亿", "万"};
    return Spoken{r.length(), fmt::format("{}{}{}", say_span(*span), magnitude ? kMagnitudes[*magnitude] : "",
                                          currency_name(before))};
  }
  Reader after = r;
  after.accept_blank();
  if (after.accept_any({"%", "％"})) {
    const std::string_view sign = span->low.negative ? "负" : "";
    span->low.negative = false;
    const std::string low = fmt::format("{}百分之{}", sign, say(span->low));
    return Spoken{after.length(), span->high ? fmt::format("{}到百分之{}", low, say(*span->high)) : low};
  }
  after = r;
  if (const Unit* unit = read_unit(after)) {
    std::string words = say_span(*span);
    if (span->low.negative && !span->high && is_temperature(*unit))
      words.replace(0, std::string_view("负").size(), "零下");
    return Spoken{after.length(), words + std::string(unit->chinese)};
  }
  if (!r.at_loose_end() || (span->low.plain() && !span->high)) return std::nullopt;
  return Spoken{r.length(), say_span(*span)};
}

}  // namespace hearth::speech::chinese
