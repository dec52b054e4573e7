// IBANs: ISO 13616, with the lengths of SWIFT's registry.
#include "src/characters.h"
#include "src/checksums.h"
#include "src/numbers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::privacy {

namespace {

struct Country {
  std::string_view code;
  std::size_t length;
};

constexpr Country kCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28},
    {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
    {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30},
    {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
    {"SA", 24}, {"SC", 31}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25}, {"SV", 28}, {"TL", 23},
    {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}};

constexpr std::size_t kLongest = 34;

}  // namespace

std::optional<Hit> match_iban(Source& source, std::size_t digit) {
  const std::string_view text = source.text;
  if (digit < 2 || !is_letter(text[digit - 1]) || !is_letter(text[digit - 2]) || !is_digit(at(text, digit + 1)))
    return std::nullopt;
  const std::size_t begin = digit - 2;
  if (begin < source.taken || edge_before(text, begin) == Edge::glued) return std::nullopt;
  const std::array<char, 2> code{to_upper(text[begin]), to_upper(text[begin + 1])};
  const auto* country = std::ranges::find(kCountries, std::string_view(code.data(), code.size()), &Country::code);
  if (country == std::ranges::end(kCountries)) return std::nullopt;

  // The country and check digits go to the end.
  std::array<char, kLongest> account{};
  std::size_t length = 0;
  std::size_t i = begin;
  while (length < country->length) {
    const char c = at(text, i);
    if (is_alnum(c)) {
      account[length++] = c;
      ++i;
    } else if ((c == ' ' || c == '-') && length > 0 && is_alnum(before(text, i)) && is_alnum(at(text, i + 1))) {
      ++i;
    } else {
      return std::nullopt;
    }
  }
  source.work += i - begin;
  if (edge_after(text, i) == Edge::glued) return std::nullopt;
  std::rotate(account.begin(), account.begin() + 4, account.begin() + static_cast<std::ptrdiff_t>(length));
  if (!mod_97_10({account.data(), length})) return std::nullopt;
  return Hit{begin, i, Kind::iban, Evidence::checksum, country->code};
}

}  // namespace hearth::privacy
