// The deferred calls of this box: taken, sent when their time has come, answered, and told to whoever wants to know.
//
// All of it is in the journal (hearth.db) before anybody learns of it: a call before it is acknowledged, an attempt
// before it is made, an answer before it is shown, and with the end of a call, in the same transaction, the message to
// its webhook. What is larger than a page or two lies in a file beside it, on the disk before the journal names it.
//
// Any thread. What waits for the disk ends in a callback, once, on the store thread; those must not block. The store
// outlives the queue, and the queue whatever was asked of it.
#pragma once

#include <hearth/deferred/job.h>
#include <hearth/deferred/schedule.h>
#include <hearth/deferred/webhook.h>
#include <hearth/store/store_thread.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::deferred {

using Fields = std::vector<std::pair<std::string, std::string>>;  // of a header, in order

// A body: in memory, or in a file of the queue's folder.
struct Content {
  std::string text;
  std::string file;  // its name; empty: `text` is all of it
  std::uint64_t bytes = 0;
};

struct Request {
  std::string target;  // path and query
  Fields headers;
  Content body;
};

struct Answer {
  int status = 0;
  Fields headers;
  Content body;
};

// Who a call is for, and in whose name it is sent.
struct Owner {
  std::string id;
  std::string name;
};

struct NewCall {
  Owner owner;
  Request request;
  WallTime not_before;
  WallTime deadline;
  std::string webhook;     // empty: none
  std::string client_key;  // the client's own Idempotency-Key; empty: none
};

// What is known of a call without looking at its bodies.
struct Job {
  std::string id;  // "def_…"
  Owner owner;
  std::string target;
  Progress progress;
  WallTime created;
  WallTime not_before;
  WallTime deadline;
  std::optional<WallTime> ended;
  int answer_status = 0;    // of done and failed; 0: there was no answer
  std::string note;         // why it failed
  std::uint64_t bytes = 0;  // of its bodies
  std::string webhook;
  std::optional<DeliveryProgress> delivery;  // since it ended
};

// A message to a webhook.
struct Delivery {
  std::string id;  // "msg_…", the same whenever it is sent
  std::string call;
  std::string owner;  // whose secret signs it
  std::string url;
  std::string body;
  DeliveryProgress progress;
};

struct Limits {
  std::size_t calls = 10'000;                     // those that have ended included
  std::uint64_t bytes = std::uint64_t{2} << 30U;  // of all bodies; past that nothing is taken and nothing is sent
  Seconds keep{7 * 24 * 3600};                    // a call that has ended
};

inline constexpr std::string_view kEverything = "owner";  // who sees all calls, whoever they belong to

class Queue {
 public:
  template <typename T>
  using Done = std::move_only_function<void(Result<T>)>;

  // Reads the journal. Calls that were under way when the last process ended are lost, and so queued again; files that
  // the journal does not name are removed. Blocking; errors as the store's, and io_error.
  static Result<std::unique_ptr<Queue>> open(store::StoreThread& store, std::filesystem::path folder, Limits limits);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Blocking where it is large: not on the I/O thread. What was kept and is not used by a call is forgotten with the
  // next start. io_error; resource_exhausted: the disk is full.
  Result<Content> keep(std::string bytes) const;
  // Blocking where it is in a file. not_found, io_error.
  Result<std::string> read(const Content& content) const;

  // For clients ───────────────────────────────────────────────────────────────────────────────────────────────────────
  // A call with a key that its owner has used already is that earlier call, if it is the same; else already_exists.
  // resource_exhausted: too many, or too large.
  void add(NewCall call, WallTime now, Done<Job> done);
  // nullopt, or not_found, also for what belongs to somebody else.
  [[nodiscard]] std::optional<Job> find(std::string_view id, std::string_view owner) const;
  [[nodiscard]] std::vector<Job> list(std::string_view owner) const;  // the newest first
  // What has not ended is cancelled; what has is removed, and not_found from then on.
  void cancel(std::string id, std::string owner, WallTime now, Done<Job> done);
  // failed_precondition: it has not ended; not_found, also when it ended without an answer.
  void answer(std::string id, std::string owner, Done<Answer> done);
  // Calls back when the call has ended: at once, or later from another thread.
  void when_ended(std::string_view id, std::move_only_function<void()> then);

  // For who runs them ─────────────────────────────────────────────────────────────────────────────────────────────────
  // Called after each change, on the thread that made it; must not block. Set before anything is asked of the queue.
  void on_change(std::function<void(const Job&)> changed);
  // Those that wait, without their pauses.
  [[nodiscard]] std::vector<Candidate> waiting() const;
  // As much is kept as may be: nothing is to be sent whose answer would have to be kept, too.
  [[nodiscard]] bool full() const;
  struct Claimed {
    Job job;
    Request request;
  };
  void claim(std::string id, Done<Claimed> done);
  // `event`: not claimed, cancelled. `answer` with answered and refused, if there was one. failed_precondition: it has
  // been cancelled meanwhile.
  void settle(std::string id, Event event, std::optional<Answer> answer, std::string note, WallTime now,
              Done<Job> done);
  // The messages that are still to be told, and one of them whole.
  struct Pending {
    std::string id;
    DeliveryProgress progress;
  };
  [[nodiscard]] std::vector<Pending> pending() const;
  [[nodiscard]] std::optional<Delivery> delivery(std::string_view id) const;
  // What delivery_tried() made of it.
  void delivery_settled(std::string id, DeliveryProgress progress, Done<void> done);
  // Removes what ended longer than Limits::keep ago.
  void remove_old(WallTime now);

 private:
  struct Impl;
  explicit Queue(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with work that is queued
};

}  // namespace hearth::deferred
