// The daemon as a whole: puts the rooms together, runs them, and takes them apart in reverse order.
#pragma once

#include <hearth/config/config.h>

namespace hearth::daemon {

// Runs until SIGTERM or SIGINT. Blocks; the calling thread becomes the I/O thread. invalid_argument (configuration that
// contradicts itself), already_exists (a port in use), failed_precondition (another hearthd has the data folder),
// io_error.
Result<void> run(config::Config config);

}  // namespace hearth::daemon
