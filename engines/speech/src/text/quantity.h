// Numbers with what belongs to them, as people write them: "1,234.5", "3–5", "€3.50", "100 km/h". Pure; any thread.
#pragma once

#include "reader.h"

#include <string>
#include <string_view>

namespace hearth::speech {

struct Number {
  bool negative = false;
  bool grouped = false;  // written with thousands separators
  std::string whole;     // digits, separators removed; never empty
  std::string fraction;  // digits after the point; empty if none

  [[nodiscard]] bool is_one() const { return whole == "1" && fraction.empty(); }
  [[nodiscard]] bool plain() const { return !negative && !grouped && fraction.empty(); }
};

// An unsigned number at the reader: "1234", "1,234,567", "3.14". Takes nothing (and gives nullopt) when there is none,
// or when it goes on as something else, as "1.2.3" does. At most 40 digits on each side.
std::optional<Number> read_number(Reader& reader);
// A minus sign: "-" or U+2212. Only where it cannot be a hyphen: not after a letter, a digit or a closing bracket.
bool read_minus(Reader& reader);
// What stands between the ends of a range: "-", "–", "—" or "~", with or without spaces (a hyphen only without).
bool read_range_dash(Reader& reader);

enum class Currency { none, dollar, euro, pound, yen, yuan, rupee, won, franc };
// "$", "US$", "€", … at the reader.
Currency read_currency(Reader& reader);
// "USD", "EUR", …; whole words only.
Currency read_currency_code(Reader& reader);

// The units that are known, each with its spoken forms.
struct Unit {
  std::string_view symbol;
  std::string_view one;      // English, singular: "kilometer per hour"
  std::string_view many;     // "kilometers per hour"
  std::string_view chinese;  // "公里每小时"
  bool glued = false;        // counts as a unit only right behind the digits: "5A", not "5 A"
};
// The unit at the reader, behind a number and at most one space; nullptr if there is none.
const Unit* read_unit(Reader& reader);

}  // namespace hearth::speech
