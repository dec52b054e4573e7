#include "http.h"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <array>
#include <optional>

namespace hearth::bench {
namespace {

constexpr std::size_t kMaxAnswer = 512U << 20U;
constexpr Seconds kPatience{300};

net::RequestHead head_of(const Ask& ask) {
  net::RequestHead head{ask.method, ask.target, {}};
  if (!ask.content_type.empty()) head.headers.add("Content-Type", ask.content_type);
  return head;
}

std::unexpected<Error> refused(const Ask& ask, int status, std::string_view body) {
  return fail(Errc::protocol_error,
              fmt::format("{} {} was answered with {}: {}", ask.method, ask.target, status, body.substr(0, 500)));
}

net::awaitable<Result<Reply>> exchange(net::HttpClient& client, const Ask& ask) {
  Reply reply;
  const SteadyTime began = steady_now();
  auto call = co_await client.send(head_of(ask), ask.body, Deadline::in(kPatience));
  if (!call) co_return fail(call.error());
  const auto head = co_await call->head();
  if (!head) co_return fail(head.error());
  std::vector<char> part(64 * 1024);
  for (;;) {
    const auto n = co_await call->read_some(part);
    if (!n) co_return fail(n.error());
    if (*n == 0) break;
    if (reply.body.empty()) {
      reply.first_byte = seconds_between(began, steady_now());
      reply.first_part = *n;
    }
    if (reply.body.size() + *n > kMaxAnswer) co_return fail(Errc::too_large, "the answer does not end");
    reply.body.append(part.data(), *n);
  }
  reply.seconds = seconds_between(began, steady_now());
  if (head->status < 200 || head->status > 299) co_return refused(ask, head->status, reply.body);
  co_return reply;
}

net::awaitable<void> ask_one(net::HttpClient* client, const Ask* ask, std::optional<Result<Reply>>* into) {
  *into = co_await exchange(*client, *ask);
}

struct Loop {
  const std::vector<Ask>* asks;
  SteadyTime counted_from;
  SteadyTime end;
  std::size_t left;  // requests that may still be begun
  SteadyTime last;
  Loaded loaded;
  std::optional<Error> error;
};

net::awaitable<void> keep_asking(Loop* loop, net::HttpClient* client, std::size_t at) {
  while (!loop->error && loop->left > 0) {
    const SteadyTime began = steady_now();
    if (began >= loop->end) co_return;
    --loop->left;
    const Ask& next = (*loop->asks)[at++ % loop->asks->size()];
    const auto answer = co_await exchange(*client, next);
    const SteadyTime now = steady_now();
    if (!answer) {
      loop->error = answer.error();
      co_return;
    }
    // What ends after the end has waited with fewer others beside it.
    if (began < loop->counted_from || now > loop->end) continue;
    loop->loaded.seconds.add(seconds_between(began, now));
    loop->loaded.first_byte.add(answer->first_byte);
    ++loop->loaded.answered;
    loop->last = now;
  }
}

Result<Loaded> run_loop(const net::Endpoint& to, Loop loop, std::size_t connections, std::size_t stride) {
  net::asio::io_context io(1);
  // A client each: a connection each.
  std::vector<std::unique_ptr<net::HttpClient>> clients;
  net::TaskGroup tasks(io.get_executor());
  loop.last = loop.counted_from;
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<net::HttpClient>(io.get_executor(), to));
    tasks.spawn("bench.load", keep_asking(&loop, clients.back().get(), i * stride));
  }
  io.run();
  if (loop.error) return fail(*loop.error);
  loop.loaded.elapsed = seconds_between(loop.counted_from, loop.last);
  return std::move(loop.loaded);
}

}  // namespace

Result<Reply> ask(const net::Endpoint& to, const Ask& what) {
  net::asio::io_context io(1);
  net::HttpClient client(io.get_executor(), to);
  std::optional<Result<Reply>> reply;
  net::TaskGroup tasks(io.get_executor());
  tasks.spawn("bench.ask", ask_one(&client, &what, &reply));
  io.run();
  return std::move(*reply);
}

Result<Loaded> load(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections,
                    std::chrono::nanoseconds duration) {
  const SteadyTime now = steady_now();
  const SteadyTime from = now + std::chrono::duration_cast<SteadyTime::duration>(duration / 5);
  const SteadyTime end = now + std::chrono::duration_cast<SteadyTime::duration>(duration);
  return run_loop(to, Loop{&asks, from, end, SIZE_MAX, {}, {}, {}}, connections, 7);
}

Result<Loaded> load_once(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections) {
  const std::size_t stride = (asks.size() + connections - 1) / connections;
  return run_loop(to, Loop{&asks, steady_now(), SteadyTime::max(), asks.size(), {}, {}, {}}, connections, stride);
}

Ask form(std::string target, std::string_view file_field, std::string_view file_name, std::string_view bytes,
         const std::vector<std::pair<std::string, std::string>>& fields) {
  constexpr std::string_view kBoundary = "----hearth-bench-7c1f5e0d9b3a";
  std::string body;
  for (const auto& [name, value] : fields)
    body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", kBoundary, name, value);
  body += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      kBoundary, file_field, file_name);
  body += bytes;
  body += fmt::format("\r\n--{}--\r\n", kBoundary);
  return {std::move(target), fmt::format("multipart/form-data; boundary={}", kBoundary), std::move(body), "POST"};
}

}  // namespace hearth::bench
