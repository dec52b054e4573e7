// hearth-gate and who asks it: the real program, on loopback.
#include "co_test.h"
#include "gate_program.h"

#include <hearth/egress/connect.h>
#include <hearth/egress/document.h>
#include <hearth/egress/http.h>
#include <hearth/net/server.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hearth::test {
namespace {

using egress::Destination;
using egress::Gate;
using egress::Opened;
using egress::Purpose;

// A web server on loopback that answers with what it was asked for.
class Web {
 public:
  Web() {
    server_ = std::make_unique<net::HttpServer>(
        io_.get_executor(), net::ServerLimits(),
        [](int, std::string_view, std::string_view message) {
          return net::ErrorPage{"text/plain", std::string(message)};
        },
        [this](net::Exchange& exchange) { return answer(exchange); });
    EXPECT_TRUE(server_->listen({"127.0.0.1", 0, {}}));
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Web() {
    boost::asio::co_spawn(io_, server_->stop(Deadline::in(Millis(0))), [](const std::exception_ptr&) {});
    thread_.join();
  }
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
  }
  void redirect_to(std::string url) { location_ = std::move(url); }

 private:
  net::awaitable<void> answer(net::Exchange& exchange) {
    const std::string target = exchange.request().target;
    const bool elsewhere = target.starts_with("/elsewhere");
    net::Headers headers{{"Content-Type", "text/plain"}};
    if (elsewhere) headers = {{"Location", location_}};
    const std::string body = fmt::format("you asked for {}", target);
    [[maybe_unused]] const auto sent = co_await exchange.respond(elsewhere ? 302 : 200, headers, body);
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<net::HttpServer> server_;
  std::uint16_t port_ = 0;
  std::string location_;
  std::thread thread_;
};

egress::Policy naming(std::uint16_t port) {
  return {.mode = egress::EgressMode::open, .rules = {*egress::parse_rule(fmt::format("127.0.0.1:{}", port))}};
}

std::unique_ptr<Gate> start(egress::Policy policy, std::shared_ptr<std::atomic<pid_t>> pid = nullptr) {
  auto gate = Gate::start({.launch = gate_program(HEARTH_GATE, std::move(pid)), .policy = std::move(policy)});
  EXPECT_TRUE(gate);
  return std::move(*gate);
}

Destination to(const std::string& host, std::uint16_t port, Purpose purpose = Purpose::pull) {
  return {.purpose = purpose, .host = host, .port = port, .who = "test"};
}

Result<Opened> open(Gate& gate, Destination where, Deadline deadline = Deadline::in(kPatience)) {
  std::promise<Result<Opened>> came;
  gate.open(std::move(where), deadline, [&](Result<Opened> opened) { came.set_value(std::move(opened)); });
  return came.get_future().get();
}

TEST(Gate, OpensWhatIsNamedAndNothingElse) {
  const Web web;
  const auto gate = start(naming(web.port()));
  auto opened = open(*gate, to("127.0.0.1", web.port()));
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ(opened->address, fmt::format("127.0.0.1:{}", web.port()));
  int nodelay = 0;
  socklen_t size = sizeof nodelay;
  ASSERT_EQ(::getsockopt(opened->fd.get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size), 0);
  EXPECT_EQ(nodelay, 1);
  EXPECT_NE(::fcntl(opened->fd.get(), F_GETFD) & FD_CLOEXEC, 0);

  for (const char* host :
       {"localhost", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "fd00:ec2::254"}) {
    const auto refused = open(*gate, to(host, web.port()));
    ASSERT_FALSE(refused) << host;
    EXPECT_TRUE(refused.error().is(Errc::permission_denied)) << refused.error().describe();
  }
  for (const char* host : {"2130706433", "0x7f.1", "127.1", "user@127.0.0.1", "127.0.0.1/"}) {
    const auto refused = open(*gate, to(host, web.port()));
    ASSERT_FALSE(refused) << host;
    EXPECT_TRUE(refused.error().is(Errc::invalid_argument)) << refused.error().describe();
  }
  EXPECT_TRUE(
      open(*gate, to("127.0.0.1", static_cast<std::uint16_t>(web.port() + 1))).error().is(Errc::permission_denied));
  const auto status = gate->status();
  EXPECT_TRUE(status.running);
  EXPECT_EQ(status.opened, 1U);
  EXPECT_EQ(status.refused, 8U);
}

TEST(Gate, SaysWhyNobodyAnswers) {
  std::uint16_t closed = 0;
  {
    const Web web;
    closed = web.port();
  }
  const auto gate = start(naming(closed));
  const auto opened = open(*gate, to("127.0.0.1", closed));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is(Errc::unavailable)) << opened.error().describe();
  EXPECT_NE(opened.error().message().find("127.0.0.1"), std::string::npos);
}

// A listener whose queue is full: the kernel answers nothing.
class Silent {
 public:
  Silent() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 0), 0);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(waiting_.back().get(), reinterpret_cast<sockaddr*>(&at), size);
    }
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Fd fd_;
  std::vector<Fd> waiting_;
  std::uint16_t port_ = 0;
};

TEST(Gate, GivesUpInTimeOrWhenItIsTold) {
  const Silent silent;
  const auto gate = start(naming(silent.port()));
  const auto late = open(*gate, to("127.0.0.1", silent.port()), Deadline::in(Millis(50)));
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().is(Errc::deadline_exceeded)) << late.error().describe();
  std::promise<Result<Opened>> came;
  const auto id = gate->open(to("127.0.0.1", silent.port()), Deadline::in(kPatience),
                             [&](Result<Opened> opened) { came.set_value(std::move(opened)); });
  gate->cancel(id);
  EXPECT_TRUE(came.get_future().get().error().is(Errc::cancelled));
}

TEST(Gate, ComesBackAfterItWasKilled) {
  const Web web;
  const auto pid = std::make_shared<std::atomic<pid_t>>(0);
  const auto gate = start(naming(web.port()), pid);
  ASSERT_TRUE(open(*gate, to("127.0.0.1", web.port())));
  const pid_t first = *pid;
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  const Deadline deadline = Deadline::in(kPatience);
  while (*pid == first && !deadline.passed()) {
  }
  auto opened = open(*gate, to("127.0.0.1", web.port()));
  while (!opened && !deadline.passed()) {
    EXPECT_TRUE(opened.error().is(Errc::unavailable)) << opened.error().describe();
    opened = open(*gate, to("127.0.0.1", web.port()));
  }
  EXPECT_TRUE(opened);
  EXPECT_EQ(gate->status().starts, 2U);
}

TEST(Gate, EndsWithWhoStartedIt) {
  const auto pid = std::make_shared<std::atomic<pid_t>>(0);
  auto launch = gate_program(HEARTH_GATE, pid);
  auto program = launch();
  ASSERT_TRUE(program);
  program->socket.reset();
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(program->pidfd.get()), &info, WEXITED), 0);
  EXPECT_EQ(info.si_code, CLD_EXITED);
  // And at the first message that is none.
  program = launch();
  ASSERT_TRUE(program);
  ASSERT_TRUE(egress::send_datagram(program->socket.get(), "open sesame"));
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(program->pidfd.get()), &info, WEXITED), 0);
  EXPECT_EQ(info.si_status, 1);
}

CO_TEST(GateConnect, IsAwaited) {
  const Web web;
  const auto gate = start(naming(web.port()));
  auto opened = co_await egress::connect(gate.get(), to("127.0.0.1", web.port()), Deadline::in(kPatience));
  CO_ASSERT(opened.has_value());
  EXPECT_TRUE(opened->fd);
  const auto refused = co_await egress::connect(gate.get(), to("10.0.0.1", 80), Deadline::in(kPatience));
  EXPECT_TRUE(refused.error().is(Errc::permission_denied));
}

net::awaitable<void> wait_for(Gate* gate, std::uint16_t port, std::optional<Errc>* got) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto opened = co_await egress::connect(gate, to("127.0.0.1", port), Deadline::in(kPatience));
  *got = opened ? Errc::internal : opened.error().kind();
}

CO_TEST(GateConnect, IsCancelledAtOnce) {
  const Silent silent;
  const auto gate = start(naming(silent.port()));
  std::optional<Errc> got;
  net::TaskGroup tasks(co_await boost::asio::this_coro::executor);
  tasks.spawn("connect", wait_for(gate.get(), silent.port(), &got));
  const bool waits = co_await eventually([&] { return gate->status().waiting == 1; });
  EXPECT_TRUE(waits);
  co_await tasks.stop();
  EXPECT_EQ(got, Errc::cancelled);
  EXPECT_EQ(gate->status().waiting, 0U);
}

std::unique_ptr<egress::Http> http_through(Gate& gate) {
  egress::HttpOptions options;
  options.connect = egress::connect_through(gate, Purpose::pull, "test");
  auto http = egress::Http::start(std::move(options));
  EXPECT_TRUE(http);
  return std::move(*http);
}

egress::HttpRequest request(std::string url, egress::PlainHttp plain = egress::PlainHttp::loopback_only) {
  egress::HttpRequest request;
  request.url = std::move(url);
  request.plain = plain;
  return request;
}

TEST(GateHttp, DownloadsOverItsConnectionsAndUsesThemAgain) {
  const Web web;
  const auto gate = start(naming(web.port()));
  const auto http = http_through(*gate);
  for (int i = 0; i < 3; ++i) {
    const auto answer = http->get(request(web.url(fmt::format("/{}", i))), 1000, {});
    ASSERT_FALSE(answer.result.error) << answer.result.error->describe();
    EXPECT_EQ(answer.body, fmt::format("you asked for /{}", i));
  }
  EXPECT_EQ(gate->status().opened, 1U);
}

TEST(GateHttp, TellsWhatWentOverAConnectionWhenItIsNotUsedAnyMore) {
  const Web web;
  const auto gate = start(naming(web.port()));
  std::mutex mutex;
  std::vector<egress::Traffic> told;  // under mutex
  egress::HttpOptions options;
  const auto over = [&](egress::Traffic traffic) {
    const std::lock_guard lock(mutex);
    told.push_back(traffic);
  };
  options.connect = [&](const std::string& host, std::uint16_t port, Deadline deadline, const egress::Connected& done) {
    gate->open(to(host, port), deadline, [&, done](Result<Opened> opened) {
      if (!opened) return done(fail(opened.error()));
      done(egress::Connection(std::move(opened->fd), over));
    });
  };
  auto http = egress::Http::start(std::move(options));
  ASSERT_TRUE(http);
  std::size_t bodies = 0;
  for (int i = 0; i < 2; ++i) bodies += (*http)->get(request(web.url("/there")), 1000, {}).body.size();
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return told.size();
  };
  const Deadline deadline = Deadline::in(kPatience);
  while (count() == 0 && !deadline.passed()) {
  }
  ASSERT_EQ(count(), 1U) << "both went over one connection";
  EXPECT_GT(told[0].sent, 2 * std::string("GET /there HTTP/1.1").size());
  EXPECT_GT(told[0].received, bodies);
  // The next request has a connection of its own.
  EXPECT_FALSE((*http)->get(request(web.url("/again")), 1000, {}).result.error);
  http->reset();
  EXPECT_EQ(count(), 2U);
}

TEST(GateHttp, FollowsNoRedirectToWhereItMayNot) {
  Web web;
  const auto gate = start(naming(web.port()));
  const auto http = http_through(*gate);
  for (const char* where : {"http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "http://10.1.2.3/",
                            "http://[::ffff:169.254.169.254]/", "https://0xa9fea9fe/", "http://2852039166/"}) {
    web.redirect_to(where);
    const auto answer = http->get(request(web.url("/elsewhere"), egress::PlainHttp::anywhere), 1000, {});
    ASSERT_TRUE(answer.result.error) << where;
    EXPECT_TRUE(answer.result.error->is(Errc::permission_denied)) << where << ": " << answer.result.error->describe();
    EXPECT_TRUE(answer.body.empty());
  }
  web.redirect_to(web.url("/there"));
  const auto answer = http->get(request(web.url("/elsewhere")), 1000, {});
  EXPECT_EQ(answer.body, "you asked for /there");
}

TEST(GateHttp, MayOutliveNothingItWaitsFor) {
  const Silent silent;
  const auto gate = start(naming(silent.port()));
  auto http = http_through(*gate);
  std::promise<egress::HttpResult> over;
  http->begin(request(fmt::format("http://127.0.0.1:{}/", silent.port())),
              [&](egress::HttpResult result) { over.set_value(std::move(result)); });
  const Deadline deadline = Deadline::in(kPatience);
  while (gate->status().waiting == 0 && !deadline.passed()) {
  }
  http.reset();
  EXPECT_TRUE(over.get_future().get().error->is(Errc::cancelled));
}

// A Unix socket that the gate serves as a proxy on, and a client of it.
class Proxy {
 public:
  Proxy(Gate& gate, Purpose purpose) {
    path_ = std::filesystem::temp_directory_path() / fmt::format("hearth-proxy-{}.sock", ::getpid());
    std::filesystem::remove(path_);
    at_.sun_family = AF_UNIX;
    path_.string().copy(at_.sun_path, sizeof at_.sun_path - 1);
    Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at_), sizeof at_), 0);
    EXPECT_EQ(::listen(listener.get(), 8), 0);
    gate.add_proxy(purpose, "packs", std::move(listener));
  }
  ~Proxy() { std::filesystem::remove(path_); }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Sends it all, in small parts, and reads to the end.
  [[nodiscard]] std::string ask(const std::string& text) const {
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at_), sizeof at_), 0);
    for (std::size_t i = 0; i < text.size(); i += 7) {
      const std::string part = text.substr(i, 7);
      if (::send(fd.get(), part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
    }
    std::string answer;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
      if (n <= 0) return answer;
      answer.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  std::filesystem::path path_;
  sockaddr_un at_{};
};

struct Record {
  std::mutex mutex;
  std::vector<std::string> asked;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> over;
};

TEST(GateProxy, CarriesWhatIsAllowedAndRecordsIt) {
  const Web web;
  Record record;
  const auto on_proxied = [&](const egress::Proxied& wish, const Gate::Verdict& verdict) {
    const std::lock_guard lock(record.mutex);
    record.asked.push_back(
        fmt::format("{} {} {} {}", egress::to_string(wish.to.purpose), wish.to.host, wish.to.port, wish.to.who));
    verdict(wish.to.host == "forbidden.example" ? Result<void>(fail(Errc::permission_denied, "the ledger is full"))
                                                : Result<void>());
  };
  const auto on_over = [&](std::uint64_t id, std::uint64_t sent, std::uint64_t received) {
    const std::lock_guard lock(record.mutex);
    record.over[id] = {sent, received};
  };
  auto started = Gate::start({.launch = gate_program(HEARTH_GATE),
                              .policy = naming(web.port()),
                              .on_proxied = on_proxied,
                              .on_proxied_over = on_over});
  ASSERT_TRUE(started);
  Gate& gate = **started;
  const Proxy proxy(gate, Purpose::pack);
  const std::string here = fmt::format("127.0.0.1:{}", web.port());

  const std::string plain = proxy.ask(fmt::format("GET http://{}/plain HTTP/1.1\r\nHost: other\r\n\r\n", here));
  EXPECT_NE(plain.find("HTTP/1.1 200"), std::string::npos) << plain;
  EXPECT_NE(plain.find("you asked for /plain"), std::string::npos) << plain;
  const std::string tunnel =
      proxy.ask(fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\nGET /tunnel HTTP/1.1\r\nHost: {0}\r\nConnection: "
                            "close\r\n\r\n",
                            here));
  EXPECT_TRUE(tunnel.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200")) << tunnel;
  EXPECT_NE(tunnel.find("you asked for /tunnel"), std::string::npos) << tunnel;

  EXPECT_NE(proxy.ask("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n").find(" 403 "), std::string::npos);
  EXPECT_NE(proxy.ask("GET http://localhost:1/ HTTP/1.1\r\n\r\n").find(" 403 "), std::string::npos);
  EXPECT_NE(proxy.ask("CONNECT forbidden.example:443 HTTP/1.1\r\n\r\n").find("the ledger is full"), std::string::npos);
  EXPECT_NE(proxy.ask("CONNECT 0x7f.1:80 HTTP/1.1\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(proxy.ask("nonsense\r\n\r\n").find(" 400 "), std::string::npos);

  const Deadline deadline = Deadline::in(kPatience);
  const auto ended = [&] {
    const std::lock_guard lock(record.mutex);
    return record.over.size() >= 4;
  };
  while (!ended() && !deadline.passed()) {
  }
  const std::lock_guard lock(record.mutex);
  const std::vector<std::string> asked{
      fmt::format("pack 127.0.0.1 {} packs", web.port()), fmt::format("pack 127.0.0.1 {} packs", web.port()),
      "pack 169.254.169.254 80 packs", "pack localhost 1 packs", "pack forbidden.example 443 packs"};
  EXPECT_EQ(record.asked, asked);
  ASSERT_EQ(record.over.size(), 4U);
  EXPECT_GT(record.over.begin()->second.first, 0U);
  EXPECT_GT(record.over.begin()->second.second, 0U);
}

}  // namespace
}  // namespace hearth::test
