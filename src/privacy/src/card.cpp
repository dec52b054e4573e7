// Payment cards: issuer ranges and lengths as ISO/IEC 7812 and the schemes publish them.
#include "src/checksums.h"
#include "src/numbers.h"

#include <algorithm>
#include <array>

namespace hearth::privacy {

namespace {

struct Range {
  int first;  // of the six leading digits
  int last;
  std::size_t shortest;
  std::size_t longest;
  std::string_view brand;
  bool common;  // false: so wide a range that a card must be spoken of
};

constexpr Range kRanges[] = {
    {400000, 499999, 16, 16, "visa", true},       {510000, 559999, 16, 16, "mastercard", true},
    {222100, 272099, 16, 16, "mastercard", true}, {340000, 349999, 15, 15, "amex", true},
    {370000, 379999, 15, 15, "amex", true},       {601100, 601199, 16, 19, "discover", true},
    {644000, 659999, 16, 19, "discover", true},   {300000, 305999, 14, 14, "diners", true},
    {360000, 369999, 14, 14, "diners", true},     {380000, 399999, 14, 14, "diners", true},
    {352800, 358999, 16, 19, "jcb", true},        {620000, 629999, 16, 19, "unionpay", true},
    {810000, 817199, 16, 19, "unionpay", true},   {220000, 220499, 16, 19, "mir", true},
    {979200, 979289, 16, 16, "troy", true},       {500000, 509999, 12, 19, "maestro", false},
    {560000, 589999, 12, 19, "maestro", false},   {600000, 699999, 12, 19, "maestro", false},
    {400000, 499999, 13, 19, "visa", false},
};

bool grouped_like_a_card(const Piece& piece) {
  if (piece.groups == 1) return true;
  if (piece.separator != ' ' && piece.separator != '-') return false;
  constexpr std::array<std::string_view, 5> kShapes{"4444", "44443", "4446", "465", "464"};
  return std::ranges::find(kShapes, piece.shape()) != kShapes.end();
}

}  // namespace

std::optional<Hit> match_card(Source& source, const Piece& piece) {
  const std::string_view digits = piece.digits();
  if (digits.size() < 12 || piece.glued() || !grouped_like_a_card(piece)) return std::nullopt;
  int leading = 0;
  for (const char c : digits.substr(0, 6)) leading = leading * 10 + (c - '0');
  for (const Range& range : kRanges) {
    if (leading < range.first || leading > range.last) continue;
    if (digits.size() < range.shortest || digits.size() > range.longest) continue;
    if (!luhn(digits)) return std::nullopt;
    const bool spoken_of = source.context.speaks_of(Topic::card, piece.begin, piece.end);
    if (!spoken_of &&
        (!range.common || !piece.stands_alone() || source.context.speaks_of_another_number(piece.begin, piece.end)))
      return std::nullopt;
    return Hit{piece.begin, piece.end, Kind::card, Evidence::checksum, range.brand};
  }
  return std::nullopt;
}

}  // namespace hearth::privacy
