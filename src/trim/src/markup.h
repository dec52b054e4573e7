// HTML as Markdown: what a page says, without what only its looks and its scripts need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

// A whole page. Its text, headings, links, lists, tables, code and pictures' descriptions remain. nullopt: it is no
// page, it is nested too deeply or too large, or nothing would be gained.
std::optional<std::string> page_to_markdown(std::string_view text);

}  // namespace hearth::trim
