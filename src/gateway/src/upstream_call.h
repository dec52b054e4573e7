// Talking to an upstream on behalf of a call: a place in it, requests with a body from the spool, streams from one to
// the other.
#pragma once

#include "call.h"

#include <hearth/net/client.h>

#include <memory>
#include <optional>
#include <string>

namespace hearth::gateway {

// Whether another attempt could succeed: nowhere, for the input is wrong or the client has left; at another upstream,
// for this one cannot now; or here once more as well, for what failed was of the moment.
enum class Again { never, elsewhere, here };

// Why an attempt failed: what the client is to be told, and what can be tried.
struct Failure {
  dialects::ApiError error;
  Again again = Again::never;
  bool not_begun = false;  // nobody worked on it, so nobody is to be paid
  // For logs and records, where the message has words of the server: those may repeat what it was sent.
  std::string recorded = {};
  bool unsent = false;  // not a byte of it has left
};
template <typename T = void>
using Attempt = std::expected<T, Failure>;

using LeasePtr = std::unique_ptr<Lease>;

inline std::unexpected<Failure> give_up(dialects::ApiError error, Again again = Again::never) {
  return std::unexpected(Failure{std::move(error), again, false});
}
// The same before anything was sent.
inline std::unexpected<Failure> not_begun(dialects::ApiError error, Again again = Again::never) {
  return std::unexpected(Failure{std::move(error), again, true, {}, true});
}

// queue_full, engine_unavailable, deadline_exceeded, request_cancelled; with a time to come back.
net::awaitable<Attempt<LeasePtr>> acquire(Call& call, Upstream& upstream);
// The upstream's connection failed: settles the lease by the error's kind and says what to tell the client.
std::unexpected<Failure> broke(Lease& lease, const Upstream& upstream, const Error& error);
// It answered in HTTP, but not what it should: settles the lease and says so.
std::unexpected<Failure> unreadable(Lease& lease, const Upstream& upstream);
// It began well, and then said or did what it should not: settles the lease and tells the client `error`.
std::unexpected<Failure> misspoke(Lease& lease, const Upstream& upstream, const Error& error);

// Waits for the answer's head. An error status becomes a Failure with the upstream's own sentence. An engine's 4xx is
// about the input; a server's elsewhere may also be about its limits, or the box's own key.
net::awaitable<Attempt<net::ResponseHead>> expect_ok(Lease& lease, const Upstream& upstream, net::ClientCall& exchange);

// Sends a request whose body is in the spool.
net::awaitable<Attempt<net::ClientCall>> send_spooled(Call& call, Lease& lease, const Upstream& upstream,
                                                      std::string target, const Spooled& body);

// The media engine, or a failure that says it is not there.
Attempt<Upstream*> media_of(const Call& call);

// Copies one answer's body into another request's body, beside the coroutine that reads that one's answer. end() must
// be awaited before either goes. When reading fails, `to` is broken off and `to_place` settled as cancelled: whoever
// reads from it sees an error that is not its fault.
class Pipe {
 public:
  Pipe(net::Executor executor, net::ClientCall* from, net::ClientCall* to, Lease* to_place);
  // Stops copying if it still does.
  net::awaitable<void> end();
  // Why reading failed, if it did: the cause of whatever the reader of `to` sees.
  [[nodiscard]] const std::optional<Error>& source_error() const noexcept { return source_error_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  net::awaitable<void> copy();

  net::ClientCall* from_;
  net::ClientCall* to_;
  Lease* to_place_;
  bool ending_ = false;
  std::optional<Error> source_error_;
  std::uint64_t bytes_ = 0;
  net::TaskGroup task_;
};

}  // namespace hearth::gateway
