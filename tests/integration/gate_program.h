// hearth-gate as hearthd runs it, for tests without a hearthd.
#pragma once

#include <hearth/egress/datagram.h>
#include <hearth/egress/gate.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <memory>

namespace hearth::test {

// Starts the program at `path`; the id of the newest is left in `*pid`.
inline std::function<Result<egress::Gate::Program>()> gate_program(const char* path,
                                                                   std::shared_ptr<std::atomic<pid_t>> pid = nullptr) {
  return [path, pid]() -> Result<egress::Gate::Program> {
    HEARTH_TRY_ASSIGN(egress::DatagramPair pair, egress::make_datagram_pair());
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const Fd high(::fcntl(pair.theirs.get(), F_DUPFD_CLOEXEC, 100));  // dup2 onto itself would keep close-on-exec
    ::posix_spawn_file_actions_adddup2(&actions, high.get(), 3);
    char* argv[] = {const_cast<char*>(path), nullptr};
    char* envp[] = {nullptr};
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, path, &actions, nullptr, argv, envp);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return fail_errno(failed, "cannot start hearth-gate");
    if (pid) *pid = child;
    return egress::Gate::Program{std::move(pair.ours), Fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)))};
  };
}

}  // namespace hearth::test
