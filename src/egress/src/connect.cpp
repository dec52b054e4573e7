#include <hearth/egress/connect.h>
#include <hearth/egress/sockets.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <optional>

namespace hearth::egress {
namespace {

struct Waiting {
  explicit Waiting(const net::Executor& executor) : came(executor) {}
  net::Event came;
  std::optional<Result<Opened>> result;
};

}  // namespace

net::awaitable<Result<Opened>> connect(Gate* gate, Destination to, Deadline deadline) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  const auto waiting = std::make_shared<Waiting>(executor);
  const std::uint64_t id = gate->open(
      std::move(to), deadline, [waiting, guard = net::asio::make_work_guard(executor)](Result<Opened> opened) {
        net::asio::post(guard.get_executor(), [waiting, held = std::make_shared<Result<Opened>>(std::move(opened))] {
          waiting->result = std::move(*held);
          waiting->came.set();
        });
      });
  const auto came = co_await waiting->came.wait();
  if (!came) {
    gate->cancel(id);
    co_return fail(came.error());
  }
  co_return std::move(*waiting->result);
}

Connect connect_through(Gate& gate, Purpose purpose, std::string who) {
  return
      [&gate, purpose, who = std::move(who)](std::string host, std::uint16_t port, Deadline deadline, Connected done) {
        gate.open({.purpose = purpose, .host = std::move(host), .port = port, .who = who}, deadline,
                  [done = std::move(done)](Result<Opened> opened) {
                    if (!opened) return done(fail(std::move(opened).error()));
                    done(Connection(std::move(opened->fd)));
                  });
      };
}

}  // namespace hearth::egress
