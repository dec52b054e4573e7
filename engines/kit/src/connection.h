// One connection from the daemon: reads requests, writes answers, blocking. Used by one thread; hang_up() and working()
// by any.
#pragma once

#include <hearth/kit/engine.h>

#include <boost/asio/local/stream_protocol.hpp>

#include <atomic>
#include <memory>

namespace hearth::kit {

class Connection final : public Request, public Response {
 public:
  explicit Connection(boost::asio::local::stream_protocol::socket socket);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits for the next request's header; false when the connection is over.
  bool next();
  // After the handler: ends a streamed answer, drops what is left of the body.
  void finish();
  [[nodiscard]] bool working() const { return working_; }
  void hang_up();

  std::string_view method() const override;
  std::string_view path() const override;
  std::optional<std::string> query(std::string_view name) const override;
  std::string_view header(std::string_view name) const override;
  Result<std::size_t> read(std::span<char> into) override;
  bool abandoned() override;

  using Response::start;
  void bytes(int status, std::string_view content_type, std::string_view body) override;
  void start(int status, std::string_view content_type, std::span<const Header> headers) override;
  Result<void> write(std::string_view chunk) override;
  void abort() override;
  bool started() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::atomic<bool> working_{false};
};

}  // namespace hearth::kit
