// hearth-gate: opens connections into the world for hearthd, which cannot do so itself, and for programs that hearthd
// starts. Descriptor 3 is its socket to hearthd; when that ends, so does it. Not for people to run.
#include "service.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

constexpr int kControl = 3;

std::string variable(const char* name, const char* other) {
  const char* value = std::getenv(name);
  if (value == nullptr) value = std::getenv(other);
  return value == nullptr ? std::string() : value;
}

// The proxy that https goes through serves for all: it opens tunnels.
hearth::Result<std::optional<hearth::egress::OuterProxy>> outer_proxy() {
  std::string url = variable("https_proxy", "HTTPS_PROXY");
  if (url.empty()) url = variable("http_proxy", "HTTP_PROXY");
  return hearth::egress::parse_outer_proxy(url, variable("no_proxy", "NO_PROXY"));
}

hearth::net::awaitable<void> serve(hearth::gate::Service* service) {
  co_await hearth::net::asio::this_coro::throw_if_cancelled(false);
  const auto ended = co_await service->run();
  if (!ended) fmt::print(stderr, "hearth-gate: {}\n", ended.error().describe());
  // Lookups that hang cannot be ended: nothing is left that needs to be.
  std::_Exit(ended ? 0 : 1);
}

}  // namespace

int main() {
  if (::fcntl(kControl, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("hearth-gate: it is started by hearthd\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  try {
    auto proxy = outer_proxy();
    if (!proxy) {
      fmt::print(stderr, "hearth-gate: {}\n", proxy.error().describe());
      proxy = std::nullopt;
    }
    boost::asio::io_context io(1);
    hearth::gate::Service service(io.get_executor(), hearth::Fd(kControl), std::move(*proxy));
    boost::asio::co_spawn(io, serve(&service), [](std::exception_ptr e) {
      if (e) std::_Exit(1);
    });
    io.run();
  } catch (const std::exception& e) {
    fmt::print(stderr, "hearth-gate: a fault of ours: {}\n", e.what());
  }
  return 1;
}
