// An engine's program with a fault that can be switched on while it serves. It lies in the engine's place, starts the
// real program (NAME.real beside it), passes requests on to it, and does to answers what the value of SIGUSR1 says: a
// Fault, and 16 times the KiB that a leak grows by with each request. GET /health is always answered as the engine
// answers it.
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

// tests/chaos/faults_answers.js has the same list.
enum class Fault : int { none, noise, bad_header, cut_short, too_long, too_short, nonsense, server_error, leak };
constexpr int kFaults = 16;
constexpr std::size_t kPart = 64 * 1024;

std::atomic<int> g_what{0};
std::string g_real_socket;
pid_t g_real = 0;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int connect_to_real() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(g_real_socket);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Chaos\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// The announced length times `factor` and divided by `divisor`; false: none is announced.
bool change_length(std::string& head, std::size_t factor, std::size_t divisor) {
  constexpr std::string_view kName = "Content-Length: ";
  const auto at = head.find(kName);
  if (at == std::string::npos) return false;
  const auto begin = at + kName.size();
  const auto end = head.find("\r\n", begin);
  if (end == std::string::npos) return false;
  std::size_t length = 0;
  std::from_chars(head.data() + begin, head.data() + end, length);
  head.replace(begin, end - begin, std::to_string(length * factor / divisor));
  return true;
}

// Sends the first part of an answer, changed. False: the connection ends here.
bool send_changed(int client, std::string part, Fault fault) {
  switch (fault) {
    case Fault::noise:
      send_all(client, "\x01\x02 this is not HTTP \xff\r\n\r\n");
      return false;
    case Fault::bad_header:
      part.insert(std::min(part.size(), part.find("\r\n") + 2), "a line without a colon\r\n");
      return send_all(client, part);
    case Fault::cut_short:
      send_all(client, std::string_view(part).substr(0, part.size() / 2));
      return false;
    case Fault::too_long:
      return change_length(part, 2, 1) && send_all(client, part);
    case Fault::too_short:
      return change_length(part, 1, 2) && send_all(client, part);
    case Fault::nonsense:
      send_all(client, answer(200, R"({"object": "list", "data": [{"embed)"));
      return false;
    case Fault::server_error:
      send_all(client, answer(500, R"({"error": {"message": "It is broken.", "type": "server_error", )"
                                   R"("param": null, "code": "internal"}})"));
      return false;
    case Fault::none:
    case Fault::leak:
      break;
  }
  return send_all(client, part);
}

void leak(std::size_t bytes) {
  auto* memory = static_cast<volatile char*>(std::malloc(bytes));
  if (memory == nullptr) std::abort();  // as a program does that has not thought of it
  for (std::size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
}

// One client's connection and the real engine's, until one of them ends. The daemon asks one thing at a time on each.
void relay(int client) {
  const int engine = connect_to_real();
  std::array<char, kPart> buffer{};
  bool spared = true;  // what was asked last was how it is
  bool begins = true;  // nothing of its answer has been sent
  for (bool open = engine >= 0; open;) {
    std::array<pollfd, 2> wait{{{client, POLLIN, 0}, {engine, POLLIN, 0}}};
    if (::poll(wait.data(), wait.size(), -1) < 0) break;
    for (const auto& [fd, ignored, events] : wait) {
      if (events == 0 || !open) continue;
      const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        open = false;
        break;
      }
      const std::string_view part(buffer.data(), static_cast<std::size_t>(n));
      const int what = g_what;
      const auto fault = static_cast<Fault>(what % kFaults);
      if (fd == client) {
        if (part.starts_with("GET ") || part.starts_with("POST ")) {
          spared = part.starts_with("GET /health");
          begins = true;
          if (fault == Fault::leak && !spared) leak(static_cast<std::size_t>(what / kFaults) * 1024);
        }
        open = send_all(engine, part);
      } else if (begins && !spared && fault != Fault::none) {
        begins = false;
        open = send_changed(client, std::string(part), fault);
      } else {
        begins = false;
        open = send_all(client, part);
      }
    }
  }
  ::close(client);
  if (engine >= 0) ::close(engine);
}

void serve(int listener) {
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) {
      std::thread(relay, client).detach();
    } else {
      ::poll(nullptr, 0, 50);  // out of descriptors, perhaps
    }
  }
}

void mind_signals(sigset_t signals) {
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals, &info);
    if (signal == SIGUSR1) g_what = info.si_value.sival_int;
    if (signal == SIGTERM) ::kill(g_real, SIGTERM);
  }
}

// The arguments with another socket; sets `socket` to the one that was there.
std::vector<std::string> real_arguments(int argc, char** argv, std::string& socket) {
  std::vector<std::string> args(argv, argv + argc);
  args[0] += ".real";
  for (std::size_t i = 1; i + 1 < args.size(); ++i) {
    if (args[i] != "--socket") continue;
    socket = args[i + 1];
    args[i + 1] += ".real";
    g_real_socket = args[i + 1];
  }
  return args;
}

pid_t start_real(std::vector<std::string>& args) {
  std::vector<char*> pointers;
  for (std::string& arg : args) pointers.push_back(arg.data());
  pointers.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, pointers[0], nullptr, &attributes, pointers.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  return failed == 0 ? pid : -1;
}

// As engines/kit does: idle connections' stacks count against the memory limit.
void bound_thread_stacks() {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 512 * 1024);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  bound_thread_stacks();

  std::string socket;
  std::vector<std::string> args = real_arguments(argc, argv, socket);
  g_real = socket.empty() ? -1 : start_real(args);
  if (g_real < 0) return 1;
  int ready = -1;
  for (int status = 0; (ready = connect_to_real()) < 0;) {
    if (::waitpid(g_real, &status, WNOHANG) != 0) return 1;
    ::poll(nullptr, 0, 2);
  }
  ::close(ready);

  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(socket);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0)
    return 1;
  std::thread(mind_signals, signals).detach();
  std::thread(serve, listener).detach();
  int status = 0;
  while (::waitpid(g_real, &status, 0) < 0) {
  }
  std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
