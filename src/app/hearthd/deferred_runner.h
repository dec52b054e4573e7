// Sends deferred calls when their time has come: to the box's own socket, in the name of whoever they belong to, so
// that there is one way through for all requests.
#pragma once

#include <hearth/deferred/queue.h>
#include <hearth/net/client.h>
#include <hearth/net/runtime.h>

#include <filesystem>
#include <map>
#include <string>

namespace hearth::daemon {

// Belongs to the I/O thread. The collaborators outlive it.
class DeferredRunner {
 public:
  struct With {
    deferred::Queue* queue = nullptr;
    net::BlockingPool* pool = nullptr;
    std::filesystem::path socket;  // the owner's
    std::size_t parallel = 2;
    deferred::RetryPolicy retry;
  };
  DeferredRunner(net::Executor executor, With with);

  // A task of its own, until stop().
  void start();
  // Nothing more is begun.
  void hold();
  // The same, and what is under way has until then to end. What is cut off the journal knows; it goes on with the next
  // start.
  net::awaitable<void> stop(Deadline drained);
  // The queue changed: something may have to be sent, or cut off.
  void changed(const std::string& id, deferred::Status status);
  // The world can be reached again: what rests after a failure rests no more.
  void link_is_up();

 private:
  struct Active {
    std::string owner;
    net::ClientCall* call = nullptr;  // of the coroutine that waits for it
    bool cancelled = false;
  };
  // What failed waits before it is sent again.
  struct Rest {
    SteadyTime until;
    std::uint32_t failures = 0;  // of this process, in a row
  };
  net::awaitable<void> run();
  net::awaitable<void> perform(std::string id, std::string owner);
  net::awaitable<void> expire(std::string id);
  net::awaitable<void> attempt(deferred::Queue::Claimed claimed);
  net::awaitable<Result<net::ClientResponse>> send(deferred::Job job, deferred::Request request, std::string body);
  net::awaitable<Result<net::ClientResponse>> receive(std::string id, net::RequestHead head, std::string body,
                                                      Deadline deadline);
  net::awaitable<void> settle(std::string id, deferred::Event event, std::optional<deferred::Answer> answer,
                              std::string note);
  net::awaitable<void> settle_answer(deferred::Job job, net::ClientResponse response);
  net::awaitable<void> settle_failure(deferred::Job job, Error error);
  // How often in a row, this time included.
  std::uint32_t failures_with(const std::string& id);
  void rest(const std::string& id, Millis pause);
  [[nodiscard]] deferred::Plan plan_now();

  const With with_;
  net::HttpClient client_;
  net::Event wake_;
  std::map<std::string, Active, std::less<>> active_;
  std::map<std::string, Rest, std::less<>> rests_;
  deferred::Turns turns_;
  std::uint64_t starts_ = 0;
  bool held_ = false;
  net::TaskGroup tasks_;
};

}  // namespace hearth::daemon
