// hearthd's command line.
#pragma once

#include <hearth/config/config.h>

#include <optional>
#include <string>

namespace hearth::daemon {

// Reads the command line, hearth.yaml and the environment, in rising order of rank: file, environment, command line.
// Prints and exits for --help, --version, --man and wrong usage (2).
Result<config::Config> configure(int argc, char** argv);

}  // namespace hearth::daemon
