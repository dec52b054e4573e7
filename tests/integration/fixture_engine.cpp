// An engine for tests: answers properly, or misbehaves the way it is told.
//
// At start (arguments): --slow-start=MS, --start-with=FILE (once it is there), --never-listen, --exit=CODE, --garbage,
// --exit-when=FILE (which names the version of the pack that it runs in), --wrong-canary, --deaf (to SIGTERM and to the
// end of its input), --not-a-socket, --hold=MIB (memory that it uses). While it serves: the routes below.
#include <hearth/kit/engine.h>

#include <boost/json.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>

namespace {

using hearth::kit::Request;
using hearth::kit::Response;
namespace json = boost::json;

struct Behaviour {
  int slow_start_ms = 0;
  std::string start_with;
  std::string exit_when;
  int exit_code = -1;
  int hold_mib = 0;
  bool never_listen = false;
  bool garbage = false;
  bool wrong_canary = false;
  bool deaf = false;
  bool not_a_socket = false;
};

int number_after(std::string_view text, std::string_view prefix) {
  int value = 0;
  std::from_chars(text.data() + prefix.size(), text.data() + text.size(), value);
  return value;
}

Behaviour read_behaviour(const std::vector<std::string>& args) {
  Behaviour b;
  for (const std::string& arg : args) {
    if (arg.starts_with("--slow-start=")) b.slow_start_ms = number_after(arg, "--slow-start=");
    constexpr std::string_view kStartWith = "--start-with=";
    if (arg.starts_with(kStartWith)) b.start_with = arg.substr(kStartWith.size());
    constexpr std::string_view kExitWhen = "--exit-when=";
    if (arg.starts_with(kExitWhen)) b.exit_when = arg.substr(kExitWhen.size());
    if (arg.starts_with("--exit=")) b.exit_code = number_after(arg, "--exit=");
    if (arg.starts_with("--hold=")) b.hold_mib = number_after(arg, "--hold=");
    if (arg == "--never-listen") b.never_listen = true;
    if (arg == "--garbage") b.garbage = true;
    if (arg == "--wrong-canary") b.wrong_canary = true;
    if (arg == "--deaf") b.deaf = true;
    if (arg == "--not-a-socket") b.not_a_socket = true;
  }
  return b;
}

// A transcription in two Chinese sentences and one that says what was asked for.
void say_what_was_asked(Request& q, Response& r) {
  constexpr std::size_t kMaxSound = 16 << 20;
  if (const auto sound = q.read_all(kMaxSound); !sound) return r.error(sound.error());
  const auto given = [&](std::string_view name) { return q.query(name).value_or(""); };
  const std::string asked = fmt::format("task={} prompt={} language={} temperature={}", given("task"), given("prompt"),
                                        given("language"), given("temperature"));
  r.start(200, "text/event-stream");
  int id = 0;
  for (const std::string& text : {std::string("你好。"), std::string("世界。"), asked}) {
    const json::value event{{"type", "transcript.text.segment"},
                            {"id", id},
                            {"start", id},
                            {"end", id + 1},
                            {"text", text},
                            {"avg_logprob", -0.1},
                            {"no_speech_prob", 0.0},
                            {"words", json::array()}};
    if (!r.event(event)) return;
    ++id;
  }
  const json::value done{
      {"type", "transcript.text.done"}, {"text", "你好。世界。 " + asked}, {"duration", 3.0}, {"language", "zh"}};
  [[maybe_unused]] const auto told = r.event(done);
}

[[noreturn]] void sleep_forever() {
  for (;;) ::pause();
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

[[noreturn]] void speak_garbage(const std::string& path) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path.c_str());
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 8) != 0)
    std::_Exit(1);
  for (;;) {
    const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    constexpr std::string_view kNoise = "\x01\x02 this is not HTTP \xff\r\n\r\n";
    [[maybe_unused]] const ssize_t n = ::send(peer, kNoise.data(), kNoise.size(), MSG_NOSIGNAL);
    ::close(peer);
  }
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(dir);
  return names;
}

// What each of its descriptors is.
std::vector<std::string> descriptors() {
  std::vector<std::string> targets;
  for (const std::string& name : names_in("/proc/self/fd")) {
    std::array<char, 512> target{};
    if (::readlink(("/proc/self/fd/" + name).c_str(), target.data(), target.size() - 1) > 0)
      targets.emplace_back(target.data());
  }
  return targets;
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

// Memory that stays in use.
class Held {
 public:
  void grow(int mib) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = static_cast<std::size_t>(mib) << 20;
    blocks_.push_back(std::make_unique<char[]>(bytes));
    std::memset(blocks_.back().get(), 1, bytes);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

std::string result_of(long rc) {
  return rc >= 0 ? "ok" : strerrorname_np(errno);
}

int milliseconds(const Request& request) {
  return static_cast<int>(request.number("ms", 0, 0, 600'000).value_or(0));
}

// What a taken-over engine would try.
json::object try_escape() {
  json::object out;
  for (const auto& [name, family] : {std::pair{"inet", AF_INET},
                                     {"inet6", AF_INET6},
                                     {"netlink", AF_NETLINK},
                                     {"packet", AF_PACKET},
                                     {"unix", AF_UNIX}}) {
    const int fd = ::socket(family, SOCK_STREAM, 0);
    out[name] = result_of(fd);
    if (fd >= 0) ::close(fd);
  }
  out["interfaces"] = to_json(names_in("/sys/class/net"));
  out["proc_net_dev"] = read_all("/proc/net/dev");
  out["ptrace"] = result_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  out["mount"] = result_of(::mount("none", "/tmp", "tmpfs", 0, nullptr));
  out["unshare"] = result_of(::unshare(CLONE_NEWUSER));
  out["io_uring"] = result_of(::syscall(SYS_io_uring_setup, 1, nullptr));
  out["bpf"] = result_of(::syscall(SYS_bpf, 0, nullptr, 0));
  out["hostname"] = result_of(::sethostname("x", 1));
  out["setuid"] = result_of(::setuid(12345));
  out["kill_all"] = result_of(::kill(1, SIGKILL));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  hearth::kit::Engine engine("fixture", argc, argv);
  const Behaviour behaviour = read_behaviour(engine.options().rest);
  if (behaviour.exit_code >= 0) {
    fmt::print(stderr, "cannot find my model\n");
    return behaviour.exit_code;
  }
  if (const std::string version = read_all(behaviour.exit_when);
      !version.empty() && version == read_all("/usr/share/demo/version"))
    return 3;
  if (behaviour.slow_start_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(behaviour.slow_start_ms));
  while (!behaviour.start_with.empty() && ::access(behaviour.start_with.c_str(), F_OK) != 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (behaviour.never_listen) sleep_forever();
  if (behaviour.garbage) speak_garbage(engine.options().socket);
  if (behaviour.not_a_socket) {
    std::ofstream(engine.options().socket) << "not a socket";
    sleep_forever();
  }
  if (behaviour.deaf) {
    // Nothing reaches it but SIGKILL: SIGTERM is blocked in all its threads, and its input never ends.
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
    std::array<int, 2> ends{-1, -1};
    if (::pipe(ends.data()) == 0) ::dup2(ends[0], STDIN_FILENO);
  }

  Held held;
  if (behaviour.hold_mib > 0) held.grow(behaviour.hold_mib);

  engine.model("fixture-1", "media");
  std::atomic<bool> wrong = behaviour.wrong_canary;
  engine.route("GET", "/canary", [&](Request&, Response& r) { r.json(200, {{"canary", wrong ? "parrot" : "sings"}}); });
  engine.route("POST", "/corrupt", [&](Request&, Response& r) {
    wrong = true;
    r.json(200, {{"corrupt", true}});
  });
  // From now on no new connection is taken: there is no descriptor for it.
  engine.route("POST", "/deafen", [](Request&, Response& r) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &files);
    r.json(200, {{"deaf", true}});
  });
  engine.route("POST", "/full", [](Request&, Response& r) { r.error(429, "resource_exhausted", "no memory"); });
  engine.route("POST", "/fail", [](Request&, Response& r) { r.error(500, "internal", "that went wrong"); });
  // One byte after the other, with pauses.
  engine.route("POST", "/drip", [](Request& q, Response& r) {
    const auto count = q.number("count", 1, 1, 10'000).value_or(1);
    r.start(200, "application/json");
    static_cast<void>(r.write("["));
    for (int i = 0; i < static_cast<int>(count); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(q)));
      if (!r.write(" ")) return;
    }
    static_cast<void>(r.write("]"));
  });
  // Computes without a byte of an answer.
  engine.route("POST", "/burn", [](Request& q, Response& r) {
    const auto end = std::chrono::milliseconds(milliseconds(q));
    timespec used{};
    do {
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    } while (std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec) < end);
    r.json(200, {{"burnt", true}});
  });
  // Much at once: whoever does not read keeps it waiting.
  engine.route("POST", "/flood", [](Request&, Response& r) {
    const std::string part(1 << 20, 'x');
    r.start(200, "text/plain");
    for (int i = 0; i < 16; ++i) {
      if (!r.write(part)) return;
    }
  });
  engine.route("GET", "/echo", [](Request&, Response& r) { r.json(200, {{"pid", ::getpid()}}); });
  engine.route("POST", "/sleep", [](Request& q, Response& r) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(q)));
    r.json(200, {{"slept", milliseconds(q)}});
  });
  engine.route("POST", "/grow", [&](Request& q, Response& r) {
    const auto mib = q.number("mib", 1, 0, 4096).value_or(0);
    held.grow(static_cast<int>(mib));
    r.json(200, {{"grown", mib}});
  });
  engine.route("POST", "/crash", [](Request&, Response&) { std::abort(); });
  engine.route("POST", "/hang", [](Request&, Response&) { sleep_forever(); });
  engine.route("POST", "/cut", [](Request&, Response& r) {
    r.start(200, "text/plain");
    r.abort();
  });
  engine.route("POST", "/leak", [](Request&, Response& r) {
    std::vector<std::unique_ptr<char[]>> blocks;
    constexpr std::size_t kBlock = 4 << 20;
    constexpr std::size_t kEnough = 1024;
    try {
      while (blocks.size() < kEnough) {
        blocks.push_back(std::make_unique<char[]>(kBlock));
        std::memset(blocks.back().get(), 1, kBlock);
      }
    } catch (const std::bad_alloc&) {
      const std::size_t got = blocks.size();
      blocks.clear();
      return r.json(200, {{"limited", true}, {"bytes", got * kBlock}});
    }
    r.json(200, {{"limited", false}, {"bytes", blocks.size() * kBlock}});
  });
  engine.route("POST", "/fork", [](Request&, Response& r) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();
      ::signal(SIGTERM, SIG_IGN);
      sleep_forever();
    }
    r.json(200, {{"child", child}});
  });
  engine.route("POST", "/v1/audio/transcriptions", say_what_was_asked);
  engine.route("POST", "/read", [](Request& q, Response& r) {
    const std::string path = q.query("path").value_or("");
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const std::string result = result_of(fd);
    if (fd >= 0) ::close(fd);
    r.json(200, {{"result", result}, {"names", to_json(names_in(path))}});
  });
  engine.route("POST", "/write", [](Request& q, Response& r) {
    const std::string path = q.query("path").value_or("");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    r.json(200, {{"result", result_of(fd)}});
    if (fd >= 0) ::close(fd);
  });
  engine.route("GET", "/escape", [](Request&, Response& r) { r.json(200, try_escape()); });
  engine.route("GET", "/self", [](Request&, Response& r) {
    json::object env;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      env[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    r.json(200, {{"uid", ::getuid()},
                 {"pid", ::getpid()},
                 {"status", read_all("/proc/self/status")},
                 {"limits", read_all("/proc/self/limits")},
                 {"descriptors", to_json(descriptors())},
                 {"processes", to_json(names_in("/proc"))},
                 {"environment", env}});
  });
  return engine.run();
}
