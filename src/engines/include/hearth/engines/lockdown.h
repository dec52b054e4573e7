// Giving up what a daemon does not need once its listeners exist: the right to make sockets of any kind but Unix ones.
#pragma once

#include <hearth/core/error.h>

namespace hearth::engines {

// From now on, in all threads of this process and for good: socket() makes Unix sockets only (EACCES), and io_uring,
// which goes round system call filters, is absent. Sockets that exist or are received from others work as ever.
// unsupported: this kernel has no system call filters; io_error.
Result<void> give_up_sockets();

}  // namespace hearth::engines
