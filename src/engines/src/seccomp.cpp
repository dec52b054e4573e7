#include <hearth/engines/sandbox.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

namespace hearth::engines {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// What no engine needs, and what a taken-over one would try first. Unknown names (on this architecture) are passed
// over.
constexpr const char* kRefused[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // file systems and namespaces
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "setns", "unshare", "name_to_handle_at", "open_by_handle_at", "quotactl", "quotactl_fd",
    "fanotify_init", "swapon", "swapoff",
    // the kernel
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf", "perf_event_open",
    "userfaultfd", "lookup_dcookie", "syslog", "acct", "reboot", "iopl", "ioperm", "vhangup", "_sysctl", "uselib",
    "modify_ldt", "nfsservctl",
    // keys
    "keyctl", "add_key", "request_key",
    // clocks
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime"};
// Refused as if the kernel did not have them, so that libraries fall back: io_uring goes round this filter, and
// clone3's flags cannot be looked at.
constexpr const char* kAbsent[] = {"io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"};

int refuse(scmp_filter_ctx filter, const char* name, int err) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return 0;
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<std::uint16_t>(err)), number, 0);
}

int build(scmp_filter_ctx filter) {
  int rc = 0;
  const auto keep = [&](int result) {
    if (rc == 0 && result != 0 && result != -EFAULT && result != -EDOM) rc = result;
  };
  for (const char* name : kRefused) keep(refuse(filter, name, EPERM));
  for (const char* name : kAbsent) keep(refuse(filter, name, ENOSYS));
  for (const unsigned flag :
       {0U | CLONE_NEWUSER, 0U | CLONE_NEWNS, 0U | CLONE_NEWPID, 0U | CLONE_NEWNET, 0U | CLONE_NEWIPC}) {
    const scmp_arg_cmp has_flag{0, SCMP_CMP_MASKED_EQ, flag, flag};
    keep(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &has_flag));
  }
  const scmp_arg_cmp not_unix{0, SCMP_CMP_NE, AF_UNIX, 0};
  keep(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, &not_unix));
  return rc;
}

Result<Fd> memory_file() {
  Fd fd(::memfd_create("hearth-seccomp", MFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot make a memory file for the system call filter");
  return fd;
}

Result<std::string> compile() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return fail(Errc::io_error, "libseccomp could not start a filter");
  if (const int rc = build(filter.get()); rc != 0) return fail_errno(-rc, "libseccomp refused a rule");
  HEARTH_TRY_ASSIGN(const Fd fd, memory_file());
  if (const int rc = seccomp_export_bpf(filter.get(), fd.get()); rc != 0)
    return fail_errno(-rc, "libseccomp could not write its filter");
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  std::string program(static_cast<std::size_t>(size < 0 ? 0 : size), '\0');
  if (::pread(fd.get(), program.data(), program.size(), 0) != size)
    return fail_errno(errno, "cannot read the system call filter back");
  return program;
}

}  // namespace

Result<Fd> seccomp_filter() {
  // Compiled once; each start reads a file of its own, as two readers of one would share its offset.
  static const Result<std::string> program = compile();
  if (!program) return fail(program.error());
  HEARTH_TRY_ASSIGN(Fd fd, memory_file());
  HEARTH_TRY(write_all(fd.get(), *program));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno(errno, "cannot rewind the system call filter");
  return fd;
}

}  // namespace hearth::engines
