// The process that starts all others.
//
// A daemon that has given up a right (lockdown.h) would pass that on to its children, whose sandboxes need it. So
// before it does, and before it has threads, it forks a process that keeps the right and does nothing but start
// children: they are the daemon's children all the same (CLONE_PARENT), to be waited for and signalled as ever, and end
// with it.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::engines {

// Once, by main(), while there is one thread: from now on all children of this process are started by it, and end when
// the calling thread does. io_error.
Result<void> launch_starter();
// Readable when the starter is gone, after which no child can be started any more; -1: there was none.
int starter_handle() noexcept;

// Starts a program of ours that serves this process on a socket, which it has as descriptor 3; its standard input is
// empty, and what it writes goes where our errors go. Its handle (pidfd): wait for it with waitid(P_PIDFD). As
// spawn_child.
Result<Fd> start_helper(const std::filesystem::path& program, int socket, const std::vector<std::string>& pass_on);

}  // namespace hearth::engines
