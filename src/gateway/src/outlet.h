// The client's side of a call, as its handler sees it.
//
// While others may follow the call, what its handler answers goes into a flight (answers/flight.h) in place of the
// socket, and from there to each of them, its own client included. Reading the request is the client's side always.
#pragma once

#include <hearth/answers/flight.h>
#include <hearth/dialects/api_error.h>
#include <hearth/net/server.h>

#include <functional>
#include <optional>
#include <string>

namespace hearth::gateway {

class Outlet final : public net::Exchange {
 public:
  explicit Outlet(net::Exchange& client) : client_(client) {}

  // From here on a stream's pieces go into `flight` as they are written, after begun(); a whole answer is kept here.
  void divert(answers::Flight& flight, std::function<void()> begun);
  [[nodiscard]] bool diverted() const noexcept { return flight_ != nullptr; }
  [[nodiscard]] net::Exchange& client() noexcept { return client_; }

  // What became of it, once the handler is through.
  enum class End { none, refused, whole, streamed };
  [[nodiscard]] End end() const noexcept { return end_; }
  void refuse(dialects::ApiError error);
  [[nodiscard]] const std::optional<dialects::ApiError>& refusal() const noexcept { return refusal_; }
  // Of a whole answer, which is not in the flight yet.
  [[nodiscard]] const answers::Opening& opening() const noexcept { return opening_; }
  [[nodiscard]] std::string take_whole() noexcept { return std::move(whole_); }

  [[nodiscard]] const net::RequestHead& request() const override { return client_.request(); }
  [[nodiscard]] const std::string& peer() const override { return client_.peer(); }
  [[nodiscard]] bool over_limit() const override { return client_.over_limit(); }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const override { return client_.content_length(); }
  net::awaitable<Result<std::size_t>> read_some(std::span<char> into) override { return client_.read_some(into); }
  net::awaitable<Result<std::string>> read_all(std::size_t limit) override { return client_.read_all(limit); }
  void watch_client() override { client_.watch_client(); }
  net::awaitable<Result<void>> respond(int status, net::Headers headers, std::string_view body) override;
  void start(int status, net::Headers headers) override;
  net::awaitable<Result<void>> write(std::string_view chunk) override;
  net::awaitable<Result<void>> finish() override;
  [[nodiscard]] bool started() const override;

 private:
  net::Exchange& client_;
  answers::Flight* flight_ = nullptr;
  std::function<void()> begun_;
  answers::Opening opening_;
  std::string whole_;
  bool started_ = false;
  End end_ = End::none;
  std::optional<dialects::ApiError> refusal_;
};

}  // namespace hearth::gateway
