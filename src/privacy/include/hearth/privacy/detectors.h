// Finds personal data and secrets in text and in JSON bodies.
//
// One pass over the bytes: a character that something interesting has (a digit, '@', ':', …) wakes the detector that
// knows what may stand around it, and none looks further than a fixed number of bytes. So time is linear in the text
// whatever it holds. docs/privacy.md says what is found and what is not.
#pragma once

#include <hearth/core/error.h>
#include <hearth/privacy/finding.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {

// What an operator wants found besides: `patterns` of hearth.yaml.
struct Pattern {
  std::string name;   // lower-case letters, digits and '-', up to 40
  std::string regex;  // RE2's syntax; finds matches of up to kMaxMatch bytes
  DataClass data_class = DataClass::personal;
};
inline constexpr std::size_t kMaxMatch = 1024;

// Where a JSON string (with its quotes) or number stands in a body.
struct Token {
  std::size_t offset = 0;
  std::size_t length = 0;
  friend bool operator==(const Token&, const Token&) = default;
};

struct BodyFinding {
  Token token;            // in the body; of what lies in JSON within a string: that string
  Finding finding;        // offset in the decoded text of the (innermost) string
  bool nested = false;    // in a string within JSON that is itself a string: a tool's arguments
  bool data_url = false;  // in the text that a data: URL holds
};

struct BodyScan {
  std::vector<BodyFinding> findings;
  std::array<std::uint32_t, kKinds> counts{};       // by kind; at most kMaxFindings of each text
  std::array<bool, kDataClasses.size()> classes{};  // of what was found, all of it
  Found found;                                      // the same
  DataClass highest = DataClass::open;              // of what was found in text; files are not looked into
  bool complete = true;                             // as Scan::complete
  std::uint32_t files = 0;                          // data URLs and long base64 texts: their content was not looked at
  std::size_t work = 0;
};

class CustomPatterns;

// Immutable; any thread.
class Detectors {
 public:
  // Without patterns of the operator's; cannot fail.
  Detectors();
  // invalid_argument: a pattern's name, what RE2 says of its expression, one that matches nothing at all.
  static Result<Detectors> create(std::span<const Pattern> patterns);

  // `text`: UTF-8 (other bytes are looked over). `key`: what the text is called where it stands, as the name of a JSON
  // field: "password" says much of what follows.
  [[nodiscard]] Scan scan(std::string_view text, std::string_view key = {}) const;
  // Every string and number of a JSON text, names of fields too, decoded: no escape hides anything. JSON within a
  // string is looked into once more. Of a text that is no JSON, whatever looks like its strings and numbers.
  [[nodiscard]] BodyScan scan_body(std::string_view json) const;
  // The place of a pattern of the operator's in Found::patterns.
  [[nodiscard]] std::optional<std::size_t> place_of(std::string_view pattern) const;

 private:
  explicit Detectors(std::shared_ptr<const CustomPatterns> custom) : custom_(std::move(custom)) {}
  std::shared_ptr<const CustomPatterns> custom_;  // null: none
};

}  // namespace hearth::privacy
