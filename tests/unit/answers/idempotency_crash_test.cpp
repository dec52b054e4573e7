// A SIGKILL at any instant: nothing is sent twice under one key, and what was committed is replayed byte for byte.
#include "samples.h"

#include <hearth/answers/flight.h>
#include <hearth/answers/idempotency.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace hearth::answers {
namespace {

constexpr int kKeys = 60;
constexpr unsigned kRounds = 40;

// What the world outside saw, one line an event, in a file that outlives the process; `beat` tells the parent of each.
struct World {
  int log = -1;
  int beat = -1;
};

void note(World world, std::string_view line) {
  const std::string text = std::string(line) + "\n";
  if (::write(world.log, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(7);
  if (::write(world.beat, ".", 1) != 1) _exit(7);
}

Ticket ticket_of(int key) {
  Request request;
  request.digest = digest_of(fmt::format("request {}", key));
  return make_ticket("key_a", fmt::format("k{}", key), "/v1/chat/completions", request);
}

// A call upstream as the gateway makes one, with an answer that no other call would get.
net::awaitable<void> work(Flight& flight, Idempotency& journal, World log, int key, unsigned nonce) {
  const Ticket ticket = ticket_of(key);
  const auto standing = co_await journal.accept(ticket, false, kNow);
  if (!standing) _exit(8);
  if (standing->verdict == Verdict::uncertain) {
    note(log, fmt::format("uncertain {}", key));
    flight.fail(Error(Errc::failed_precondition, "it may have been billed"));
    co_return;
  }
  flight.open({"application/json", {}, false});
  if (standing->verdict == Verdict::replay) {
    note(log, fmt::format("replay {} {}", key, standing->answer->body));
    const auto taken = co_await flight.append(standing->answer->body);
    if (taken) flight.finish();
    co_return;
  }
  if (standing->verdict != Verdict::run) _exit(9);
  const auto sent = co_await journal.sent(ticket);
  if (!sent) _exit(10);
  note(log, fmt::format("upstream {}", key));
  const std::string body = fmt::format("answer-{}-{}", key, nonce);
  const auto committed = co_await journal.commit(ticket, shared_answer(body));
  if (!committed) _exit(11);
  const auto taken = co_await flight.append(body);
  if (taken) flight.finish();
}

net::awaitable<void> read_one(Follower& follower, World log, int key) {
  const auto piece = co_await follower.next();
  if (piece && *piece) note(log, fmt::format("answer {} {}", key, **piece));
}

net::awaitable<void> ask(Flights& flights, Idempotency& journal, World log, int key, unsigned nonce) {
  Follower follower = flights.join(ticket_of(key).flight(), {});
  if (!follower.leads()) co_return co_await read_one(follower, log, key);
  Flight& flight = follower.flight();
  co_await flights.lead(std::move(follower), work(flight, journal, log, key, nonce),
                        [log, key](Follower& own) { return read_one(own, log, key); });
}

// One of several clients that repeat their requests without end.
net::awaitable<void> client(Flights& flights, Idempotency& journal, World log, unsigned seed) {
  std::mt19937 random(seed);
  for (;;) {
    const int key = static_cast<int>(random() % kKeys);
    co_await ask(flights, journal, log, key, static_cast<unsigned>(random()));
  }
}

[[noreturn]] void serve(const std::filesystem::path& file, const std::filesystem::path& log_file, int beat,
                        unsigned seed) {
  const World log{::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), beat};
  auto store = store::StoreThread::start(file, store::schema());
  if (!store || log.log < 0) _exit(3);
  Idempotency journal(**store, {});
  net::asio::io_context io(1);
  Flights flights(io.get_executor(), {});
  for (unsigned i = 0; i < 4; ++i)
    net::asio::co_spawn(io, client(flights, journal, log, seed * 4 + i), [](const std::exception_ptr&) { _exit(4); });
  io.run();
  _exit(5);
}

TEST(IdempotencyCrashTest, NothingIsSentTwiceAndAnswersStayTheSame) {
  const TempDir dir;
  std::mt19937 random(20261127);
  for (unsigned round = 0; round < kRounds; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) serve(dir / "hearth.db", dir / "log", ends[1], round);
    close(ends[1]);
    // Each round kills after another number of events; the child is then somewhere in its next step.
    char beat = 0;
    for (unsigned i = 1 + random() % 14; i > 0; --i)
      ASSERT_EQ(read(ends[0], &beat, 1), 1) << "the child ended by itself";
    close(ends[0]);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  std::map<std::string, int> sends;
  std::map<std::string, std::set<std::string>> answers;
  std::set<std::string> answered;
  int replays = 0;
  std::ifstream in(dir / "log");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string what;
    std::string key;
    std::string body;
    words >> what >> key >> body;
    if (what == "upstream") ++sends[key];
    if (what == "replay") ++replays;
    if (what == "replay" || what == "answer") answers[key].insert(body);
    if (what == "answer") answered.insert(key);
    // Who was once answered is never told that nobody knows.
    if (what == "uncertain") EXPECT_FALSE(answered.contains(key)) << key;
  }
  for (const auto& [key, count] : sends) EXPECT_EQ(count, 1) << "key " << key << " was sent more than once";
  for (const auto& [key, bodies] : answers) EXPECT_EQ(bodies.size(), 1U) << "key " << key << " got different answers";
  EXPECT_GT(sends.size(), 10U);
  EXPECT_GT(replays, 10);
}

}  // namespace
}  // namespace hearth::answers
