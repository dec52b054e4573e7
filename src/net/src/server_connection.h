// One connection of the server: reads requests, runs the handler, writes answers, until either side closes.
#pragma once

#include "message.h"
#include "message_parser.h"

#include <hearth/net/server.h>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <optional>
#include <string>

namespace hearth::net {

// What connections share with their server.
struct ServerShared {
  ServerLimits limits;
  ErrorPages error_pages;
  Handler handler;
  bool stopping = false;
  std::size_t in_flight = 0;
};

class ServerConnection final : public Exchange {
 public:
  ServerConnection(StreamSocket socket, std::string peer, bool over_limit, ServerShared& shared);

  // The connection's life. Cancelled through signal().
  awaitable<void> run();
  asio::cancellation_signal& signal() { return signal_; }
  // Called by the server's sweep: ends the current operation if its time is over.
  void check_time(SteadyTime now);
  // The server stops: an idle connection ends now, a working one after its answer.
  void close_if_idle();
  void cut();

  const RequestHead& request() const override { return head_; }
  const std::string& peer() const override { return peer_; }
  bool over_limit() const override { return over_limit_; }
  std::optional<std::uint64_t> content_length() const override;
  awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
  awaitable<Result<std::string>> read_all(std::size_t limit) override;
  void watch_client() override;
  awaitable<Result<void>> respond(int status, Headers headers, std::string_view body) override;
  void start(int status, Headers headers) override;
  awaitable<Result<void>> write(std::string_view chunk) override;
  awaitable<Result<void>> finish() override;
  bool started() const override { return answer_ != Answer::none; }

 private:
  enum class Answer { none, streaming, complete, failed };
  enum class Header { read, closed, refused };

  awaitable<Header> read_header();
  awaitable<void> refuse(int status, std::string_view code, std::string_view message);
  awaitable<void> linger();
  awaitable<void> drain();
  awaitable<Result<std::size_t>> receive();
  // Of the body, as much as is in the buffer and fits; 0: there is none now. protocol_error.
  Result<std::size_t> take(std::span<char> into);
  // All of it that is in the buffer; too_large past `limit`, protocol_error.
  Result<void> take_all(std::string& body, std::size_t limit);
  Error malformed(const boost::beast::error_code& ec);
  // Waits for more of the body.
  awaitable<Result<void>> receive_body();
  awaitable<Result<void>> expect_body();
  awaitable<Result<void>> send(std::string_view head, std::string_view a, std::string_view b);
  void take_facts();
  void unwatch();
  void look_for_client();
  void expire_in(Millis time) { expires_ = steady_now() + time; }
  Error translate(const boost::system::error_code& ec) const;
  std::string format_head(int status, const Headers& headers, std::optional<std::size_t> length) const;

  StreamSocket socket_;
  std::string peer_;
  bool over_limit_;
  ServerShared& shared_;
  asio::cancellation_signal signal_;
  boost::beast::flat_buffer buffer_;
  RequestHead head_;
  std::optional<MessageParser<true>> parser_;
  std::string pending_head_;  // of a streamed answer, until its first chunk
  Answer answer_ = Answer::none;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool continue_expected_ = false;
  bool idle_ = true;
  bool timed_out_ = false;
  bool watching_ = false;  // the client, for having left
  bool client_gone_ = false;
  SteadyTime expires_ = SteadyTime::max();
  SteadyTime body_began_{};
  std::uint64_t body_read_ = 0;
};

}  // namespace hearth::net
