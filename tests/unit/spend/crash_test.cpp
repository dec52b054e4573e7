// A box that dies at any instant has counted every call that was allowed to begin, and never more than the limit.
#include "box.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <vector>

namespace hearth::spend {
namespace {

constexpr std::size_t kAtOnce = 100;
constexpr std::initializer_list<std::string_view> kLimits{"box 0.5 USD in total", "each key 0.3 USD in total",
                                                          "box 480000 tokens in total"};

struct Message {
  enum class Kind : std::int32_t { began, ends, over };
  Kind kind;
  std::int32_t id;
  std::int64_t tokens;  // began: at worst; ends: in fact
};

// In the child. What is told stands for what happens outside: it is written before the settlement that follows it.
class Caller {
 public:
  Caller(const std::filesystem::path& database, unsigned seed, int out)
      : box_(database, kLimits), random_(seed), out_(out) {}

  [[noreturn]] void run() {
    for (int step = 0;; ++step) {
      take_answers();
      if (open_.size() + asked_ < kAtOnce && random_() % 4 != 0 && !over_) {
        ask();
      } else if (!open_.empty()) {
        end_one();
      } else if (over_ && asked_ == 0) {
        tell({Message::Kind::over, 0, 0});
        for (;;) pause();  // until it is killed
      } else if (asked_ > 0) {
        std::unique_lock lock(mutex_);
        answered_.wait(lock, [this] { return !answers_.empty(); });
      }
      if (step % 37 == 0) box_->tick(kNoon);
    }
  }

 private:
  void ask() {
    const std::uint64_t tokens = 1 + random_() % 400;
    const Durability durability = random_() % 2 == 0 ? Durability::durable : Durability::block;
    Call call = call_of(tokens, durability, random_() % 2 == 0 ? "a" : "b");
    if (auto at_once = box_->try_reserve(call)) return begin(std::move(*at_once), static_cast<std::int64_t>(tokens));
    ++asked_;
    box_->reserve(std::move(call), [this, tokens](Result<Reservation> r) {
      const std::lock_guard lock(mutex_);
      answers_.push_back({std::move(r), static_cast<std::int64_t>(tokens)});
      answered_.notify_one();
    });
  }
  void take_answers() {
    std::deque<Answer> answers;
    {
      const std::lock_guard lock(mutex_);
      answers.swap(answers_);
    }
    for (Answer& answer : answers) {
      --asked_;
      if (answer.result) {
        begin(std::move(*answer.result), answer.tokens);
      } else if (answer.result.error().is(Errc::resource_exhausted)) {
        over_ = over_ || answer.tokens == 1 || ++refused_ > 50;
      } else {
        _exit(6);
      }
    }
  }
  void begin(Reservation reservation, std::int64_t tokens) {
    tell({Message::Kind::began, ++last_, tokens});
    open_.push_back({std::move(reservation), last_, tokens});
  }
  void end_one() {
    const std::size_t at = random_() % open_.size();
    Open ended = std::move(open_[at]);
    open_[at] = std::move(open_.back());
    open_.pop_back();
    const std::int64_t actual = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(ended.tokens + 1));
    tell({Message::Kind::ends, ended.id, actual});
    ended.reservation.settle({.input = static_cast<std::uint64_t>(actual)});
  }
  void tell(const Message& message) const {
    if (::write(out_, &message, sizeof message) != static_cast<ssize_t>(sizeof message)) _exit(5);
  }

  struct Answer {
    Result<Reservation> result;
    std::int64_t tokens;
  };
  struct Open {
    Reservation reservation;
    std::int32_t id;
    std::int64_t tokens;
  };
  Box box_;
  std::mt19937 random_;
  int out_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::deque<Answer> answers_;  // under mutex
  std::size_t asked_ = 0;
  std::vector<Open> open_;
  std::int32_t last_ = 0;
  int refused_ = 0;
  bool over_ = false;
};

// What the outside world knows at least to have been spent.
class Witness {
 public:
  void hear(const Message& m) {
    if (m.kind == Message::Kind::over) return;
    std::int64_t& tokens = calls_[m.id];
    tokens = m.tokens;  // in fact, once it is known; until then at worst
  }
  [[nodiscard]] std::int64_t tokens() const {
    std::int64_t sum = 0;
    for (const auto& [id, tokens] : calls_) sum += tokens;
    return sum;
  }

 private:
  std::map<std::int32_t, std::int64_t> calls_;
};

TEST(CrashTest, SpentIsNeverLessThanWhatBeganAndNeverMoreThanTheLimit) {
  const TempDir dir;
  std::int64_t spent_before = 0;
  bool was_over = false;
  std::mt19937 random(4711);
  for (unsigned round = 0; round < 30; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      Caller(dir.database(), round, ends[1]).run();
    }
    close(ends[1]);
    Witness witness;
    Message message{};
    const auto next = [&] { return read(ends[0], &message, sizeof message) == static_cast<ssize_t>(sizeof message); };
    const unsigned until = random() % 300;
    for (unsigned i = 0; i < until && !was_over; ++i) {
      ASSERT_TRUE(next()) << "round " << round;
      witness.hear(message);
      was_over = message.kind == Message::Kind::over;
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    while (next()) witness.hear(message);
    close(ends[0]);

    const Box box(dir.database(), kLimits);
    const auto lines = box->lines(kNoon);
    for (const BudgetLine& l : lines) {
      EXPECT_LE(l.line.spent, l.line.budget.amount) << "round " << round << ", " << config::to_string(l.line.budget);
      EXPECT_EQ(l.line.held, 0);
    }
    const std::int64_t spent = box.spent() / 1000;
    EXPECT_GE(spent, spent_before + witness.tokens()) << "round " << round;
    spent_before = spent;
    if (was_over) break;
  }
  EXPECT_TRUE(was_over) << "only " << spent_before << " tokens were spent: the limit was not reached";
}

}  // namespace
}  // namespace hearth::spend
