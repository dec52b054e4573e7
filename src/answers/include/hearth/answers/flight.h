// Calls in flight: identical ones share one call upstream.
//
// Whoever asks first leads: he runs the call upstream and puts the answer's pieces into the Flight as they come.
// Everyone, the leader too, reads it through a Follower of his own: from the first piece, in the pieces the leader put
// in. A follower that reads slowly stalls nobody, for the answer is kept whole up to a limit. Past the limit nobody may
// join any more, and what all have read is let go; a follower that is then a whole limit behind while others are not
// loses the answer (resource_exhausted), and one who reads alone is waited for.
//
// A call goes on without its leader's client as long as others follow. When nobody follows any more, what becomes of it
// is said in its terms. A failure goes to all: the leader has tried all there is to try, and each follower trying again
// by himself is what an upstream in trouble needs least.
//
// Belongs to one executor; no locks. A Flights outlives its flights.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>
#include <hearth/net/runtime.h>

#include <any>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace hearth::answers {

// A piece of an answer, shared by all who read it.
using Piece = std::shared_ptr<const std::string>;

// How an answer begins.
struct Opening {
  std::string content_type;
  AnswerHeaders headers;
  bool stream = false;
};

// Who may join a flight.
enum class Sharing {
  all,     // any identical call: the answer is deterministic, or the caller says by a key that it is the same call
  orphans  // one repeated call, after the client of the first has left: see Flights::adopt()
};

struct Terms {
  Sharing sharing = Sharing::all;
  // How long the call upstream goes on when nobody follows any more; 0: it is cancelled at once.
  Millis linger{0};
  // Only while nobody got anything of the answer: clients do not by themselves repeat a call that began to be answered.
  bool until_read = true;
};

struct FlightLimits {
  std::uint64_t answer = 4ULL << 20;  // kept whole up to this; afterwards so much may wait to be read
  std::uint64_t all = 64ULL << 20;    // of all flights together; past that each keeps what it has, and no more
};

class Flights;
class Follower;

class Flight {
 public:
  Flight(Flights& flights, const Digest& key, Terms terms);
  ~Flight();
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  // Before the first piece, once.
  void open(Opening opening);
  // The next piece, as it is to be sent; an empty one is nothing. Waits only when the answer is past its limit and who
  // reads it is behind. cancelled; resource_exhausted: it is past its limit and read only when it is there.
  net::awaitable<Result<void>> append(std::string piece);
  // All there is so far, if it was kept whole: content_type, body and ends are filled in.
  [[nodiscard]] std::optional<Answer> kept() const;
  // It is complete. Nobody joins it from here on: put it into the cache before the next co_await.
  void finish();
  void fail(Error error);
  // What the leader's side wants followers to know (which model, what was refused), before finish() or fail().
  std::any note;

  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  friend class Flights;
  friend class Follower;
  enum class Keeping { whole, unread };
  enum class Reading { beside, after };  // the leader's client: while it is worked on, or when it is there

  void end();
  void follow(Follower& follower);
  void leave(Follower& follower);
  // May the call upstream go on?
  [[nodiscard]] bool wanted(SteadyTime now) const;
  [[nodiscard]] std::uint64_t first_kept() const noexcept { return taken_ - pieces_.size(); }
  [[nodiscard]] bool is_full() const noexcept;
  void keep_unread_only();
  void let_go();
  // Somebody waits for more while another holds it up: that one is cut off. False: nobody does.
  bool cut_slowest();

  Flights& flights_;
  Digest key_;
  Terms terms_;
  std::optional<Opening> opening_;
  Keeping keeping_ = Keeping::whole;
  Reading reading_ = Reading::beside;
  std::deque<Piece> pieces_;  // those that are kept
  std::uint64_t taken_ = 0;   // pieces so far
  std::uint64_t bytes_ = 0;   // of pieces_
  std::uint64_t room_ = 0;    // for them, while only the unread are kept
  bool ended_ = false;
  bool read_from_ = false;  // a follower got something
  std::optional<Error> error_;
  std::vector<Follower*> followers_;
  SteadyTime abandoned_at_{};  // while nobody follows
  // Each is there from when somebody first waits for it: few flights are waited for.
  using Awaited = std::optional<net::Event>;
  net::Event& event(Awaited& awaited);
  Awaited progress_;   // there is more to read
  Awaited room_made_;  // somebody has read, or left
  Awaited changed_;    // somebody left, or it ended: for lead()
};

// One reader of a flight; leaves it when he goes. Movable while nothing of it is awaited.
class Follower {
 public:
  Follower(Follower&& other) noexcept;
  Follower& operator=(Follower&&) = delete;
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() { leave(); }

  // This one has to run the call upstream: see Flights::lead().
  [[nodiscard]] bool leads() const noexcept { return leads_; }
  [[nodiscard]] Flight& flight() const noexcept { return *flight_; }
  // Waits until the answer has begun. What the leader failed with; cancelled.
  net::awaitable<Result<Opening>> opening();
  // The next piece; nullptr at the end. What the leader failed with; resource_exhausted: too far behind; cancelled.
  net::awaitable<Result<Piece>> next();
  // Does not want any more. Keeps the note readable.
  void leave();

 private:
  friend class Flight;
  friend class Flights;
  Follower(std::shared_ptr<Flight> flight, bool leads);

  std::shared_ptr<Flight> flight_;
  bool leads_ = false;
  bool follows_ = true;
  bool too_slow_ = false;
  std::uint64_t at_ = 0;  // pieces read
};

class Flights {
 public:
  Flights(net::Executor executor, FlightLimits limits) : executor_(std::move(executor)), limits_(limits) {}
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  // Follows the flight by this key; if there is none that can be joined, leads a new one.
  Follower join(const Digest& key, Terms terms);
  // Follows a flight of Sharing::orphans whose client has left before anything of the answer was there. nullopt: there
  // is none.
  //
  // For a client that says that it repeats a call because the first attempt failed it, without saying by a key which
  // call that was. The abandoned answer goes to one reader only, so calls that were meant to be answered twice, each
  // with a sample of its own, never share one.
  std::optional<Follower> adopt(const Digest& key);
  // Runs `work`, the call upstream, beside `read`, which passes the leader's copy on to his client. Returns when both
  // have ended: `work` is cancelled when nobody wants it any more, not when this coroutine is.
  using Read = std::move_only_function<net::awaitable<void>(Follower&)>;
  net::awaitable<void> lead(Follower leader, net::awaitable<void> work, Read read);
  // The same for an answer that comes whole: `work` first and then `read`, which has nothing to wait for, so that no
  // task of its own is needed. `work` is cancelled when nobody wants it any more and the leader's client has left.
  net::awaitable<void> lead_whole(Follower leader, net::awaitable<void> work, Read read);
  // The box stops: what nobody follows ends now.
  void stop();

  struct Counts {
    std::uint64_t led = 0;
    std::uint64_t joined = 0;  // calls upstream that were not made
  };
  // Any thread.
  [[nodiscard]] Counts counts() const noexcept { return {led_, joined_}; }

 private:
  friend class Flight;
  Follower start(const Digest& key, Terms terms);
  // Nobody may join it any more.
  void close(const Flight& flight);

  net::Executor executor_;
  FlightLimits limits_;
  // Those that can be joined, or adopted once their client has left.
  std::unordered_multimap<Digest, std::weak_ptr<Flight>, DigestHash> open_;
  std::vector<Flight*> live_;
  std::uint64_t bytes_ = 0;  // of all
  bool stopped_ = false;
  std::atomic<std::uint64_t> led_{0};
  std::atomic<std::uint64_t> joined_{0};
};

}  // namespace hearth::answers
