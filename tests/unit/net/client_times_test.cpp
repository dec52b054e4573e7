// The client against a server that takes its time: each limit is missed by what it is about, and by nothing else.
#include "co_test.h"

#include <hearth/net/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace hearth::net {
namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
using asio::ip::tcp;

// What a server sends, with a wait before each part.
struct Part {
  Millis wait;
  std::string bytes;
};
using Script = std::vector<Part>;

struct Server {
  Executor executor;
  Script script;
  bool reads = true;
  std::size_t connections = 0;
  std::size_t requests = 0;
  tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  TaskGroup tasks{executor};
};

// Answers each request on a connection by the script; then waits for the next one.
awaitable<void> answer(Server* server, tcp::socket socket) {
  std::array<char, 4096> request{};
  for (;;) {
    const auto [gone, n] = co_await socket.async_read_some(asio::buffer(request), kTuple);
    if (gone) co_return;
    ++server->requests;
    for (const Part& part : server->script) {
      const auto slept = co_await sleep_for(part.wait);
      if (!slept) co_return;
      const auto [ec, sent] = co_await asio::async_write(socket, asio::buffer(part.bytes), kTuple);
      if (ec) co_return;
    }
  }
}

awaitable<void> keep_unread(tcp::socket socket) {
  [[maybe_unused]] const auto slept = co_await sleep_for(Seconds(3'600));
}

awaitable<void> accept(Server* server) {
  for (;;) {
    auto [refused, socket] = co_await server->acceptor.async_accept(kTuple);
    if (refused) co_return;
    ++server->connections;
    server->tasks.spawn("test.answer",
                        server->reads ? answer(server, std::move(socket)) : keep_unread(std::move(socket)));
  }
}

awaitable<void> stop(Server* server) {
  server->acceptor.close();
  co_await server->tasks.stop();
}

Endpoint endpoint_of(const Server& server) {
  Endpoint endpoint;
  endpoint.address = "127.0.0.1";
  endpoint.port = server.acceptor.local_endpoint().port();
  endpoint.label = "the provider";
  return endpoint;
}

ClientLimits patient() {
  ClientLimits limits;
  limits.connect_time = test::kPatience;
  limits.head_time = limits.stall_time = test::kPatience;
  limits.send_again = false;
  return limits;
}
Deadline soon() {
  return Deadline::in(test::kPatience);
}
RequestHead post() {
  return {"POST", "/", {}};
}

constexpr Millis kAges{3'600'000};
const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

CO_TEST(ClientTimes, ASilentServerMissesTheHeaderTime) {
  Server server{.executor = co_await asio::this_coro::executor, .script = {{kAges, kHead}}};
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.head_time = Millis(200);
  HttpClient client(server.executor, endpoint_of(server), limits);
  const auto got = co_await client.fetch(post(), "body", 1000, soon());
  EXPECT_FALSE(got);
  if (!got) {
    EXPECT_TRUE(got.error().is(Errc::deadline_exceeded));
    EXPECT_EQ(got.error().message(), "the provider did not begin to answer within 0.2 s");
    EXPECT_FALSE(nothing_was_sent(got.error()));
  }
  co_await stop(&server);
}

CO_TEST(ClientTimes, AHeaderThatTricklesMissesItToo) {
  Script slow;
  for (const char c : kHead) slow.push_back({Millis(30), std::string(1, c)});
  Server server{.executor = co_await asio::this_coro::executor, .script = slow};
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.head_time = Millis(300);
  HttpClient client(server.executor, endpoint_of(server), limits);
  const auto got = co_await client.fetch(post(), "body", 1000, soon());
  EXPECT_FALSE(got);
  if (!got) {
    EXPECT_EQ(got.error().message(), "the provider did not begin to answer within 0.3 s");
  }
  co_await stop(&server);
}

CO_TEST(ClientTimes, AnAnswerThatStopsMissesTheStallTime) {
  Server server{.executor = co_await asio::this_coro::executor, .script = {{Millis(0), kHead + "ha"}, {kAges, "lf"}}};
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.stall_time = Millis(200);
  HttpClient client(server.executor, endpoint_of(server), limits);
  const auto got = co_await client.fetch(post(), "body", 1000, soon());
  EXPECT_FALSE(got);
  if (!got) {
    EXPECT_TRUE(got.error().is(Errc::deadline_exceeded));
    EXPECT_EQ(got.error().message(), "the provider stopped in the middle of its answer: nothing came for 0.2 s");
  }
  co_await stop(&server);
}

CO_TEST(ClientTimes, ARequestThatNobodyTakesMissesItToo) {
  Server server{.executor = co_await asio::this_coro::executor, .script = {}, .reads = false};
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.stall_time = Millis(300);
  HttpClient client(server.executor, endpoint_of(server), limits);
  const std::string more_than_the_system_keeps(64 << 20U, 'x');
  const auto got = co_await client.fetch(post(), more_than_the_system_keeps, 1000, soon());
  EXPECT_FALSE(got);
  if (!got) {
    EXPECT_EQ(got.error().message(), "the provider stopped taking the request: nothing went for 0.3 s");
    EXPECT_FALSE(nothing_was_sent(got.error()));
  }
  co_await stop(&server);
}

// Longer than the stall time in all, but never at once; and what this side does in between counts for nothing.
CO_TEST(ClientTimes, AnAnswerThatKeepsComingMissesNothing) {
  Server server{.executor = co_await asio::this_coro::executor,
                .script = {{Millis(0), "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n"}}};
  for (int i = 0; i < 16; ++i) server.script.push_back({Millis(250), "x"});
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.stall_time = Millis(3'000);
  HttpClient client(server.executor, endpoint_of(server), limits);
  auto call = co_await client.send(post(), "body", soon());
  CO_ASSERT(call);
  const auto head = co_await call->head();
  CO_ASSERT(head);
  co_await sleep_for(Millis(3'300));
  const auto body = co_await call->read_all(1000);
  EXPECT_TRUE(body) << body.error().message();
  co_await stop(&server);
}

CO_TEST(ClientTimes, IdleConnectionsAreClosedInTime) {
  Server server{.executor = co_await asio::this_coro::executor, .script = {{Millis(0), kHead + "whole"}}};
  server.script[0].bytes.pop_back();
  server.tasks.spawn("test.accept", accept(&server));
  ClientLimits limits = patient();
  limits.idle_time = Millis(200);
  HttpClient client(server.executor, endpoint_of(server), limits);
  const auto first = co_await client.fetch(post(), "body", 1000, soon());
  EXPECT_TRUE(first);
  const bool closed = co_await test::eventually([&] { return server.tasks.size() == 1; });  // accept() alone
  EXPECT_TRUE(closed);
  const auto second = co_await client.fetch(post(), "body", 1000, soon());
  EXPECT_TRUE(second);
  EXPECT_EQ(server.connections, 2U);
  EXPECT_EQ(server.requests, 2U);
  co_await stop(&server);
}

// Answers once a connection, takes a second request, and hangs up.
awaitable<void> serve_and_forget(Server* server) {
  for (;;) {
    auto [refused, socket] = co_await server->acceptor.async_accept(kTuple);
    if (refused) co_return;
    for (const bool answers : {true, false}) {
      std::array<char, 4096> request{};
      const auto [ec, n] = co_await socket.async_read_some(asio::buffer(request), kTuple);
      if (ec) break;
      ++server->requests;
      const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
      if (answers) co_await asio::async_write(socket, asio::buffer(text), kTuple);
    }
  }
}

CO_TEST(ClientTimes, ARequestThatCostsMoneyIsNotSentTwice) {
  Server server{.executor = co_await asio::this_coro::executor, .script = {}};
  server.tasks.spawn("test.serve", serve_and_forget(&server));
  HttpClient client(server.executor, endpoint_of(server), patient());
  const auto first = co_await client.fetch(post(), "one", 1000, soon());
  EXPECT_TRUE(first);
  const auto swallowed = co_await client.fetch(post(), "two", 1000, soon());
  EXPECT_FALSE(swallowed);
  if (!swallowed) {
    EXPECT_TRUE(swallowed.error().is(Errc::io_error));
    EXPECT_FALSE(nothing_was_sent(swallowed.error()));
  }
  EXPECT_EQ(server.requests, 2U);
  co_await stop(&server);
}

}  // namespace
}  // namespace hearth::net
