// Reading other people's JSON: what is absent or of another type reads as its empty value. Private to this room.
#pragma once

#include <hearth/core/error.h>

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::egress::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// protocol_error, named after `what`: not JSON, nested too deeply, or past 8 MiB.
Result<value> parse(std::string_view text, std::string_view what);
// A null value when there is none.
const value& field(const value& from, std::string_view name);
std::string text(const value& from, std::string_view name);
std::optional<std::uint64_t> size(const value& from, std::string_view name);
bool flag(const value& from, std::string_view name);
const array& list(const value& from, std::string_view name);

}  // namespace hearth::egress::json
