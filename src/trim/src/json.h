// JSON without the white space between its tokens. Numbers, the order of keys and doubled keys stay as they are
// written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

// A text that is JSON and nothing else. nullopt: it is not, or there is nothing to leave out.
std::optional<std::string> minify_json(std::string_view text);
// Every JSON value that begins a line of `text` and ends one: in fences, behind a header, line by line, one after
// another.
std::optional<std::string> minify_json_within(std::string_view text);

}  // namespace hearth::trim
