// hold_thread TID: stops one thread of another process, and nothing else of it, until standard input ends or the thread
// does. Writes a line when it holds it.
#include <fcntl.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string_view>

namespace {

int refuse(const char* what) {
  std::perror(what);
  return 1;
}

// Until there is nobody to hold any more.
bool ended(pid_t thread) {
  int status = 0;
  const pid_t changed = ::waitpid(thread, &status, __WALL | WNOHANG);
  return changed < 0 || (changed == thread && (WIFEXITED(status) || WIFSIGNALED(status)));
}

}  // namespace

int main(int argc, char** argv) {
  pid_t thread = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), thread).ec != std::errc() || thread <= 0) {
    std::fputs("usage: hold_thread TID\n", stderr);
    return 2;
  }
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return refuse("cannot take the thread");
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return refuse("cannot stop the thread");
  int status = 0;
  if (::waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) return refuse("the thread did not stop");
  std::puts("held");
  std::fflush(stdout);
  for (;;) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, 20) < 0) return refuse("cannot wait");
    if (ended(thread)) return 0;
    char c = 0;
    if (input.revents != 0 && ::read(STDIN_FILENO, &c, 1) <= 0) break;
  }
  return ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr) == 0 || ended(thread) ? 0
                                                                                 : refuse("cannot let the thread go");
}
