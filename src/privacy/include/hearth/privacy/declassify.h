// Rules that lower what a call is of: `declassify` of hearth.yaml. Pure.
//
// A rule lowers what nobody said: the default class, what was found, what a file may hold. What people said of the call
// stands: its header, its agent's class and that of its key are the least that it is of, whatever a rule says.
#pragma once

#include <hearth/privacy/class_of_call.h>
#include <hearth/privacy/detectors.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {

struct DeclassifyRule {
  std::string name = {};
  std::vector<std::string> keys = {};    // whose calls, by ids or names of API keys; none: nobody's
  std::vector<std::string> agents = {};  // and on behalf of whom; empty: of anybody, or nobody
  Found most = {};                       // that may have been found
  bool inputs = false;                   // files may be in it
  DataClass to = DataClass::secret;
};

// What an operator wrote. invalid_argument: `found` names what is neither a kind nor a pattern of `detectors`, or both.
struct WrittenRule {
  std::string_view name = {};
  std::span<const std::string> keys = {};
  std::span<const std::string> agents = {};
  std::span<const std::string> found = {};
  bool inputs = false;
  DataClass to = DataClass::secret;
};
Result<DeclassifyRule> make_rule(const WrittenRule& written, const Detectors& detectors);

// Whose call it is.
struct Caller {
  std::string_view key_id = {};  // of the API key that it came with; empty: it came without one
  std::string_view key_name = {};
  std::string_view agent = {};  // on whose behalf; empty: nobody's
};

// What was seen of what it holds.
struct Seen {
  Found found = {};
  bool complete = false;  // all of it was looked at, and all that was found is in `found`
};

struct Lowered {
  const DeclassifyRule* rule = nullptr;
  DataClass from{};
  DataClass to{};
};

// The rule that lowers the call's class furthest, and of several the first; nullopt: none lowers it. Each finding and
// each input more can only make rules drop out, so content never lowers a class.
std::optional<Lowered> declassify(std::span<const DeclassifyRule> rules, const Caller& caller,
                                  const ClassSources& sources, const Seen& seen) noexcept;

}  // namespace hearth::privacy
