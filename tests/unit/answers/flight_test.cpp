#include "co_test.h"
#include "samples.h"

#include <hearth/answers/flight.h>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <random>
#include <span>

namespace hearth::answers {
namespace {

using test::eventually;
using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) {
  return n == 0 ? 0 : random() % n;
}

// Lets others run, for a while that differs.
net::awaitable<void> pause(Random& random) {
  if (below(random, 3) == 0) co_return;
  [[maybe_unused]] const auto slept = co_await net::sleep_for(std::chrono::microseconds(below(random, 300)));
}

// A call upstream: its pieces, and how it ends.
struct Upstream {
  std::vector<std::string> pieces;
  bool fails = false;
  int calls = 0;
  int completed = 0;
  int cancelled = 0;
};

net::awaitable<void> call_upstream(Flight& flight, Upstream& upstream, Random& random) {
  ++upstream.calls;
  flight.open({"text/event-stream", {}, true});
  for (const std::string& piece : upstream.pieces) {
    co_await pause(random);
    const bool unwanted = co_await net::is_cancelled();
    const auto taken = co_await flight.append(piece);
    if (!taken || unwanted) {
      ++upstream.cancelled;
      co_return;
    }
  }
  if (upstream.fails) {
    flight.fail(Error(Errc::unavailable, "it broke"));
  } else {
    flight.finish();
  }
  ++upstream.completed;
}

struct Seen {
  bool led = false;
  std::vector<std::string> pieces;
  std::optional<Error> error;
  bool complete = false;
};

// Reads on, until it has got `wanted` pieces or there are no more.
net::awaitable<void> read_pieces(Follower& follower, std::size_t wanted, Random& random, Seen& seen) {
  const auto opening = co_await follower.opening();
  if (!opening) {
    seen.error = opening.error();
    co_return;
  }
  while (seen.pieces.size() < wanted) {
    const auto piece = co_await follower.next();
    if (!piece) {
      seen.error = piece.error();
      co_return;
    }
    if (*piece == nullptr) {
      seen.complete = true;
      co_return;
    }
    seen.pieces.push_back(**piece);
    co_await pause(random);
  }
}

// A client: joins, and leads if he has to.
net::awaitable<void> visit(Flights& flights, Upstream& upstream, std::size_t wanted, Random& random, Seen& seen) {
  co_await pause(random);
  Follower follower = flights.join(digest_of("call"), {});
  seen.led = follower.leads();
  if (!seen.led) co_return co_await read_pieces(follower, wanted, random, seen);
  Flight& flight = follower.flight();
  const auto read = [&](Follower& own) { return read_pieces(own, wanted, random, seen); };
  if (below(random, 2) == 0) {
    co_await flights.lead(std::move(follower), call_upstream(flight, upstream, random), read);
  } else {
    co_await flights.lead_whole(std::move(follower), call_upstream(flight, upstream, random), read);
  }
}

bool is_prefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::ranges::equal(part, std::span(whole).first(part.size()));
}

constexpr std::size_t kAll = 1'000'000;

// Whatever the order in which clients come, read and leave: each who stays sees exactly the leader's pieces, and as
// many calls went upstream as led.
CO_TEST(FlightTest, AnyInterleavingGivesEachTheWholeAnswer) {
  const auto executor = co_await net::asio::this_coro::executor;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Random random(seed);
    Flights flights(executor, {});
    Upstream upstream;
    for (std::size_t i = below(random, 12); i > 0; --i) upstream.pieces.emplace_back(1 + below(random, 50), 'a' + i);
    upstream.fails = below(random, 4) == 0;
    std::vector<Seen> seen(1 + below(random, 7));
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < seen.size(); ++i) wanted.push_back(below(random, 3) == 0 ? below(random, 6) : kAll);
    // Some are told to stop at any moment, as when a client hangs up.
    std::vector<std::unique_ptr<net::TaskGroup>> clients;
    std::vector<bool> hung_up(seen.size(), false);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      clients.push_back(std::make_unique<net::TaskGroup>(executor));
      clients[i]->spawn("client", visit(flights, upstream, wanted[i], random, seen[i]));
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (below(random, 4) != 0) continue;
      co_await pause(random);
      hung_up[i] = true;
      clients[i]->cancel();
    }
    for (auto& client : clients) {
      const bool ended = co_await client->wait(Deadline::in(test::kPatience));
      CO_ASSERT(ended);
    }
    int led = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      led += seen[i].led ? 1 : 0;
      EXPECT_TRUE(is_prefix(seen[i].pieces, upstream.pieces)) << "seed " << seed;
      if (hung_up[i] || wanted[i] != kAll) continue;
      EXPECT_EQ(seen[i].pieces, upstream.pieces) << "seed " << seed << " client " << i;
      EXPECT_EQ(seen[i].complete, !upstream.fails) << "seed " << seed;
      EXPECT_EQ(seen[i].error.has_value(), upstream.fails) << "seed " << seed;
      if (seen[i].error) EXPECT_TRUE(seen[i].error->is(Errc::unavailable)) << seen[i].error->describe();
    }
    EXPECT_EQ(upstream.calls, led) << "seed " << seed;
    EXPECT_EQ(upstream.completed + upstream.cancelled, upstream.calls) << "seed " << seed;
    EXPECT_EQ(flights.counts().led, static_cast<std::uint64_t>(led));
  }
}

// A call upstream that goes on when it is told to.
struct Gate {
  explicit Gate(net::Executor executor) : opened(std::move(executor)) {}
  net::Event opened;
  bool started = false;
  bool cancelled = false;
};

net::awaitable<void> gated(Flight& flight, Gate& gate, std::string first, std::string last) {
  gate.started = true;
  if (!first.empty()) {
    flight.open({"text/event-stream", {}, true});
    const auto taken = co_await flight.append(std::move(first));
    EXPECT_TRUE(taken);
  }
  const auto opened = co_await gate.opened.wait();
  gate.cancelled = !opened;
  if (!opened) co_return;
  flight.open({"text/event-stream", {}, true});
  const auto taken = co_await flight.append(std::move(last));
  EXPECT_TRUE(taken);
  flight.finish();
}

net::awaitable<void> read_to_end(Follower& follower, Seen& seen) {
  const auto opening = co_await follower.opening();
  if (!opening) {
    seen.error = opening.error();
    co_return;
  }
  for (;;) {
    const auto piece = co_await follower.next();
    if (!piece) seen.error = piece.error();
    if (!piece || *piece == nullptr) break;
    seen.pieces.push_back(**piece);
  }
  seen.complete = !seen.error;
}

net::awaitable<void> lead(Flights& flights, Terms terms, Gate& gate, std::string first, Seen& seen) {
  Follower follower = flights.join(digest_of("call"), terms);
  seen.led = follower.leads();
  Flight& flight = follower.flight();
  co_await flights.lead(std::move(follower), gated(flight, gate, std::move(first), "last"),
                        [&](Follower& own) { return read_to_end(own, seen); });
}

net::awaitable<void> follow(Follower follower, Seen& seen) {
  co_await read_to_end(follower, seen);
}

CO_TEST(FlightTest, TheLeaderMayLeaveWhileOthersFollow) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {});
  Gate gate(executor);
  Seen leading;
  Seen following;
  net::TaskGroup leader(executor);
  net::TaskGroup others(executor);
  leader.spawn("leader", lead(flights, {}, gate, "first", leading));
  const bool began = co_await eventually([&] { return !leading.pieces.empty(); });
  CO_ASSERT(began);
  Follower follower = flights.join(digest_of("call"), {});
  EXPECT_FALSE(follower.leads());
  others.spawn("follower", follow(std::move(follower), following));
  leader.cancel();
  const bool told = co_await eventually([&] { return leading.error.has_value(); });
  CO_ASSERT(told);
  leader.cancel();  // a server tells it again and again
  const bool caught_up = co_await eventually([&] { return !following.pieces.empty(); });
  CO_ASSERT(caught_up);
  EXPECT_FALSE(gate.cancelled);
  gate.opened.set();
  const bool ended = co_await others.wait(Deadline::in(test::kPatience));
  CO_ASSERT(ended);
  EXPECT_EQ(following.pieces, (std::vector<std::string>{"first", "last"}));
  const bool left = co_await leader.wait(Deadline::in(test::kPatience));
  CO_ASSERT(left);
}

CO_TEST(FlightTest, TheLastOneGoneCancels) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {});
  Gate gate(executor);
  Seen leading;
  Seen following;
  net::TaskGroup leader(executor);
  net::TaskGroup others(executor);
  leader.spawn("leader", lead(flights, {}, gate, "first", leading));
  const bool began = co_await eventually([&] { return !leading.pieces.empty(); });
  CO_ASSERT(began);
  others.spawn("follower", follow(flights.join(digest_of("call"), {}), following));
  leader.cancel();
  const bool told = co_await eventually([&] { return leading.error && !following.pieces.empty(); });
  CO_ASSERT(told);
  EXPECT_FALSE(gate.cancelled);
  co_await others.stop();
  const bool ended = co_await leader.wait(Deadline::in(test::kPatience));
  CO_ASSERT(ended);
  EXPECT_TRUE(gate.cancelled);
  EXPECT_TRUE(flights.join(digest_of("call"), {}).leads());  // nobody joins what was given up
}

net::awaitable<void> lead_whole(Flights& flights, Terms terms, Gate& gate, Seen& seen) {
  Follower follower = flights.join(digest_of("call"), terms);
  seen.led = follower.leads();
  Flight& flight = follower.flight();
  co_await flights.lead_whole(std::move(follower), gated(flight, gate, "first", "last"),
                              [&](Follower& own) { return read_to_end(own, seen); });
}

CO_TEST(FlightTest, TheLeaderOfAWholeAnswerMayLeaveWhileOthersFollow) {
  const auto executor = co_await net::asio::this_coro::executor;
  for (const bool stays : {true, false}) {
    Flights flights(executor, {});
    Gate gate(executor);
    Seen leading;
    Seen following;
    net::TaskGroup leader(executor);
    net::TaskGroup others(executor);
    leader.spawn("leader", lead_whole(flights, {}, gate, leading));
    const bool began = co_await eventually([&] { return gate.started; });
    CO_ASSERT(began);
    others.spawn("follower", follow(flights.join(digest_of("call"), {}), following));
    const bool follows = co_await eventually([&] { return !following.pieces.empty(); });
    CO_ASSERT(follows);
    leader.cancel();
    leader.cancel();
    EXPECT_FALSE(gate.cancelled);
    if (stays) {
      gate.opened.set();
      const bool ended = co_await others.wait(Deadline::in(test::kPatience));
      CO_ASSERT(ended);
      EXPECT_EQ(following.pieces, (std::vector<std::string>{"first", "last"}));
    } else {
      co_await others.stop();
      leader.cancel();  // a server tells it again and again
    }
    const bool left = co_await leader.wait(Deadline::in(test::kPatience));
    CO_ASSERT(left);
    EXPECT_EQ(gate.cancelled, !stays);
    EXPECT_TRUE(leading.error.has_value());
    EXPECT_TRUE(flights.join(digest_of("call"), {}).leads());
  }
}

CO_TEST(FlightTest, AWholeAnswerThatComesInTooManyPiecesIsNotWaitedFor) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {.answer = 100'000, .all = 1'000'000});
  Seen seen;
  Follower follower = flights.join(digest_of("call"), {});
  Flight& flight = follower.flight();
  bool refused = false;
  const auto work = [&]() -> net::awaitable<void> {
    flight.open({"text/event-stream", {}, true});
    for (int i = 0; i < 20 && !refused; ++i) {
      const auto taken = co_await flight.append(std::string(20'000, 'x'));
      refused = !taken && taken.error().is(Errc::resource_exhausted);
    }
    flight.fail(Error(Errc::resource_exhausted, "too many pieces"));
  };
  co_await flights.lead_whole(std::move(follower), work(), [&](Follower& own) { return read_to_end(own, seen); });
  EXPECT_TRUE(refused);
  EXPECT_TRUE(seen.error);
}

// ── What goes on without its client

CO_TEST(FlightTest, AnAbandonedCallIsAdoptedOnce) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {});
  Gate gate(executor);
  Seen leading;
  Seen retried;
  net::TaskGroup leader(executor);
  net::TaskGroup others(executor);
  const Terms terms{Sharing::orphans, std::chrono::hours(1)};
  leader.spawn("leader", lead(flights, terms, gate, "", leading));
  const bool began = co_await eventually([&] { return gate.started; });
  CO_ASSERT(began);
  EXPECT_FALSE(flights.adopt(digest_of("call")));               // its client is still there
  EXPECT_TRUE(flights.join(digest_of("call"), terms).leads());  // and it is nobody else's
  leader.cancel();
  const bool told = co_await eventually([&] { return leading.error.has_value(); });
  CO_ASSERT(told);
  EXPECT_FALSE(flights.adopt(digest_of("another call")));
  auto adopted = flights.adopt(digest_of("call"));
  CO_ASSERT(adopted);
  EXPECT_FALSE(flights.adopt(digest_of("call")));
  others.spawn("follower", follow(std::move(*adopted), retried));
  gate.opened.set();
  const bool ended = co_await others.wait(Deadline::in(test::kPatience));
  CO_ASSERT(ended);
  EXPECT_EQ(retried.pieces, std::vector<std::string>{"last"});
  const bool left = co_await leader.wait(Deadline::in(test::kPatience));
  CO_ASSERT(left);
  EXPECT_FALSE(gate.cancelled);
}

CO_TEST(FlightTest, WhatBeganToBeAnsweredIsNotAdopted) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {});
  Gate gate(executor);
  Seen leading;
  net::TaskGroup leader(executor);
  leader.spawn("leader", lead(flights, {Sharing::orphans, std::chrono::hours(1)}, gate, "first", leading));
  const bool began = co_await eventually([&] { return !leading.pieces.empty(); });
  CO_ASSERT(began);
  leader.cancel();
  const bool ended = co_await leader.wait(Deadline::in(test::kPatience));
  CO_ASSERT(ended);
  EXPECT_TRUE(gate.cancelled);
  EXPECT_FALSE(flights.adopt(digest_of("call")));
}

CO_TEST(FlightTest, LingeringEndsByTimeOrWhenTheBoxStops) {
  const auto executor = co_await net::asio::this_coro::executor;
  for (const Millis linger : {Millis(20), Millis(3'600'000)}) {
    Flights flights(executor, {});
    Gate gate(executor);
    Seen leading;
    net::TaskGroup leader(executor);
    leader.spawn("leader", lead(flights, {Sharing::all, linger, false}, gate, "first", leading));
    const bool began = co_await eventually([&] { return !leading.pieces.empty(); });
    CO_ASSERT(began);
    leader.cancel();
    const bool told = co_await eventually([&] { return leading.error.has_value(); });
    CO_ASSERT(told);
    if (linger > Millis(1'000)) {
      EXPECT_FALSE(gate.cancelled);
      EXPECT_FALSE(flights.join(digest_of("call"), {}).leads());  // whoever comes again finds it
      flights.stop();
    }
    const bool ended = co_await leader.wait(Deadline::in(test::kPatience));
    CO_ASSERT(ended);
    EXPECT_TRUE(gate.cancelled);
  }
}

// ── Bounds

CO_TEST(FlightTest, AnAnswerIsKeptAsItWasSent) {
  Flights flights(co_await net::asio::this_coro::executor, {});
  const Follower stream = flights.join(digest_of("stream"), {});
  EXPECT_FALSE(stream.flight().kept());
  stream.flight().open({"text/event-stream", {}, true});
  EXPECT_FALSE(stream.flight().kept());
  for (const char* piece : {"data: a\n\n", "", "data: bc\n\n"}) {
    const auto taken = co_await stream.flight().append(piece);
    EXPECT_TRUE(taken);
  }
  const auto kept = stream.flight().kept();
  CO_ASSERT(kept);
  EXPECT_EQ(kept->content_type, "text/event-stream");
  EXPECT_EQ(kept->body, "data: a\n\ndata: bc\n\n");
  EXPECT_EQ(kept->ends, (std::vector<std::uint32_t>{9, 19}));

  const Follower whole = flights.join(digest_of("whole"), {});
  whole.flight().open({"application/json", {}, false});
  const auto taken = co_await whole.flight().append("{}");
  EXPECT_TRUE(taken);
  EXPECT_FALSE(whole.flight().kept()->is_stream());
}

struct Feeding {
  int appended = 0;
  bool done = false;
};

net::awaitable<void> feed(Flight& flight, int pieces, std::size_t size, Feeding& feeding) {
  flight.open({"text/event-stream", {}, true});
  for (int i = 0; i < pieces; ++i) {
    const auto taken = co_await flight.append(std::string(size, 'x'));
    if (!taken) co_return;
    ++feeding.appended;
  }
  flight.finish();
  feeding.done = true;
}

constexpr std::size_t kPiece = 100'000;
constexpr FlightLimits kSmall{.answer = 1'000'000, .all = 100'000'000};

CO_TEST(FlightTest, WhoReadsAloneIsWaitedFor) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, kSmall);
  Feeding feeding;
  net::TaskGroup tasks(executor);
  Follower reader = flights.join(digest_of("call"), {});
  tasks.spawn("feed", feed(reader.flight(), 50, kPiece, feeding));
  const bool full = co_await eventually([&] { return feeding.appended == 10; });
  CO_ASSERT(full);
  EXPECT_FALSE(reader.flight().kept());                      // too large for that
  EXPECT_TRUE(flights.join(digest_of("call"), {}).leads());  // and to be joined
  for (int i = 0; i < 50; ++i) {
    const auto piece = co_await reader.next();
    CO_ASSERT(piece && *piece);
    EXPECT_EQ((*piece)->size(), kPiece);
    EXPECT_LE(feeding.appended, i + 12);
  }
  const auto end = co_await reader.next();
  CO_ASSERT(end);
  EXPECT_EQ(*end, nullptr);
  co_await tasks.stop();
}

CO_TEST(FlightTest, WhoIsTooSlowStallsNobody) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, kSmall);
  Feeding feeding;
  net::TaskGroup tasks(executor);
  Follower fast = flights.join(digest_of("call"), {});
  Follower slow = flights.join(digest_of("call"), {});
  EXPECT_FALSE(slow.leads());
  tasks.spawn("feed", feed(fast.flight(), 50, kPiece, feeding));
  const auto first = co_await slow.next();
  EXPECT_TRUE(first);
  int read = 0;
  for (;; ++read) {
    const auto piece = co_await fast.next();
    CO_ASSERT(piece);
    if (*piece == nullptr) break;
  }
  EXPECT_EQ(read, 50);
  const auto lost = co_await slow.next();
  CO_ASSERT(!lost);
  EXPECT_TRUE(lost.error().is(Errc::resource_exhausted));
  co_await tasks.stop();
}

CO_TEST(FlightTest, OneLargePieceReachesAll) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, kSmall);
  Feeding feeding;
  net::TaskGroup tasks(executor);
  Follower a = flights.join(digest_of("call"), {});
  Follower b = flights.join(digest_of("call"), {});
  tasks.spawn("feed", feed(a.flight(), 1, 5'000'000, feeding));
  for (Follower* reader : {&a, &b}) {
    const auto piece = co_await reader->next();
    CO_ASSERT(piece && *piece);
    const auto end = co_await reader->next();
    CO_ASSERT(end && !*end);
  }
  co_await tasks.stop();
}

CO_TEST(FlightTest, AllTogetherAreBounded) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {.answer = 10'000'000, .all = 2'000'000});
  std::vector<Feeding> feedings(8);
  std::vector<Follower> readers;
  net::TaskGroup tasks(executor);
  for (std::size_t i = 0; i < feedings.size(); ++i) {
    readers.push_back(flights.join(digest_of(std::to_string(i)), {}));
    tasks.spawn("feed", feed(readers.back().flight(), 50, kPiece, feedings[i]));
  }
  const auto appended = [&] {
    int sum = 0;
    for (const Feeding& feeding : feedings) sum += feeding.appended;
    return sum;
  };
  const bool filled = co_await eventually([&] { return appended() >= 20; });
  CO_ASSERT(filled);
  [[maybe_unused]] const auto slept = co_await net::sleep_for(Millis(20));
  EXPECT_LE(appended(), 20 + 3 * 8);  // each may have one or two pieces more than fit
  for (Follower& reader : readers) {
    for (int i = 0; i < 50; ++i) {
      const auto piece = co_await reader.next();
      CO_ASSERT(piece && *piece);
    }
  }
  co_await tasks.stop();
}

// ── What is a bug in others

net::awaitable<void> throws(Flight&) {
  co_await net::sleep_for(Millis(1));
  throw std::runtime_error("a bug");
}

net::awaitable<void> gives_up(Flight&) {
  co_return;
}

CO_TEST(FlightTest, WorkThatThrowsOrGivesUpLeavesNobodyWaiting) {
  const auto executor = co_await net::asio::this_coro::executor;
  Flights flights(executor, {});
  for (auto* work : {throws, gives_up}) {
    Seen leading;
    Follower follower = flights.join(digest_of("call"), {});
    Flight& flight = follower.flight();
    co_await flights.lead(std::move(follower), work(flight), [&](Follower& own) { return read_to_end(own, leading); });
    EXPECT_TRUE(leading.error);
  }
}

}  // namespace
}  // namespace hearth::answers
