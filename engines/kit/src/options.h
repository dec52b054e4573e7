#pragma once

#include <hearth/kit/engine.h>

namespace hearth::kit {

// Exits with the usage on wrong arguments and on --help; `more_usage` describes the engine's own arguments.
Options parse_options(std::string_view name, int argc, char** argv, std::string_view more_usage = {});

}  // namespace hearth::kit
