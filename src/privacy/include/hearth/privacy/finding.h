// What a detector says of a piece of text.
#pragma once

#include <hearth/core/data_class.h>

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace hearth::privacy {

enum class Kind { email, phone, card, iban, national_id, private_key, api_key, password, custom };
inline constexpr std::size_t kKinds = 9;
// As it is written in placeholders, counters and documents: "email", "national_id".
std::string_view to_string(Kind kind) noexcept;

// Why it is believed: it merely has the form of one; words nearby say so; its check digits are right.
enum class Evidence { shape, context, checksum };

struct Finding {
  std::size_t offset = 0;  // in bytes of the text that was scanned
  std::size_t length = 0;
  Kind kind = Kind::email;
  Evidence evidence = Evidence::shape;
  DataClass data_class = DataClass::personal;
  std::string_view what;  // more exactly: "cn_resident_id", "visa", a pattern's name; lives as long as the Detectors
  friend bool operator==(const Finding&, const Finding&) = default;
};

// Keys, passwords and card numbers let whoever sees them act at once: secret. All else says who somebody is: personal.
// (A pattern of the operator's has the class that it was given.)
constexpr DataClass class_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::card:
    case Kind::private_key:
    case Kind::api_key:
    case Kind::password:
      return DataClass::secret;
    case Kind::email:
    case Kind::phone:
    case Kind::iban:
    case Kind::national_id:
    case Kind::custom:
      return DataClass::personal;
  }
  return DataClass::personal;
}

inline constexpr std::size_t kMaxPatterns = 32;

// What was found at all. Unlike a list of findings it loses nothing where one covers another.
struct Found {
  std::bitset<kKinds> kinds;           // the detectors'; Kind::custom is not among them
  std::bitset<kMaxPatterns> patterns;  // the operator's, by their places in the list that Detectors was made of

  [[nodiscard]] bool nothing() const noexcept { return kinds.none() && patterns.none(); }
  [[nodiscard]] bool within(const Found& most) const noexcept {
    return (kinds & ~most.kinds).none() && (patterns & ~most.patterns).none();
  }
  Found& operator|=(const Found& more) noexcept {
    kinds |= more.kinds;
    patterns |= more.patterns;
    return *this;
  }
  friend bool operator==(const Found&, const Found&) = default;
};

// Past this many findings in one text or body only the classes go on being noted, and what was found at all.
inline constexpr std::size_t kMaxFindings = 10'000;

// All of one text.
struct Scan {
  std::vector<Finding> findings;                    // in order, none overlaps another
  std::array<bool, kDataClasses.size()> classes{};  // of all, also of those past kMaxFindings
  Found found;                                      // the same
  DataClass highest = DataClass::open;
  bool complete = true;  // false: there were more than kMaxFindings
  std::size_t work = 0;  // bytes looked at again besides the one pass over the text
};

}  // namespace hearth::privacy
