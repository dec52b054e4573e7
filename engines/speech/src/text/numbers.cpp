#include "numbers.h"

#include <array>
#include <cstdint>

namespace hearth::speech {
namespace {

constexpr std::size_t kMaxDigits = 15;

std::uint64_t value_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

std::string_view without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

void add_word(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  out += word;
}

}  // namespace

namespace english {
namespace {

constexpr std::array<std::string_view, 20> kSmall{
    "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
    "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> kTens{"",      "",      "twenty",  "thirty", "forty",
                                                 "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 5> kThousands{"", "thousand", "million", "billion", "trillion"};

void add_below_hundred(std::string& out, std::uint64_t n) {
  if (n < 20) return add_word(out, kSmall[n]);
  add_word(out, kTens[n / 10]);
  if (n % 10 != 0) add_word(out, kSmall[n % 10]);
}

void add_below_thousand(std::string& out, std::uint64_t n) {
  if (n >= 100) {
    add_word(out, kSmall[n / 100]);
    add_word(out, "hundred");
    n %= 100;
    if (n == 0) return;
  }
  add_below_hundred(out, n);
}

std::string ordinal_word(std::string_view cardinal_word) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kIrregular{{{"one", "first"},
                                                                                     {"two", "second"},
                                                                                     {"three", "third"},
                                                                                     {"five", "fifth"},
                                                                                     {"eight", "eighth"},
                                                                                     {"nine", "ninth"},
                                                                                     {"twelve", "twelfth"}}};
  for (const auto& [from, to] : kIrregular)
    if (cardinal_word == from) return std::string(to);
  if (cardinal_word.ends_with('y')) return std::string(cardinal_word.substr(0, cardinal_word.size() - 1)) + "ieth";
  return std::string(cardinal_word) + "th";
}

}  // namespace

std::string one_by_one(std::string_view digits) {
  std::string out;
  for (const char c : digits) add_word(out, kSmall[static_cast<std::size_t>(c - '0')]);
  return out;
}

std::string cardinal(std::string_view digits) {
  digits = without_zeros(digits);
  if (digits.size() > kMaxDigits) return one_by_one(digits);
  const std::uint64_t value = value_of(digits);
  if (value == 0) return "zero";
  std::string out;
  std::uint64_t scale = 1'000'000'000'000;
  for (std::size_t power = kThousands.size(); power-- > 0; scale /= 1000) {
    const std::uint64_t group = value / scale % 1000;
    if (group == 0) continue;
    add_below_thousand(out, group);
    if (power > 0) add_word(out, kThousands[power]);
  }
  return out;
}

std::string ordinal(std::string_view digits) {
  const std::string words = cardinal(digits);
  const std::size_t last = words.rfind(' ');
  if (last == std::string::npos) return ordinal_word(words);
  return words.substr(0, last + 1) + ordinal_word(std::string_view(words).substr(last + 1));
}

std::string year(int year) {
  const auto n = static_cast<std::uint64_t>(year);
  if (n < 1000 || (n >= 2000 && n < 2010) || n % 1000 == 0) return cardinal(std::to_string(n));
  std::string out;
  add_below_hundred(out, n / 100);
  if (n % 100 == 0) {
    add_word(out, "hundred");
  } else {
    if (n % 100 < 10) add_word(out, "oh");
    add_below_hundred(out, n % 100);
  }
  return out;
}

std::string minute(int minute) {
  std::string out = minute < 10 ? "oh" : "";
  add_below_hundred(out, static_cast<std::uint64_t>(minute));
  return out;
}

}  // namespace english

namespace chinese {
namespace {

constexpr std::array<std::string_view, 10> kDigits{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
constexpr std::array<std::string_view, 4> kPlaces{"", "十", "百", "千"};
constexpr std::array<std::string_view, 4> kMyriads{"", "万", "亿", "万亿"};

// 1 to 9999. `padded`: a higher myriad stands before it, so that missing places are said as one zero.
void add_below_myriad(std::string& out, std::uint64_t n, bool padded) {
  std::uint64_t scale = 1000;
  bool begun = false;
  bool gap = padded && n < 1000;
  for (std::size_t place = kPlaces.size(); place-- > 0; scale /= 10) {
    const std::uint64_t digit = n / scale % 10;
    if (digit == 0) {
      gap = gap || begun;
      continue;
    }
    if (gap) out += kDigits[0];
    gap = false;
    const bool bare_ten = digit == 1 && place == 1 && !begun && !padded;  // 十二, not 一十二
    if (!bare_ten) out += kDigits[digit];
    out += kPlaces[place];
    begun = true;
  }
}

}  // namespace

std::string one_by_one(std::string_view digits) {
  std::string out;
  for (const char c : digits) out += kDigits[static_cast<std::size_t>(c - '0')];
  return out;
}

std::string cardinal(std::string_view digits) {
  digits = without_zeros(digits);
  if (digits.size() > kMaxDigits) return one_by_one(digits);
  const std::uint64_t value = value_of(digits);
  if (value == 0) return std::string(kDigits[0]);
  std::string out;
  std::uint64_t scale = 1'000'000'000'000;
  for (std::size_t power = kMyriads.size(); power-- > 0; scale /= 10'000) {
    const std::uint64_t group = value / scale % 10'000;
    if (group == 0) continue;
    add_below_myriad(out, group, !out.empty());
    out += kMyriads[power];
  }
  return out;
}

}  // namespace chinese

}  // namespace hearth::speech
