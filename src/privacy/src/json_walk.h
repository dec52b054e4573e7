// Every text in a JSON body, decoded, with the chance to put another in its place. The body is not parsed into a tree:
// strings and numbers are found by their tokens, so this works on what is no JSON, too, and hides nothing by depth.
#pragma once

#include <hearth/privacy/detectors.h>

#include <optional>
#include <string>
#include <string_view>

namespace hearth::privacy {

// Where a text was found.
struct Place {
  Token token;            // in the outermost body
  std::string_view key;   // name of the field, decoded; empty in a name and where there is none
  bool nested = false;    // in JSON within a string
  bool data_url = false;  // what a data: URL of a text type holds
  bool number = false;    // the text is a number's digits
};

class TextVisitor {
 public:
  virtual ~TextVisitor() = default;
  // What to write instead of `text`; nullopt: it stays. Of data URLs nothing can be replaced. Both views last until it
  // returns.
  virtual std::optional<std::string> text(std::string_view text, const Place& place) = 0;
  // A value that is not looked into: a data URL of another type, or long base64.
  virtual void file() {}
};

// nullopt: nothing was replaced. Only touched tokens are written anew; a number becomes a string.
std::optional<std::string> walk_json(std::string_view json, TextVisitor& visitor);

// The text of a string token without its quotes, escapes resolved; what is no escape stays as it is, half a surrogate
// pair becomes U+FFFD.
std::string decode_json_string(std::string_view raw);

}  // namespace hearth::privacy
