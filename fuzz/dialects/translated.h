// What holds for every translation: what is written is JSON, and a stream is the same in whatever pieces it comes.
#pragma once

#include "check.h"

#include <hearth/core/error.h>

#include <boost/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

inline void check_json(std::string_view text) {
  boost::json::error_code code;
  boost::json::parse_options options;
  options.max_depth = 200;
  boost::json::parse(text, code, {}, options);
  FUZZ_CHECK(!code);
}

struct Told {
  std::string events;
  std::optional<Errc> error;
};

// `feed(bytes)`: what the client is told of them, or an error; `end()`: whether the answer was whole.
template <typename Feed, typename End>
Told tell(std::string_view text, std::size_t step, Feed feed, End end) {
  Told told;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    const auto part = feed(text.substr(0, step));
    if (!part) {
      told.error = part.error().kind();
      return told;
    }
    told.events += *part;
  }
  if (const auto ended = end(); !ended) told.error = ended.error().kind();
  return told;
}

// What was said before an error may reach the client in pieces only.
inline void check_same(const Told& whole, const Told& pieces) {
  FUZZ_CHECK(whole.error == pieces.error);
  if (!whole.error) FUZZ_CHECK(whole.events == pieces.events);
}

}  // namespace hearth::dialects
