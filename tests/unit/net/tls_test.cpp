// The client against servers that speak TLS well (nginx), badly and not at all, over connections that come from a
// connector, as a gate would give them.
#include "co_test.h"

#include <hearth/net/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace hearth::net {
namespace {

namespace fs = std::filesystem;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

Result<Fd> connect_unix(const fs::path& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.string().copy(static_cast<char*>(to.sun_path), sizeof(to.sun_path) - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    return fail_errno(errno, "no connection to " + path.string());
  return fd;
}

// nginx with one server per certificate, each on a Unix socket by the certificate's name.
class Nginx {
 public:
  Nginx() {
    std::string name = testing::TempDir() + "hearth-tls.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    ::chmod(name.c_str(), 0755);  // nginx's workers are another user when the tests run as root
    folder_ = name;
    if (std::system((CERTIFICATES " " + name).c_str()) != 0) std::abort();  // NOLINT: a test's own script
    std::string servers;
    for (const char* certificate : {"good", "elsewhere", "expired", "self-signed"})
      servers += server(certificate, certificate, "TLSv1.2 TLSv1.3");
    servers += server("tls12", "good", "TLSv1.2") + server("tls11", "good", "TLSv1.1");
    servers += fmt::format("server {{ listen unix:{}/plain; }}\n", name);
    std::ofstream(folder_ / "nginx.conf") << fmt::format(R"(
daemon off;
worker_processes 1;
error_log {0}/error.log;
pid {0}/pid;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  client_max_body_size 1k;
  {1}
}}
)",
                                                         name, servers);
    std::string log = name + "/error.log";
    std::string conf = name + "/nginx.conf";
    std::array<char*, 8> argv{const_cast<char*>("nginx"),  // NOLINT: exec's old signature
                              const_cast<char*>("-e"),     // NOLINT
                              log.data(),
                              const_cast<char*>("-c"),  // NOLINT
                              conf.data(),
                              const_cast<char*>("-p"),  // NOLINT
                              name.data(),
                              nullptr};
    if (::posix_spawnp(&pid_, "nginx", nullptr, nullptr, argv.data(), environ) != 0) std::abort();
    const Deadline deadline = Deadline::in(test::kPatience);
    while (!connect_unix(folder_ / "plain") && !deadline.passed()) ::poll(nullptr, 0, 5);
  }
  ~Nginx() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  [[nodiscard]] std::string server(std::string_view name, std::string_view certificate,
                                   std::string_view protocols) const {
    return fmt::format(R"(
  server {{
    listen unix:{0}/{1} ssl;
    ssl_certificate {0}/{2}.pem; ssl_certificate_key {0}/{2}.key;
    ssl_protocols {3};
    ssl_ciphers ALL:@SECLEVEL=0;
    ssl_session_cache shared:{1}:1m;
    location / {{ return 200 "$host $ssl_server_name $ssl_alpn_protocol $ssl_protocol $ssl_session_reused"; }}
    location /large {{ alias {0}/; }}
    location /upload {{ root {0}; dav_methods PUT; }}
  }}
)",
                       folder_.string(), name, certificate, protocols);
  }
  fs::path folder_;
  pid_t pid_ = -1;
};

awaitable<Result<Fd>> connect_later(fs::path path, Deadline) {
  co_return connect_unix(path);
}
Connector connector_to(fs::path path) {
  return [path = std::move(path)](Deadline deadline) { return connect_later(path, deadline); };
}

struct To {
  std::string server = "good";
  std::string host = "provider.test";
  std::string ca = "ca.pem";
};

ClientLimits patient() {
  ClientLimits limits;
  limits.connect_time = test::kPatience;
  limits.send_again = false;
  return limits;
}
Deadline soon() {
  return Deadline::in(test::kPatience);
}

Endpoint endpoint_of(const Nginx& nginx, const To& to) {
  Endpoint endpoint;
  endpoint.connector = connector_to(nginx.folder() / to.server);
  endpoint.host = to.host;
  auto tls = make_tls_context(to.ca.empty() ? fs::path() : nginx.folder() / to.ca);
  EXPECT_TRUE(tls) << tls.error().message();
  if (tls) endpoint.tls = *tls;
  endpoint.label = "the provider";
  return endpoint;
}

RequestHead get(std::string target) {
  return {"GET", std::move(target), {}};
}

TEST(TlsContext, AFileWithoutCertificatesIsRefused) {
  for (const char* file : {"/nonexistent.pem", "/dev/null"}) {
    const auto made = make_tls_context(file);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().is(Errc::invalid_argument));
    EXPECT_NE(made.error().message().find(file), std::string::npos);
  }
}

CO_TEST(Tls, SpeaksToARealServerKeepsTheConnectionAndResumes) {
  const Nginx nginx;
  HttpClient client(co_await asio::this_coro::executor, endpoint_of(nginx, {}), patient());
  const auto first = co_await client.fetch(get("/"), "", 1000, soon());
  CO_ASSERT(first);
  EXPECT_EQ(first->body, "provider.test provider.test http/1.1 TLSv1.3 .");
  const auto kept = co_await client.fetch(get("/"), "", 1000, soon());
  CO_ASSERT(kept);
  EXPECT_EQ(kept->body, first->body);
  client.forget_idle();
  const auto resumed = co_await client.fetch(get("/"), "", 1000, soon());
  CO_ASSERT(resumed);
  EXPECT_EQ(resumed->body, "provider.test provider.test http/1.1 TLSv1.3 r");
}

CO_TEST(Tls, AnAddressIsVerifiedAsSuchAndTheHostHeaderKeepsThePort) {
  const Nginx nginx;
  const auto executor = co_await asio::this_coro::executor;
  const std::array<std::pair<std::string, std::string>, 2> hosts{
      {{"127.0.0.1:8443", "127.0.0.1  http/1.1 TLSv1.2 ."},
       {"provider.test:8443", "provider.test provider.test http/1.1 TLSv1.2 ."}}};
  for (const auto& [host, expected] : hosts) {
    HttpClient client(executor, endpoint_of(nginx, {.server = "tls12", .host = host, .ca = "ca.pem"}), patient());
    const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
    CO_ASSERT(answer);
    EXPECT_EQ(answer->body, expected);
  }
}

CO_TEST(Tls, LargeBodiesArriveWholeBothWays) {
  const Nginx nginx;
  std::string large;
  while (large.size() < 3'000'000) large += std::to_string(large.size());
  std::ofstream(nginx.folder() / "file") << large;
  HttpClient client(co_await asio::this_coro::executor, endpoint_of(nginx, {}), patient());
  const auto answer = co_await client.fetch(get("/large/file"), "", 4'000'000, soon());
  CO_ASSERT(answer);
  EXPECT_EQ(answer->body, large);
}

// nginx says 413 when it has seen the header, and reads no further.
CO_TEST(Tls, ARefusalThatComesBeforeTheBodyIsSentIsRead) {
  const Nginx nginx;
  HttpClient client(co_await asio::this_coro::executor, endpoint_of(nginx, {}), patient());
  const std::string large(20'000'000, 'x');
  const auto answer = co_await client.fetch({"PUT", "/upload/x", {}}, large, 10'000, soon());
  CO_ASSERT(answer);
  EXPECT_EQ(answer->head.status, 413);
}

CO_TEST(Tls, WhoIsNotTrustedIsToldAsSuchAndGetsNoRequest) {
  const Nginx nginx;
  const auto executor = co_await asio::this_coro::executor;
  struct Case {
    To to;
    std::string said;
  };
  const std::vector<Case> cases{
      {{.server = "elsewhere", .host = "provider.test", .ca = "ca.pem"}, "is not for provider.test"},
      {{.server = "good", .host = "192.0.2.1", .ca = "ca.pem"}, "is not for 192.0.2.1"},
      {{.server = "expired", .host = "provider.test", .ca = "ca.pem"}, "has expired"},
      {{.server = "self-signed", .host = "provider.test", .ca = "ca.pem"}, "does not trust"},
      {{.server = "good", .host = "provider.test", .ca = "self-signed.pem"}, "does not trust"},
      {{.server = "good", .host = "provider.test", .ca = ""}, "does not trust"},
  };
  for (const Case& one : cases) {
    HttpClient client(executor, endpoint_of(nginx, one.to), patient());
    const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
    CO_ASSERT(!answer);
    const Error& error = answer.error();
    EXPECT_TRUE(error.is(Errc::permission_denied)) << error.message();
    EXPECT_TRUE(nothing_was_sent(error));
    EXPECT_TRUE(error.message().starts_with("the provider is not trusted: ")) << error.message();
    EXPECT_NE(error.message().find(one.said), std::string::npos) << error.message();
  }
}

CO_TEST(Tls, WhoSpeaksNoTlsOrAnOldOneIsRefused) {
  const Nginx nginx;
  const auto executor = co_await asio::this_coro::executor;
  for (const std::string server : {"plain", "tls11"}) {
    HttpClient client(executor, endpoint_of(nginx, {.server = server, .host = "provider.test", .ca = "ca.pem"}),
                      patient());
    const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
    CO_ASSERT(!answer);
    const Error& error = answer.error();
    EXPECT_TRUE(error.is(Errc::protocol_error)) << error.message();
    EXPECT_TRUE(nothing_was_sent(error));
    EXPECT_EQ(error.message().find("does not speak TLS: check the port") != std::string::npos, server == "plain")
        << error.message();
  }
}

CO_TEST(Tls, WithoutAHostThereIsNobodyToTrust) {
  const Nginx nginx;
  HttpClient client(co_await asio::this_coro::executor,
                    endpoint_of(nginx, {.server = "good", .host = "", .ca = "ca.pem"}), patient());
  const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
  CO_ASSERT(!answer);
  EXPECT_TRUE(answer.error().is(Errc::invalid_argument)) << answer.error().message();
}

// Takes connections and does with each what `what` says.
enum class Manners { silent, hangs_up };
awaitable<void> serve_badly(tcp::acceptor* acceptor, Manners what) {
  std::vector<tcp::socket> open;
  for (;;) {
    auto [refused, socket] = co_await acceptor->async_accept(kTuple);
    if (refused) co_return;
    if (what == Manners::silent) open.push_back(std::move(socket));
  }
}

CO_TEST(Tls, AHandshakeThatStallsOrBreaksEnds) {
  const Nginx nginx;
  const auto executor = co_await asio::this_coro::executor;
  for (const Manners manners : {Manners::silent, Manners::hangs_up}) {
    tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
    TaskGroup tasks(executor);
    tasks.spawn("test.serve", serve_badly(&acceptor, manners));
    Endpoint endpoint = endpoint_of(nginx, {});
    endpoint.connector = nullptr;
    endpoint.address = "127.0.0.1";
    endpoint.port = acceptor.local_endpoint().port();
    ClientLimits limits = patient();
    if (manners == Manners::silent) limits.connect_time = Millis(300);
    HttpClient client(executor, endpoint, limits);
    const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
    EXPECT_FALSE(answer);
    if (!answer) {
      const Errc expected = manners == Manners::silent ? Errc::deadline_exceeded : Errc::unavailable;
      EXPECT_TRUE(answer.error().is(expected)) << answer.error().message();
      EXPECT_TRUE(nothing_was_sent(answer.error()));
      EXPECT_NE(answer.error().message().find("the provider"), std::string::npos);
    }
    acceptor.close();
    co_await tasks.stop();
  }
}

awaitable<Result<Fd>> refuse_to_connect(Deadline) {
  co_return fail(Errc::failed_precondition, "the gate lets nobody out to api.example.com");
}

CO_TEST(Connector, WhatItRefusesReachesTheCallerAsBeforeTheRequest) {
  Endpoint endpoint;
  endpoint.connector = refuse_to_connect;
  HttpClient client(co_await asio::this_coro::executor, endpoint);
  const auto answer = co_await client.fetch(get("/"), "", 1000, soon());
  CO_ASSERT(!answer);
  EXPECT_TRUE(answer.error().is(Errc::failed_precondition));
  EXPECT_TRUE(nothing_was_sent(answer.error()));
  EXPECT_EQ(answer.error().message(), "the gate lets nobody out to api.example.com");
}

}  // namespace
}  // namespace hearth::net
