#include <hearth/engines/lockdown.h>

#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace hearth::engines {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

int build(scmp_filter_ctx filter) {
  // All threads, at once: one that was left out could make sockets for the others.
  if (const int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); rc != 0) return rc;
  const scmp_arg_cmp not_unix{0, SCMP_CMP_NE, AF_UNIX, 0};
  if (const int rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, &not_unix); rc != 0)
    return rc;
  for (const char* name : {"io_uring_setup", "io_uring_enter", "io_uring_register"}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    if (const int rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0, nullptr); rc != 0) return rc;
  }
  return seccomp_load(filter);
}

}  // namespace

Result<void> give_up_sockets() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return fail(Errc::io_error, "libseccomp could not start a filter");
  const int rc = build(filter.get());
  if (rc == -EINVAL || rc == -EOPNOTSUPP || rc == -ENOSYS)
    return fail(Errc::unsupported, "this kernel takes no system call filter for a whole process");
  if (rc != 0) return fail_errno(-rc, "the system call filter was not taken");
  return {};
}

}  // namespace hearth::engines
