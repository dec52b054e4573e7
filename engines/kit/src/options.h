#pragma once

#include <hearth/kit/engine.h>

namespace hearth::kit {

// Exits with the usage on wrong arguments and on --help.
Options parse_options(std::string_view name, int argc, char** argv);

}  // namespace hearth::kit
