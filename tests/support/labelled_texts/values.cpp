#include "values.h"

#include <array>
#include <cstdio>
#include <vector>

namespace hearth::labelled {

namespace {

using Strings = std::vector<std::string>;

constexpr const char* kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr const char* kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr const char* kAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr const char* kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr const char* kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr const char* kHex = "0123456789abcdef";

std::string two(int n) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d", n);
  return text;
}

// "###-####": each # a digit; other characters stay. "N": a digit from 2 to 9.
std::string filled(Random& random, const std::string& form) {
  std::string text;
  for (const char c : form)
    text += c == '#' ? random.digits(1) : c == 'N' ? random.of("23456789", 1) : std::string(1, c);
  return text;
}

std::string filled_one_of(Random& random, const Strings& forms) {
  return filled(random, random.pick(forms));
}

// ISO/IEC 7812: the digit that brings the sum to a multiple of ten.
std::string with_luhn(std::string digits) {
  int total = 0;
  for (std::size_t from_right = 0; from_right < digits.size(); ++from_right) {
    const int d = digits[digits.size() - 1 - from_right] - '0';
    if (from_right % 2 == 0) {
      total += d * 2 / 10 + d * 2 % 10;
    } else {
      total += d;
    }
  }
  return digits + static_cast<char>('0' + (10 - total % 10) % 10);
}

std::string grouped(const std::string& text, const std::vector<std::size_t>& sizes, const std::string& separator) {
  std::string out;
  std::size_t at = 0;
  for (const std::size_t size : sizes) {
    if (at > 0) out += separator;
    out += text.substr(at, size);
    at += size;
  }
  return at < text.size() ? out + separator + text.substr(at) : out;
}

// Remainder of a decimal number of any length.
int remainder(const std::string& digits, int modulus) {
  long value = 0;
  for (const char c : digits) value = (value * 10 + (c - '0')) % modulus;
  return static_cast<int>(value);
}

}  // namespace

std::string name(Random& random) {
  static const Strings names{"Anna", "Jonas", "Wei",  "Fatima", "Pedro", "Chloé", "Olga",
                             "Ravi", "Sofia", "Liam", "Noah",   "Emma",  "Hans",  "Yuki"};
  return random.pick(names);
}

std::string word(Random& random) {
  static const Strings words{"river",  "table",  "window", "planet", "coffee", "garden", "button",
                             "signal", "market", "letter", "engine", "summer", "silver", "bridge"};
  return random.pick(words);
}

std::string email(Random& random) {
  static const Strings first{"anna",         "jonas", "wei.zhang", "fatima",    "pedro.silva", "olga_k",  "ravi-kumar",
                             "m.mustermann", "info",  "j",         "sofia1990", "Liam.OBrien", "hr-team", "x"};
  static const Strings hosts{
      "gmail.com",   "example.org",     "mail.example.co.uk",      "qq.com",          "163.com",       "web.de",
      "t-online.de", "company-name.io", "sub.dept.university.edu", "yahoo.co.jp",     "müller-bau.de", "posteo.net",
      "orange.fr",   "startup.dev",     "outlook.com.br",          "firma.technology"};
  std::string local = random.pick(first);
  if (random.one_in(4)) local += random.digits(3);
  if (random.one_in(6)) local += "+" + word(random);
  return local + "@" + random.pick(hosts);
}

std::string phone_abroad(Random& random) {
  static const Strings forms{"+1 N0# N## ####",   "+1 (N1N) N##-####", "+1-N0#-N##-####",   "+1N0#N######",
                             "+44 20 7### ####",  "+44 7### ######",   "+49 30 ########",   "+49 (0)89 #######",
                             "+49-151-########",  "+49 171/#######",   "+33 6 ## ## ## ##", "+33 (0)1 ## ## ## ##",
                             "+34 6## ## ## ##",  "+39 06 #### ####",  "+31 6 ########",    "+86 13# #### ####",
                             "+86-15#########",   "+8618#########",    "+81 90-####-####",  "+91 9#### #####",
                             "+55 11 9####-####", "+48 5## ### ###",   "+41 79 ### ## ##",  "+43 664 #######",
                             "+61 4## ### ###",   "+65 9### ####",     "+852 9### ####",    "+82 10-####-####",
                             "+7 9## ###-##-##",  "+380 67 ### ## ##", "+971 50 ### ####",  "+234 80# ### ####"};
  return filled_one_of(random, forms);
}

std::string phone_us(Random& random) {
  return filled_one_of(
      random, {"(N0#) N3#-####", "N0#-N4#-####", "N0#.N5#.####", "1-N0#-N2#-####", "N0# N6# ####", "N0#N7#####"});
}
std::string phone_cn(Random& random) {
  return filled_one_of(random, {"13#########", "15#########", "18#########", "13# #### ####", "177-####-####",
                                "010-6#######", "021 5### ####"});
}
std::string phone_de(Random& random) {
  return filled_one_of(random, {"030 ########", "030/#######", "0171-#######", "0151 ########", "(089) ######-##",
                                "06221 ######", "0176########"});
}
std::string phone_fr(Random& random) {
  return filled_one_of(random, {"06 ## ## ## ##", "01 ## ## ## ##", "07.##.##.##.##", "06########"});
}
std::string phone_gb(Random& random) {
  return filled_one_of(random, {"07### ######", "020 7### ####", "0161 ### ####", "07#########"});
}
std::string phone_es(Random& random) {
  return filled_one_of(random, {"6## ### ###", "91 ### ## ##", "6########"});
}
std::string phone_in(Random& random) {
  return filled_one_of(random, {"9#########", "98### #####", "80-2### ####"});
}
std::string phone_br(Random& random) {
  return filled_one_of(random, {"(11) 9####-####", "(21) 3###-####", "11 9#### ####"});
}
std::string phone_jp(Random& random) {
  return filled_one_of(random, {"090-####-####", "03-####-####", "080########"});
}

std::string card(Random& random) {
  struct Issuer {
    const char* form;
    std::vector<std::size_t> groups;
  };
  static const std::vector<Issuer> issuers{
      {"4##############", {4, 4, 4}}, {"51#############", {4, 4, 4}}, {"55#############", {4, 4, 4}},
      {"2221###########", {4, 4, 4}}, {"34############", {4, 6}},     {"37############", {4, 6}},
      {"6011###########", {4, 4, 4}}, {"3530###########", {4, 4, 4}}, {"36###########", {4, 6}}};
  const Issuer& issuer = random.pick(issuers);
  const std::string digits = with_luhn(filled(random, issuer.form));
  switch (random.below(3)) {
    case 0:
      return digits;
    case 1:
      return grouped(digits, issuer.groups, " ");
    default:
      return grouped(digits, issuer.groups, "-");
  }
}

std::string card_unionpay(Random& random) {
  const std::string digits = with_luhn(filled(random, random.one_in(2) ? "622###############" : "62#############"));
  return random.one_in(2) ? digits : grouped(digits, {4, 4, 4, 4}, " ");
}

std::string iban(Random& random) {
  struct Country {
    const char* code;
    const char* account;  // '#' a digit, '&' a letter, '*' either
  };
  static const std::vector<Country> countries{{"DE", "##################"},
                                              {"FR", "##########***********##"},
                                              {"GB", "&&&&##############"},
                                              {"ES", "####################"},
                                              {"IT", "&##########************"},
                                              {"NL", "&&&&##########"},
                                              {"CH", "#####************"},
                                              {"AT", "################"},
                                              {"BE", "############"},
                                              {"PL", "########################"},
                                              {"NO", "###########"},
                                              {"SE", "####################"},
                                              {"DK", "##############"},
                                              {"PT", "#####################"},
                                              {"IE", "&&&&##############"}};
  const Country& country = random.pick(countries);
  std::string account;
  for (const char c : std::string(country.account))
    account += random.of(c == '#' ? "0123456789" : c == '&' ? kUpper : "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1);
  std::string expanded;
  for (const char c : account + country.code + "00")
    expanded += c >= 'A' ? std::to_string(c - 'A' + 10) : std::string(1, c);
  const std::string whole = country.code + two(98 - remainder(expanded, 97)) + account;
  if (random.one_in(2)) return whole;
  std::string spaced;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && i % 4 == 0) spaced += ' ';
    spaced += whole[i];
  }
  return spaced;
}

std::string id_cn(Random& random) {
  static const Strings regions{"110101", "310115", "440305", "500112", "330106",
                               "510104", "420111", "610113", "370102", "230103"};
  const std::string body = random.pick(regions) + std::to_string(random.between(1940, 2015)) +
                           two(random.between(1, 12)) + two(random.between(1, 28)) + random.digits(3);
  // GB 11643: weights are powers of two modulo eleven.
  int sum = 0;
  int weight = 1;
  for (std::size_t i = body.size(); i > 0; --i) {
    weight = weight * 2 % 11;
    sum += (body[i - 1] - '0') * weight;
  }
  const int check = (12 - sum % 11) % 11;
  return body + (check == 10 ? "X" : std::to_string(check));
}

std::string id_us(Random& random) {
  return two(random.between(1, 65)) + random.of("123456789", 1) + "-" + two(random.between(1, 99)) + "-" +
         random.of("123456789", 1) + random.digits(3);
}

std::string id_de(Random& random) {
  // Ten digits, of which one is there twice and one is not there.
  std::string pool = "0123456789";
  for (std::size_t i = pool.size(); i > 1; --i) std::swap(pool[i - 1], pool[random.below(i)]);
  pool[9] = pool[random.below(9)];
  for (std::size_t i = pool.size(); i > 1; --i) std::swap(pool[i - 1], pool[random.below(i)]);
  if (pool[0] == '0') {
    const std::size_t other = pool.find_first_not_of('0');
    std::swap(pool[0], pool[other]);
  }
  int product = 10;
  for (const char c : pool) {
    int sum = (c - '0' + product) % 10;
    if (sum == 0) sum = 10;
    product = 2 * sum % 11;
  }
  const int check = 11 - product == 10 ? 0 : 11 - product;
  const std::string whole = pool + std::to_string(check);
  return random.one_in(2) ? whole : grouped(whole, {2, 3, 3}, " ");
}

std::string id_es(Random& random) {
  const std::string letters = "TRWAGMYFPDXBNJZSQVHLCKE";
  if (random.one_in(3)) {
    const std::size_t prefix = random.below(3);
    const std::string digits = random.digits(7);
    const auto value = static_cast<std::size_t>(std::stol(std::to_string(prefix) + digits));
    return std::string(1, "XYZ"[prefix]) + digits + letters[value % 23];
  }
  const std::string digits = random.digits(8);
  const char letter = letters[static_cast<std::size_t>(std::stol(digits)) % 23];
  return digits + (random.one_in(4) ? "-" : "") + letter;
}

std::string id_it(Random& random) {
  const std::string consonants = "BCDFGLMNPRSTVZ";
  const std::string body = random.of(consonants, 6) + two(random.between(40, 99)) + random.of("ABCDEHLMPRST", 1) +
                           two(random.between(1, 28) + (random.one_in(2) ? 40 : 0)) + random.of("ABCDEFGHL", 1) +
                           random.digits(3);
  // The decree's table for characters in odd places; even ones count as they stand.
  static const std::array<int, 36> odd{1,  0,  5, 7, 9,  13, 15, 17, 19, 21, 1,  0,  5,  7,  9,  13, 15, 17,
                                       19, 21, 2, 4, 18, 20, 11, 3,  6,  8,  12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t place = 1; place <= body.size(); ++place) {
    const char c = body[place - 1];
    const bool digit = c <= '9';
    sum += place % 2 == 1 ? odd[static_cast<std::size_t>(digit ? c - '0' : c - 'A' + 10)] : digit ? c - '0' : c - 'A';
  }
  return body + static_cast<char>('A' + sum % 26);
}

std::string id_in(Random& random) {
  // Verhoeff, by the tables of the group and its inverse.
  static const int d[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
  static const int p[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                               {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                               {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                               {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
  static const int inverse[10] = {0, 4, 3, 2, 1, 5, 6, 7, 8, 9};
  const std::string body = random.of("23456789", 1) + random.digits(10);
  int c = 0;
  for (std::size_t i = 0; i < body.size(); ++i) c = d[c][p[(i + 1) % 8][body[body.size() - 1 - i] - '0']];
  const std::string whole = body + std::to_string(inverse[c]);
  return random.one_in(3) ? whole : grouped(whole, {4, 4}, " ");
}

std::string id_br(Random& random) {
  std::string digits = random.digits(8) + random.of("123456789", 1);
  for (int round = 0; round < 2; ++round) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * static_cast<int>(digits.size() + 1 - i);
    const int rest = sum % 11;
    digits += static_cast<char>('0' + (rest < 2 ? 0 : 11 - rest));
  }
  if (random.one_in(3)) return digits;
  return digits.substr(0, 3) + "." + digits.substr(3, 3) + "." + digits.substr(6, 3) + "-" + digits.substr(9);
}

std::string id_nl(Random& random) {
  while (true) {
    const std::string body = random.of("123456789", 1) + random.digits(7);
    int sum = 0;
    for (int i = 0; i < 8; ++i) sum += (9 - i) * (body[static_cast<std::size_t>(i)] - '0');
    if (sum % 11 < 10) return body + std::to_string(sum % 11);
  }
}

std::string id_pl(Random& random) {
  const int year = random.between(1950, 2010);
  const std::string body = two(year % 100) + two(random.between(1, 12) + (year >= 2000 ? 20 : 0)) +
                           two(random.between(1, 28)) + random.digits(4);
  const int weights[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
  int sum = 0;
  for (std::size_t i = 0; i < body.size(); ++i) sum += weights[i] * (body[i] - '0') % 10;
  return body + std::to_string((10 - sum % 10) % 10);
}

std::string id_fr(Random& random) {
  const std::string body = random.of("12", 1) + two(random.between(40, 99)) + two(random.between(1, 12)) +
                           two(random.between(1, 95)) + two(random.between(1, 99)) + random.of("123456789", 1) +
                           two(random.between(0, 99)) + random.of("123456789", 1);
  const std::string whole = body + two(97 - remainder(body, 97));
  return random.one_in(2) ? whole : grouped(whole, {1, 2, 2, 2, 3, 3}, " ");
}

std::string private_key(Random& random) {
  static const Strings kinds{"RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY",
                             "ENCRYPTED PRIVATE KEY"};
  const std::string kind = random.pick(kinds);
  std::string text = "-----BEGIN " + kind + "-----\n";
  const int lines = random.between(3, 26);
  for (int i = 0; i < lines; ++i) text += random.of(kBase64, 64) + "\n";
  return text + random.of(kBase64, 22) + "==\n-----END " + kind + "-----";
}

std::string api_key(Random& random) {
  switch (random.below(14)) {
    case 0:
      return "sk-proj-" + random.of(kBase64Url, 48);
    case 1:
      return "sk-" + random.of(kAlnum, 48);
    case 2:
      return "sk-ant-api03-" + random.of(kBase64Url, 93) + "AA";
    case 3:
      return "ghp_" + random.of(kAlnum, 36);
    case 4:
      return "github_pat_" + random.of(kAlnum, 22) + "_" + random.of(kAlnum, 59);
    case 5:
      return "glpat-" + random.of(kAlnum, 20);
    case 6:
      return "xoxb-" + random.digits(12) + "-" + random.digits(12) + "-" + random.of(kAlnum, 24);
    case 7:
      return "AKIA" + random.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
    case 8:
      return "AIza" + random.of(kBase64Url, 34) + random.of(kAlnum, 1);
    case 9:
      return "sk_live_" + random.of(kAlnum, 24);
    case 10:
      return "hf_" + random.of(kAlnum, 34);
    case 11:
      return "npm_" + random.of(kAlnum, 36);
    case 12:
      return "LTAI5t" + random.of(kAlnum, 18);
    default:
      return "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ" + random.of(kBase64Url, 60) + "." + random.of(kBase64Url, 42) +
             random.of(kAlnum, 1);
  }
}

std::string opaque_key(Random& random) {
  return random.one_in(2) ? random.of(kHex, 32) : random.of(kAlnum, 24 + random.below(20));
}

std::string password(Random& random) {
  const std::string base = word(random);
  switch (random.below(4)) {
    case 0:
      return static_cast<char>(base[0] - 32) + base.substr(1) + random.digits(3) + random.of("!#$%*", 1) +
             random.of(kLower, 1);
    case 1:
      return random.of(kAlnum, 9) + random.of("!#$%*+", 1) + random.of(kAlnum, 4);
    case 2:
      return base + random.digits(2) + word(random);
    default:
      return random.of(kLower, 2) + random.digits(2) + random.of(kAlnum, 7) + random.digits(1);
  }
}

std::string weak_password(Random& random) {
  return word(random) + word(random);
}

std::string url_credentials(Random& random) {
  static const Strings users{"app", "root", "svc_user", "admin", "reader"};
  return random.pick(users) + ":" + random.of(kAlnum, 12);
}

std::string uuid(Random& random) {
  return random.of(kHex, 8) + "-" + random.of(kHex, 4) + "-4" + random.of(kHex, 3) + "-" + random.of("89ab", 1) +
         random.of(kHex, 3) + "-" + random.of(kHex, 12);
}

std::string hash(Random& random) {
  static const std::vector<std::size_t> lengths{7, 12, 32, 40, 64};
  return random.of(kHex, random.pick(lengths));
}

std::string luhn_number(Random& random) {
  return with_luhn(filled(random, random.one_in(2) ? "4##############" : "52#############"));
}

}  // namespace hearth::labelled
