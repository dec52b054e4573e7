// Process handles. glibc 2.36 declares its own wrappers without C linkage, so C++ cannot link to them.
#pragma once

#include <hearth/core/file.h>

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace hearth::engines {

// Closed on exec. An empty Fd and errno when there is no such process.
inline Fd open_process(pid_t pid) {
  return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}
inline bool send_signal(int handle, int signal) {
  return ::syscall(SYS_pidfd_send_signal, handle, signal, nullptr, 0) == 0;
}

}  // namespace hearth::engines
