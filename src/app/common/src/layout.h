// What the renderers share.
#pragma once

#include <hearth/app/help.h>

#include <functional>

namespace hearth::help {

// "hearth say [OPTION]... TEXT"
std::string usage(const CommandDoc& command);
// "NAME", "[NAME]", "FILE..."
std::string argument_name(const OptionDoc& argument);
// "-o, --output FILE"
std::string option_head(const OptionDoc& option);
// The meaning with its choices and default: "How it is written: text or json (default: text)."
std::string full_meaning(const OptionDoc& option);
// Greedy line breaking at spaces; every line but the first is indented by `indent`.
std::string wrap(std::string_view text, std::size_t columns, std::size_t indent);
// Depth first, the command itself included.
void for_each_command(const CommandDoc& root, const std::function<void(const CommandDoc&)>& visit);
// The path without the program's name: "engines start"; "" for the root.
std::string_view path_below(const CommandDoc& root, const CommandDoc& command);
std::string replace_all(std::string_view text, std::string_view what, std::string_view with);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace hearth::help
