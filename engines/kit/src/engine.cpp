#include "connection.h"
#include "options.h"

#include <hearth/core/log.h>
#include <hearth/kit/engine.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <list>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace hearth::kit {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Socket = asio::local::stream_protocol::socket;

constexpr std::size_t kMaxConnections = 512;
constexpr std::chrono::seconds kGrace{5};
constexpr int kAcceptPause = 100;  // ms

int g_stop_pipe = -1;
void on_stop_signal(int) {
  const int saved = errno;
  const char c = 't';
  [[maybe_unused]] const ssize_t n = ::write(g_stop_pipe, &c, 1);
  errno = saved;
}

// Every thread's stack counts in full against RLIMIT_DATA, the engine's memory limit: the usual 8 MiB for each idle
// connection would use it up.
void bound_thread_stacks() {
  constexpr std::size_t kStack = 2UL << 20;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  ::pthread_attr_setstacksize(&attributes, kStack);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

std::string_view status_type(int status) {
  return status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

// ── Request and Response: what does not depend on the connection ──

Result<double> Request::number(std::string_view name, double fallback, double low, double high) const {
  const auto text = query(name);
  if (!text) return fallback;
  double value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size() || !(value >= low && value <= high))
    return fail(Errc::invalid_argument, fmt::format("{} must be a number from {} to {}", name, low, high));
  return value;
}

Result<std::string> Request::read_all(std::size_t limit) {
  std::string body;
  std::array<char, 16 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::size_t n, read(buffer));
    if (n == 0) return body;
    if (body.size() + n > limit) return fail(Errc::too_large, fmt::format("the body is larger than {} bytes", limit));
    body.append(buffer.data(), n);
  }
}

void Response::json(int status, const json::value& value) {
  bytes(status, "application/json", json::serialize(value));
}

void Response::error(int status, std::string_view code, std::string_view message, std::string_view param) {
  const json::value body{{"error",
                          {{"message", message},
                           {"type", status_type(status)},
                           {"param", param.empty() ? json::value(nullptr) : json::value(param)},
                           {"code", code}}}};
  json(status, body);
}

void Response::error(const Error& e) {
  int status = 500;
  switch (e.kind()) {
    case Errc::invalid_argument:
    case Errc::unsupported:
    case Errc::protocol_error:
      status = 400;
      break;
    case Errc::not_found:
      status = 404;
      break;
    case Errc::too_large:
      status = 413;
      break;
    case Errc::resource_exhausted:
      status = 429;
      break;
    case Errc::unavailable:
    case Errc::failed_precondition:
      status = 503;
      break;
    default:
      break;
  }
  error(status, to_string(e.kind()), e.describe());
}

Result<void> Response::event(const json::value& data, std::string_view name) {
  std::string text;
  if (!name.empty()) text = fmt::format("event: {}\n", name);
  text += fmt::format("data: {}\n\n", json::serialize(data));
  return write(text);
}

// ── The server ──

struct Engine::Impl {
  std::string name;
  Options options;
  std::map<std::pair<std::string, std::string>, Handler> routes;
  json::array models;
  std::chrono::milliseconds grace = kGrace;
  std::atomic<int> busy{0};

  // Connections, so that a stop can wait for those that work and close those that wait.
  std::mutex mutex;
  std::condition_variable finished;
  std::list<Connection*> open;
  std::size_t connections = 0;  // counted when accepted: a thread may be slow to begin and to join `open`
  std::atomic<bool> stopping{false};

  void answer(Request& request, Response& response) {
    if (request.method() == "GET" && request.path() == "/health") {
      return response.json(200, {{"status", "ok"}, {"engine", name}, {"busy", busy.load() - 1}});
    }
    if (request.method() == "GET" && request.path() == "/v1/models") {
      return response.json(200, {{"object", "list"}, {"data", models}});
    }
    const auto it = routes.find({std::string(request.method()), std::string(request.path())});
    if (it == routes.end())
      return response.error(404, "not_found", fmt::format("{} has no {} {}", name, request.method(), request.path()));
    try {
      it->second(request, response);
      if (!response.started()) response.error(500, "internal", "the engine gave no answer");
    } catch (const std::exception& e) {
      failed(request, response, e.what());
    } catch (...) {  // C++ libraries with C callbacks throw all sorts of things
      failed(request, response, "not a std::exception");
    }
  }

  void failed(Request& request, Response& response, std::string_view what) {
    log::error(name, "a request ended with an exception", {{"path", request.path()}, {"what", what}});
    if (response.started()) return response.abort();
    response.error(500, "internal", "the engine failed on this input; its log says more");
  }

  void serve(Socket socket) {
    Connection connection(std::move(socket));
    {
      const std::lock_guard lock(mutex);
      open.push_back(&connection);
    }
    try {
      while (!stopping && connection.next()) {
        ++busy;
        answer(connection, connection);
        connection.finish();
        --busy;
      }
    } catch (const std::exception& e) {  // out of memory while a header was read: this connection, not the process
      log::error(name, "a connection ended with an exception", {{"what", e.what()}});
    }
    const std::lock_guard lock(mutex);
    open.remove(&connection);
    --connections;
    finished.notify_all();
  }

  // Closes `socket` when there are too many already.
  void spawn(Socket socket) {
    {
      const std::lock_guard lock(mutex);
      if (connections >= kMaxConnections) return;
      ++connections;
    }
    try {
      std::thread([this, s = std::move(socket)]() mutable { serve(std::move(s)); }).detach();
    } catch (const std::system_error& e) {  // no more threads: the connection closes, the daemon tries again
      const std::lock_guard lock(mutex);
      --connections;
      log::error(name, "cannot serve another connection", {{"what", e.what()}});
    }
  }

  void drain() {
    std::unique_lock lock(mutex);
    for (Connection* c : open)
      if (!c->working()) c->hang_up();
    finished.wait_for(lock, grace, [&] { return connections == 0; });
  }
};

Engine::Engine(std::string name, int argc, char** argv) : impl_(std::make_unique<Impl>()) {
  log::init(log::Level::info, ::isatty(STDERR_FILENO) != 0 ? log::Format::text : log::Format::json);
  impl_->options = parse_options(name, argc, argv);
  impl_->name = std::move(name);
  // A crash must not fill the disk with core files of people's documents.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  bound_thread_stacks();
}

Engine::~Engine() = default;

const Options& Engine::options() const {
  return impl_->options;
}

void Engine::route(std::string_view method, std::string_view path, Handler handler) {
  impl_->routes[{std::string(method), std::string(path)}] = std::move(handler);
}

void Engine::model(std::string id, std::string task) {
  impl_->models.push_back({{"id", id}, {"object", "model"}, {"owned_by", "hearth"}, {"task", task}});
}

void Engine::set_grace(std::chrono::milliseconds grace) {
  impl_->grace = grace;
}

int Engine::run() {
  std::array<int, 2> stop{-1, -1};
  if (::pipe2(stop.data(), O_CLOEXEC) != 0) return 1;
  g_stop_pipe = stop[1];
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  asio::io_context io(1);
  asio::local::stream_protocol::acceptor acceptor(io);
  ::unlink(impl_->options.socket.c_str());
  boost::system::error_code ec;
  acceptor.open({}, ec);
  if (!ec) acceptor.bind(impl_->options.socket, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    log::error(impl_->name, "cannot listen", {{"socket", impl_->options.socket}, {"error", ec.message()}});
    return 1;
  }
  log::info(impl_->name, "serving", {{"socket", impl_->options.socket}});

  std::array<pollfd, 3> wait{{{acceptor.native_handle(), POLLIN, 0}, {stop[0], POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
  for (;;) {
    if (::poll(wait.data(), wait.size(), -1) < 0) continue;
    if (wait[1].revents != 0) break;
    if (wait[2].revents != 0) {
      std::array<char, 256> ignored;  // NOLINT(cppcoreguidelines-pro-type-member-init)
      if (::read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0) break;
    }
    if (wait[0].revents == 0) continue;
    Socket socket(io);
    acceptor.accept(socket, ec);
    if (ec) {  // out of descriptors, as a rule: the listener stays readable, so don't spin
      ::poll(&wait[1], 2, kAcceptPause);
      continue;
    }
    impl_->spawn(std::move(socket));
  }
  impl_->stopping = true;
  acceptor.close(ec);
  ::unlink(impl_->options.socket.c_str());
  impl_->drain();
  // Threads that still work after the grace must not outlive what they use: leave without unwinding.
  std::fflush(nullptr);
  ::_exit(0);
}

}  // namespace hearth::kit
