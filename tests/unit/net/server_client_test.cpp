// Server and client against each other and against raw sockets, over loopback and Unix sockets.
#include "co_test.h"

#include <hearth/net/client.h>
#include <hearth/net/server.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>

namespace hearth::net {
namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
using asio::ip::tcp;
using hearth::test::eventually;

ErrorPage plain_error(int status, std::string_view code, std::string_view message) {
  return {"text/plain", fmt::format("{} {} {}", status, code, message)};
}

struct Seen {
  bool cancelled = false;
  bool ended = false;
  bool began = false;
};

awaitable<void> answer_upload(Exchange& ex) {
  const auto body = co_await ex.read_all(1000);
  if (!body) {
    const bool too_large = body.error().is(Errc::too_large);
    co_await ex.respond(too_large ? 413 : 400, {}, "no");
    co_return;
  }
  co_await ex.respond(200, {{"X-Got", std::to_string(body->size())}}, *body);
}

awaitable<void> echo_stream(Exchange& ex) {
  ex.start(200, {{"Content-Type", "application/octet-stream"}});
  std::array<char, 100> part{};
  for (;;) {
    const auto n = co_await ex.read_some(part);
    if (!n) co_return;
    if (*n == 0) break;
    const auto written = co_await ex.write({part.data(), *n});
    if (!written) co_return;
  }
  co_await ex.finish();
}

awaitable<void> wait_long(Exchange& ex, Seen* seen) {
  ex.watch_client();
  const auto slept = co_await sleep_for(Seconds(3'600));
  seen->cancelled = !slept;
  seen->ended = true;
}

awaitable<void> cut_midway(Exchange& ex) {
  ex.start(200, {});
  co_await ex.write("half");
}

awaitable<void> watch_and_cut(Exchange& ex) {
  ex.watch_client();
  ex.start(200, {});
  co_await ex.write("half");
}

awaitable<void> watch_and_answer(Exchange& ex) {
  ex.watch_client();
  co_await ex.respond(200, {}, "whole");
}

// The client leaves while this waits for what cannot be cancelled; what comes next must end all the same.
awaitable<void> compute_then_wait(Exchange& ex, Seen* seen) {
  ex.watch_client();
  BlockingPool pool(1, 1);
  seen->began = true;
  const auto computed = co_await pool.run([]() -> Result<int> {
    std::promise<void> nothing;  // work that takes its time, whoever has left meanwhile
    nothing.get_future().wait_for(Millis(200));
    return 1;
  });
  EXPECT_TRUE(computed);
  const auto slept = co_await sleep_for(Seconds(3'600));
  seen->cancelled = !slept;
  seen->ended = true;
}

Handler routes(Seen* seen) {
  return [seen](Exchange& ex) -> awaitable<void> {
    const std::string path = ex.request().path();
    if (path == "/upload") return answer_upload(ex);
    if (path == "/echo") return echo_stream(ex);
    if (path == "/wait") return wait_long(ex, seen);
    if (path == "/cut") return cut_midway(ex);
    if (path == "/watched-cut") return watch_and_cut(ex);
    if (path == "/watched") return watch_and_answer(ex);
    if (path == "/compute") return compute_then_wait(ex, seen);
    return [](Exchange& e) -> awaitable<void> { co_await e.respond(200, {}, "hello " + e.request().method); }(ex);
  };
}

// Times that no test here reaches: those that are about one of them set it to something that can be waited for.
ServerLimits patient() {
  ServerLimits l;
  l.header_bytes = 4096;
  l.header_time = l.idle_time = l.stall_time = Seconds(3'600);
  l.connections = 8;
  l.connections_hard = 10;
  return l;
}

// A server on a port of the system's choice.
struct Fixture {
  explicit Fixture(Executor executor, ServerLimits limits = patient())
      : server(executor, limits, plain_error, routes(&seen)), client(executor, start()) {}
  Endpoint start() {
    EXPECT_TRUE(server.listen({"127.0.0.1", 0, {}}));
    Endpoint e;
    e.address = "127.0.0.1";
    e.port = server.port();
    return e;
  }
  Seen seen;
  HttpServer server;
  HttpClient client;
};

RequestHead request(std::string method, std::string target) {
  return {std::move(method), std::move(target), {}};
}
Deadline soon() {
  return Deadline::in(hearth::test::kPatience);
}

awaitable<tcp::socket> raw_connect(std::uint16_t port) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto [ec] = co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, kTuple);
  EXPECT_FALSE(ec);
  co_return socket;
}

// Sends raw bytes, returns everything until the server closes.
awaitable<std::string> raw_exchange(std::uint16_t port, std::string bytes) {
  tcp::socket socket = co_await raw_connect(port);
  co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
  std::string answer;
  std::array<char, 4096> part{};
  for (;;) {
    const auto [ec, n] = co_await socket.async_read_some(asio::buffer(part), kTuple);
    answer.append(part.data(), n);
    if (ec) co_return answer;
  }
}

CO_TEST(Http, AnswersAndKeepsTheConnection) {
  Fixture f(co_await asio::this_coro::executor);
  for (int i = 0; i < 3; ++i) {
    const auto answer = co_await f.client.fetch(request("GET", "/"), "", 1000, soon());
    CO_ASSERT(answer);
    EXPECT_EQ(answer->head.status, 200);
    EXPECT_EQ(answer->body, "hello GET");
    EXPECT_EQ(f.server.connections(), 1U);
  }
  co_await f.server.stop(soon());
}

CO_TEST(Http, BodiesOfEverySizeArriveWhole) {
  Fixture f(co_await asio::this_coro::executor);
  for (const std::size_t size : {0UL, 1UL, 999UL, 1000UL}) {
    const std::string body(size, 'x');
    const auto answer = co_await f.client.fetch(request("POST", "/upload"), body, 10000, soon());
    CO_ASSERT(answer);
    EXPECT_EQ(answer->head.headers.get("x-got"), std::to_string(size));
    EXPECT_EQ(answer->body, body);
  }
  co_await f.server.stop(soon());
}

CO_TEST(Http, TooLargeIsSaidWhileTheClientStillSends) {
  Fixture f(co_await asio::this_coro::executor);
  const std::string huge(8 << 20U, 'x');
  const auto answer = co_await raw_exchange(
      f.server.port(),
      fmt::format("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", huge.size(), huge));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer.substr(0, 80);
  co_await f.server.stop(soon());
}

CO_TEST(Http, ChunkedBothWaysAtOnce) {
  Fixture f(co_await asio::this_coro::executor);
  auto call = co_await f.client.open(request("POST", "/echo"), BodyKind::chunked, soon());
  CO_ASSERT(call);
  std::string got;
  std::array<char, 64> part{};
  bool head_seen = false;
  for (int i = 0; i < 5; ++i) {
    const auto written = co_await call->write(fmt::format("part {};", i));
    CO_ASSERT(written);
    if (!head_seen) {
      const auto head = co_await call->head();  // before the request's body has ended
      CO_ASSERT(head);
      head_seen = true;
    }
    const auto n = co_await call->read_some(part);
    CO_ASSERT(n);
    got.append(part.data(), *n);
  }
  co_await call->finish_body();
  const auto rest = co_await call->read_all(1000);
  CO_ASSERT(rest);
  EXPECT_EQ(got + *rest, "part 0;part 1;part 2;part 3;part 4;");
  co_await f.server.stop(soon());
}

CO_TEST(Http, AnswerCutMidwayIsAnError) {
  Fixture f(co_await asio::this_coro::executor);
  const auto answer = co_await f.client.fetch(request("GET", "/cut"), "", 1000, soon());
  CO_ASSERT(!answer);
  EXPECT_TRUE(answer.error().is(Errc::io_error)) << answer.error().describe();
  co_await f.server.stop(soon());
}

CO_TEST(Http, AWatchedConnectionMayEndInEveryWay) {
  Fixture f(co_await asio::this_coro::executor);
  for (int i = 0; i < 20; ++i) {
    const auto cut = co_await raw_exchange(f.server.port(), "GET /watched-cut HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(cut.find("half"), std::string::npos);
    const auto closed =
        co_await raw_exchange(f.server.port(), "GET /watched HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(closed.ends_with("whole")) << closed;
    const auto kept = co_await f.client.fetch(request("GET", "/watched"), "", 1000, soon());
    CO_ASSERT(kept);
  }
  co_await f.server.stop(soon());
}

CO_TEST(Http, AClientThatLeavesBetweenTwoOperationsCancelsTheSecond) {
  Fixture f(co_await asio::this_coro::executor);
  {
    tcp::socket socket = co_await raw_connect(f.server.port());
    const std::string bytes = "GET /compute HTTP/1.1\r\nHost: x\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
    const bool began = co_await eventually([&] { return f.seen.began; });
    EXPECT_TRUE(began);
  }
  const bool ended = co_await eventually([&] { return f.seen.ended; });
  EXPECT_TRUE(ended);
  EXPECT_TRUE(f.seen.cancelled);
  co_await f.server.stop(soon());
}

CO_TEST(Http, AChunksExtensionOrATrailerWithoutEndIsRefused) {
  Fixture f(co_await asio::this_coro::executor);
  for (const std::string opening : {"5;x=", "5\r\nhello\r\n0\r\nX: "}) {
    const auto answer = co_await raw_exchange(
        f.server.port(), "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + opening +
                             std::string(256 * 1024, 'x'));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer.substr(0, 80);
  }
  co_await f.server.stop(soon());
}

CO_TEST(Http, HeadHasNoBodyOnStreamsEither) {
  Fixture f(co_await asio::this_coro::executor);
  const auto answer = co_await raw_exchange(
      f.server.port(), "HEAD /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  EXPECT_EQ(answer.find("\r\n\r\n") + 4, answer.size()) << answer;
  co_await f.server.stop(soon());
}

CO_TEST(BlockingPool, WhatTheWorkThrowsIsThrownAtTheCaller) {
  BlockingPool pool(1, 4);
  bool caught = false;
  try {
    const auto never = co_await pool.run([]() -> Result<int> { throw std::runtime_error("broken"); });
    EXPECT_FALSE(never);
  } catch (const std::runtime_error&) {
    caught = true;
  }
  EXPECT_TRUE(caught);
  const auto after = co_await pool.run([]() -> Result<int> { return 7; });
  CO_ASSERT(after);
  EXPECT_EQ(*after, 7);
}

CO_TEST(Http, AClientThatLeavesCancelsTheHandler) {
  Fixture f(co_await asio::this_coro::executor);
  {
    tcp::socket socket = co_await raw_connect(f.server.port());
    const std::string text = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(text), kTuple);
    const bool began = co_await eventually([&] { return f.server.requests_in_flight() > 0; });
    EXPECT_TRUE(began);
  }
  const bool ended = co_await eventually([&] { return f.seen.ended; });
  EXPECT_TRUE(ended);
  EXPECT_TRUE(f.seen.cancelled);
  co_await f.server.stop(soon());
}

CO_TEST(Http, ADeadlineEndsTheCall) {
  Fixture f(co_await asio::this_coro::executor);
  const auto answer = co_await f.client.fetch(request("GET", "/wait"), "", 1000, Deadline::in(Millis(30)));
  CO_ASSERT(!answer);
  EXPECT_TRUE(answer.error().is(Errc::deadline_exceeded));
  co_await f.server.stop(soon());
}

awaitable<void> wait_for_head(ClientCall* call) {
  [[maybe_unused]] const auto head = co_await call->head();
}

CO_TEST(Http, TrafficTellsWhoseMoveItIs) {
  const auto executor = co_await asio::this_coro::executor;
  Fixture f(executor);
  EXPECT_FALSE(f.client.traffic().owed);
  const auto whole = co_await f.client.fetch(request("GET", "/"), "", 1000, soon());
  EXPECT_TRUE(whole);
  const std::uint64_t bytes = f.client.traffic().bytes;
  EXPECT_GT(bytes, 20U);
  EXPECT_FALSE(f.client.traffic().owed) << "answered";
  {
    // The answer is waited for, but the body is not sent yet: it is the client's move. Then it is the server's.
    TaskGroup reader(executor);
    auto call = co_await f.client.open(request("POST", "/upload"), BodyKind::chunked, soon());
    CO_ASSERT(call);
    reader.spawn("read", wait_for_head(&*call));
    co_await sleep_for(Millis(20));
    EXPECT_FALSE(f.client.traffic().owed);
    const auto written = co_await call->write("part");
    EXPECT_TRUE(written);
    EXPECT_FALSE(f.client.traffic().owed);
    const auto ended = co_await call->finish_body();
    EXPECT_TRUE(ended);
    const bool answered = co_await reader.wait(soon());
    EXPECT_TRUE(answered);
    EXPECT_FALSE(f.client.traffic().owed);
    EXPECT_GT(f.client.traffic().bytes, bytes);
  }
  TaskGroup reader(executor);
  {
    auto call = co_await f.client.send(request("GET", "/wait"), "", soon());
    CO_ASSERT(call);
    EXPECT_FALSE(f.client.traffic().owed) << "nobody waits for it yet";
    reader.spawn("read", wait_for_head(&*call));
    co_await sleep_for(Millis(20));
    EXPECT_TRUE(f.client.traffic().owed);
    call->abort();
    const bool ended = co_await reader.wait(soon());
    EXPECT_TRUE(ended);
  }
  EXPECT_FALSE(f.client.traffic().owed);
  co_await f.server.stop(soon());
}

CO_TEST(Http, SlowHeaderIs408) {
  ServerLimits limits = patient();
  limits.header_time = Millis(300);
  Fixture f(co_await asio::this_coro::executor, limits);
  const auto answer = co_await raw_exchange(f.server.port(), "GET / HTTP/1.1\r\nHost:");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408")) << answer;
  co_await f.server.stop(soon());
}

CO_TEST(Http, StalledBodyEnds) {
  ServerLimits limits = patient();
  limits.stall_time = Millis(500);
  Fixture f(co_await asio::this_coro::executor, limits);
  const auto answer =
      co_await raw_exchange(f.server.port(), "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  co_await f.server.stop(soon());
}

CO_TEST(Http, BrokenRequestsGetA4xxInTheApplicationsShape) {
  Fixture f(co_await asio::this_coro::executor);
  const std::string big(5000, 'a');
  const std::array<std::pair<std::string, std::string>, 4> cases{{
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nX: " + big + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 400"},
      {"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "HTTP/1.1 400"},
  }};
  for (const auto& [bytes, expected] : cases) {
    const auto answer = co_await raw_exchange(f.server.port(), bytes);
    EXPECT_TRUE(answer.starts_with(expected)) << bytes.substr(0, 40) << " -> " << answer;
  }
  co_await f.server.stop(soon());
}

CO_TEST(Http, ContinueIsSentWhenTheBodyIsWanted) {
  Fixture f(co_await asio::this_coro::executor);
  tcp::socket socket = co_await raw_connect(f.server.port());
  const std::string head =
      "POST /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(head), kTuple);
  std::array<char, 4096> part{};
  const auto [ec, n] = co_await socket.async_read_some(asio::buffer(part), kTuple);
  EXPECT_EQ(std::string(part.data(), n), "HTTP/1.1 100 Continue\r\n\r\n");
  const std::string body = "abc";
  co_await asio::async_write(socket, asio::buffer(body), kTuple);
  const auto [ec2, n2] = co_await socket.async_read_some(asio::buffer(part), kTuple);
  EXPECT_TRUE(std::string(part.data(), n2).ends_with("\r\n\r\nabc"));
  co_await f.server.stop(soon());
}

CO_TEST(Http, PipelinedRequestsAreAnsweredInOrder) {
  Fixture f(co_await asio::this_coro::executor);
  const auto answer = co_await raw_exchange(f.server.port(),
                                            "GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nPUT / "
                                            "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("hello GET"), std::string::npos);
  EXPECT_EQ(answer.find("hello HEAD"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("hello PUT"));
  co_await f.server.stop(soon());
}

// A client of HTTP/1.0 that is not told so waits for the end of the connection, although the whole answer is there.
CO_TEST(Http, KeepAliveOfHttp10IsConfirmed) {
  Fixture f(co_await asio::this_coro::executor);
  const auto answer =
      co_await raw_exchange(f.server.port(), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPUT / HTTP/1.0\r\n\r\n");
  EXPECT_NE(answer.find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_NE(answer.find("hello GET"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("hello PUT"));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  co_await f.server.stop(soon());
}

CO_TEST(Http, StopLetsRequestsEndAndClosesIdleOnes) {
  const auto executor = co_await asio::this_coro::executor;
  Fixture f(executor);
  const auto first = co_await f.client.fetch(request("GET", "/"), "", 1000, soon());
  CO_ASSERT(first);
  co_await f.server.stop(Deadline::in(Seconds(3'600)));  // an idle connection is not waited for
  EXPECT_EQ(f.server.connections(), 0U);
  const auto refused = co_await f.client.fetch(request("GET", "/"), "", 1000, soon());
  CO_ASSERT(!refused);
  EXPECT_TRUE(refused.error().is(Errc::unavailable)) << refused.error().describe();
}

CO_TEST(Http, StopCutsWhatDoesNotEnd) {
  Fixture f(co_await asio::this_coro::executor);
  tcp::socket socket = co_await raw_connect(f.server.port());
  const std::string text = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(text), kTuple);
  const bool began = co_await eventually([&] { return f.server.requests_in_flight() > 0; });
  EXPECT_TRUE(began);
  co_await f.server.stop(Deadline::in(Millis(50)));
  EXPECT_EQ(f.server.connections(), 0U);
}

CO_TEST(Http, WorksOverAUnixSocket) {
  const auto executor = co_await asio::this_coro::executor;
  const auto path = std::filesystem::temp_directory_path() / fmt::format("hearth-net-{}.sock", ::getpid());
  Seen seen;
  HttpServer server(executor, patient(), plain_error, routes(&seen));
  CO_ASSERT(server.listen({"", 0, path}));
  Endpoint endpoint;
  endpoint.unix_path = path;
  HttpClient client(executor, endpoint);
  const auto answer = co_await client.fetch(request("GET", "/"), "", 1000, soon());
  CO_ASSERT(answer);
  EXPECT_EQ(answer->body, "hello GET");
  co_await server.stop(soon());
  EXPECT_FALSE(std::filesystem::exists(path));
}

CO_TEST(Http, AnIdleConnectionThatTheServerClosedIsReplaced) {
  const auto executor = co_await asio::this_coro::executor;
  // Not a port, which somebody else could take in between.
  const ListenAddress where{
      "", 0, std::filesystem::temp_directory_path() / fmt::format("hearth-net-{}-twice.sock", ::getpid())};
  Endpoint endpoint;
  endpoint.unix_path = where.unix_path;
  HttpClient client(executor, endpoint);
  for (int life = 0; life < 2; ++life) {
    Seen seen;
    HttpServer server(executor, patient(), plain_error, routes(&seen));
    CO_ASSERT(server.listen(where));
    const auto answer = co_await client.fetch(request("GET", "/"), "", 1000, soon());
    EXPECT_TRUE(answer) << "life " << life;
    EXPECT_EQ(server.connections(), 1U);
    co_await server.stop(soon());
  }
}

// Answers one request a connection, takes a second, and closes.
awaitable<void> serve_and_forget(tcp::acceptor* acceptor, int* connections, std::vector<std::string>* bodies) {
  for (;;) {
    auto [refused, socket] = co_await acceptor->async_accept(kTuple);
    if (refused) co_return;
    ++*connections;
    for (const bool answers : {true, false}) {
      std::string text(4096, ' ');
      const auto [ec, n] = co_await socket.async_read_some(asio::buffer(text), kTuple);
      if (ec) break;
      bodies->push_back(text.substr(0, n).substr(text.find("\r\n\r\n") + 4));
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
      if (answers) co_await asio::async_write(socket, asio::buffer(answer), kTuple);
    }
  }
}

CO_TEST(Http, ARequestThatAClosingConnectionSwallowedIsSentAgain) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
  int connections = 0;
  std::vector<std::string> bodies;
  TaskGroup tasks(executor);
  tasks.spawn("test.serve", serve_and_forget(&acceptor, &connections, &bodies));
  HttpClient client(executor, {.unix_path = {},
                               .address = "127.0.0.1",
                               .port = acceptor.local_endpoint().port(),
                               .connector = {},
                               .host = {},
                               .tls = {},
                               .label = {}});
  for (const std::string body : {"one", "two", "three"}) {
    const auto answer = co_await client.fetch(request("POST", "/"), body, 1000, soon());
    CO_ASSERT(answer);
    EXPECT_EQ(answer->body, "hi");
  }
  EXPECT_EQ(connections, 3);
  EXPECT_EQ(bodies, (std::vector<std::string>{"one", "two", "two", "three", "three"}));
  acceptor.close();
  client.forget_idle();
  co_await tasks.stop();
}

CO_TEST(Http, ConnectionsAreBounded) {
  Fixture f(co_await asio::this_coro::executor);
  std::vector<tcp::socket> sockets;
  for (int i = 0; i < 14; ++i) sockets.push_back(co_await raw_connect(f.server.port()));
  // Those past the bound are closed at once, and the others are left alone.
  std::array<char, 1> byte{};
  for (std::size_t i = 10; i < sockets.size(); ++i) {
    const auto [ec, n] = co_await sockets[i].async_read_some(asio::buffer(byte), kTuple);
    EXPECT_TRUE(ec) << "connection " << i;
  }
  EXPECT_EQ(f.server.connections(), 10U);
  sockets.clear();
  co_await f.server.stop(soon());
}

}  // namespace
}  // namespace hearth::net
