#include "src/checksums.h"

#include "src/characters.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hearth::privacy {

namespace {

constexpr int digit(char c) noexcept {
  return c - '0';
}

int number(std::string_view digits) noexcept {
  int value = 0;
  for (const char c : digits) value = value * 10 + digit(c);
  return value;
}

}  // namespace

bool luhn(std::string_view digits) noexcept {
  int sum = 0;
  bool doubled = false;
  for (std::size_t i = digits.size(); i > 0; --i, doubled = !doubled) {
    const int d = digit(digits[i - 1]);
    const int twice = 2 * d;
    sum += !doubled ? d : twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 == 0;
}

bool verhoeff(std::string_view digits) noexcept {
  // Multiplication in the dihedral group: rotations 0 to 4, reflections 5 to 9.
  const auto multiply = [](int a, int b) {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
    return b < 5 ? 5 + (a - b) % 5 : (5 + a - b) % 5;
  };
  // The permutation applied once more with each place, from the right; it has order eight.
  constexpr std::array<int, 10> kPermutation{1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  int check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int d = digit(digits[digits.size() - 1 - i]);
    for (std::size_t times = 0; times < i % 8; ++times) d = kPermutation[static_cast<std::size_t>(d)];
    check = multiply(check, d);
  }
  return check == 0;
}

bool mod_97_10(std::string_view alnum) noexcept {
  int rest = 0;
  for (const char c : alnum) {
    if (is_digit(c)) {
      rest = (rest * 10 + digit(c)) % 97;
    } else {
      rest = (rest * 100 + (to_upper(c) - 'A' + 10)) % 97;
    }
  }
  return rest == 1;
}

bool mod_11_2(std::string_view digits_and_x) noexcept {
  int rest = 0;
  for (const char c : digits_and_x) rest = (rest * 2 + (is_digit(c) ? digit(c) : 10)) % 11;
  return rest == 1;
}

bool mod_11_10(std::string_view digits) noexcept {
  int product = 10;
  for (const char c : digits.substr(0, digits.size() - 1)) {
    const int sum = (product + digit(c)) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (product + digit(digits.back())) % 10 == 1;
}

bool weighted(std::string_view digits, std::string_view weights, int modulus) noexcept {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) sum += digit(digits[i]) * digit(weights[i]);
  return sum % modulus == 0;
}

bool is_date(int year, int month, int day) noexcept {
  if (year < 1800 || year > 2099 || month < 1 || month > 12 || day < 1) return false;
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_cn_resident_id(std::string_view id) noexcept {
  // Provinces by GB/T 2260: tens are regions of the country, and units count from 1 (but Chongqing is 50).
  constexpr std::array<int, 10> kLastProvince{-1, 15, 23, 37, 46, 54, 65, 71, 83, -1};
  const int province = number(id.substr(0, 2));
  if (province > kLastProvince[static_cast<std::size_t>(province / 10)]) return false;
  if (province % 10 == 0 && province != 50) return false;
  const int year = number(id.substr(6, 4));
  if (year < 1880 || !is_date(year, number(id.substr(10, 2)), number(id.substr(12, 2)))) return false;
  return mod_11_2(id);
}

bool is_de_tax_id(std::string_view digits) noexcept {
  if (digits.front() == '0') return false;
  std::array<int, 10> count{};
  for (const char c : digits.substr(0, 10)) ++count[static_cast<std::size_t>(digit(c))];
  const auto repeated = std::ranges::count_if(count, [](int n) { return n > 1; });
  if (repeated != 1 || std::ranges::max(count) > 3) return false;
  return mod_11_10(digits);
}

bool is_es_id(std::string_view id) noexcept {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  int value = number(id.substr(1, 7));
  const char first = id.front();
  if (is_digit(first)) {
    value += digit(first) * 10'000'000;
  } else if (first >= 'X' && first <= 'Z') {
    value += (first - 'X') * 10'000'000;
  } else {
    return false;
  }
  return kLetters[static_cast<std::size_t>(value % 23)] == id.back();
}

bool is_it_tax_code(std::string_view code) noexcept {
  constexpr std::string_view kOmocodia = "LMNPQRSTUV";  // stands for 0 to 9 where two people would share a code
  constexpr std::string_view kDigitPlaces = "0000001101101110";
  constexpr std::string_view kMonths = "ABCDEHLMPRST";
  std::string_view digits_or_letters = code.substr(0, 15);
  std::array<int, 16> digits{};
  for (std::size_t i = 0; i < digits_or_letters.size(); ++i) {
    const char c = code[i];
    if (kDigitPlaces[i] == '1') {
      const std::size_t stand_in = kOmocodia.find(c);
      if (!is_digit(c) && stand_in == std::string_view::npos) return false;
      digits[i] = is_digit(c) ? digit(c) : static_cast<int>(stand_in);
    } else if (!is_upper(c)) {
      return false;
    }
  }
  const int day = digits[9] * 10 + digits[10];
  if (!kMonths.contains(code[8]) || day % 40 < 1 || day % 40 > 31 || day > 71 || !is_upper(code[15])) return false;
  // Values at odd places; at even ones a character is worth its place in its alphabet.
  constexpr std::array<int, 26> kOdd{1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                     20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const int value = is_digit(code[i]) ? digit(code[i]) : code[i] - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
  }
  return sum % 26 == code[15] - 'A';
}

bool is_br_cpf(std::string_view digits) noexcept {
  if (std::ranges::all_of(digits, [&](char c) { return c == digits.front(); })) return false;
  const auto check = [&](std::size_t n) {
    int sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += digit(digits[i]) * static_cast<int>(n + 1 - i);
    return sum * 10 % 11 % 10 == digit(digits[n]);
  };
  return check(9) && check(10);
}

bool is_nl_bsn(std::string_view digits) noexcept {
  int sum = -digit(digits[8]);
  for (std::size_t i = 0; i < 8; ++i) sum += digit(digits[i]) * static_cast<int>(9 - i);
  return sum % 11 == 0 && digits != "000000000";
}

bool is_pl_pesel(std::string_view digits) noexcept {
  // The century is added to the month: 80 for 18xx, then 0, 20, 40, 60.
  const int month = number(digits.substr(2, 2));
  const int century = month >= 80 ? 1800 : 1900 + month / 20 * 100;
  if (!is_date(century + number(digits.substr(0, 2)), month % 20, number(digits.substr(4, 2)))) return false;
  return weighted(digits, "13791379131", 10);
}

bool is_fr_nir(std::string_view digits) noexcept {
  if (!std::string_view("12378").contains(digits.front())) return false;
  // Months past 12 stand for unknown ones.
  const int month = number(digits.substr(3, 2));
  if (month < 1 || (month > 12 && month < 20) || (month > 42 && month < 50)) return false;
  if (digits.substr(5, 2) == "00" || digits.substr(7, 3) == "000" || digits.substr(10, 3) == "000") return false;
  std::int64_t value = 0;
  for (const char c : digits.substr(0, 13)) value = value * 10 + digit(c);
  return 97 - value % 97 == number(digits.substr(13, 2));
}

bool is_us_ssn(std::string_view digits) noexcept {
  const std::string_view area = digits.substr(0, 3);
  return area != "000" && area != "666" && area.front() != '9' && digits.substr(3, 2) != "00" &&
         digits.substr(5) != "0000" && digits != "123456789";
}

bool is_in_aadhaar(std::string_view digits) noexcept {
  return digits.front() >= '2' && verhoeff(digits);
}

}  // namespace hearth::privacy
