// Reading answers without ceremony: an absent or odd field reads as its empty value. Answers come from hearthd, which
// writes all fields; a program in its place can at worst leave a cell empty.
#pragma once

#include <hearth/core/error.h>

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace hearth::tool::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// protocol_error if it is not JSON.
Result<value> parse(std::string_view text);
// The field's value, or a null value if there is none.
const value& field(const value& from, std::string_view name);
std::string text(const value& from, std::string_view name);
double number(const value& from, std::string_view name, double fallback = 0);
bool flag(const value& from, std::string_view name);
const array& list(const value& from, std::string_view name);
// An array of strings, joined.
std::string joined(const value& from, std::string_view name, std::string_view separator = ", ");
// Indented by two spaces, for people and for diffs; a newline at the end.
std::string pretty(const value& v);

}  // namespace hearth::tool::json
