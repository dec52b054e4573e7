// hearth-as-user ID PROGRAM [ARGUMENT…]: becomes that user and group, gives up every right, and runs the program.
//
// The last step into a sandbox whose root is an engine pack: packs have no setpriv. Linked statically, for a pack has
// other libraries than the host, or none.
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr long kNobody = 65534;

int fail(const char* what) {
  std::fprintf(stderr, "hearth-as-user: %s: %s\n", what, std::strerror(errno));
  return 126;
}

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  const long id = argc > 2 ? std::strtol(argv[1], &end, 10) : 0;
  if (id <= 0 || id > kNobody || *end != '\0') {
    std::fputs("usage: hearth-as-user ID PROGRAM [ARGUMENT...], with an ID from 1 to 65534\n", stderr);
    return 125;
  }
  const auto user = static_cast<uid_t>(id);
  if (::setgroups(0, nullptr) != 0) return fail("cannot drop the supplementary groups");
  if (::setresgid(user, user, user) != 0) return fail("cannot change the group");
  if (::setresuid(user, user, user) != 0) return fail("cannot change the user");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return fail("cannot drop capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail("cannot give up new privileges");
  ::execv(argv[2], argv + 2);
  return fail(argv[2]);
}
