#include "hedge.h"

#include "dispatch.h"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <utility>

namespace hearth::gateway {
namespace {

constexpr std::string_view kAuto = "auto";

bool charges(const Candidate& candidate) {
  return candidate.model->upstream->facts().kind == UpstreamKind::provider;
}

std::optional<Millis> patience_of(const Call& call, const Plan& plan) {
  const auto& routes = call.services.config.routes;
  if (routes.empty() || plan.candidates.size() < 2 || call.ticket) return std::nullopt;
  const Candidate& first = plan.candidates[0];
  const Candidate& second = plan.candidates[1];
  if (first.model->task != Task::chat || (charges(first) && charges(second))) return std::nullopt;
  const std::string& name = call.decision.requested_model;
  const auto route = routes.find(name.empty() ? std::string(kAuto) : name);
  return route == routes.end() ? std::nullopt : route->second.hedge_after;
}

// Two sides that ask at once, each with a call of its own; the first that writes has the client.
class Race {
 public:
  Race(const net::Executor& executor, Call& call, const Hedge::Ask& ask, const Plan& plan)
      : call_(call),
        ask_(ask),
        changed_(executor),
        first_(*this, executor, plan.candidates[0]),
        second_(*this, executor, plan.candidates[1]) {}

  // The client as one side sees it.
  struct Side final : net::Exchange {
    Side(Race& r, const net::Executor& executor, const Candidate& c)
        : race(r),
          candidate(c),
          outlet(*this),
          call{r.call_.id,       r.call_.principal, r.call_.began,  outlet,
               r.call_.services, r.call_.decision,  r.call_.dialect},
          tasks(executor) {
      call.own_errand = r.call_.own_errand;
      call.origin_welcome = r.call_.origin_welcome;
      call.decision.model = c.model;
      call.decision.reason = c.reason;
    }

    [[nodiscard]] bool has_client() { return race.claim(*this); }
    [[nodiscard]] const net::RequestHead& request() const override { return race.client().request(); }
    [[nodiscard]] const std::string& peer() const override { return race.client().peer(); }
    [[nodiscard]] bool over_limit() const override { return race.client().over_limit(); }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const override {
      return race.client().content_length();
    }
    net::awaitable<Result<std::size_t>> read_some(std::span<char> into) override {
      return race.client().read_some(into);
    }
    net::awaitable<Result<std::string>> read_all(std::size_t limit) override { return race.client().read_all(limit); }
    void watch_client() override {}  // the race does
    net::awaitable<Result<void>> respond(int status, net::Headers headers, std::string_view body) override {
      return has_client() ? race.client().respond(status, std::move(headers), body) : too_late();
    }
    void start(int status, net::Headers headers) override {
      if (has_client()) race.client().start(status, std::move(headers));
    }
    net::awaitable<Result<void>> write(std::string_view chunk) override {
      return has_client() ? race.client().write(chunk) : too_late();
    }
    net::awaitable<Result<void>> finish() override { return has_client() ? race.client().finish() : too_late(); }
    [[nodiscard]] bool started() const override { return race.winner_ == this && race.client().started(); }

    static net::awaitable<Result<void>> too_late() { co_return fail(Errc::cancelled, "another one answered first"); }

    Race& race;
    const Candidate& candidate;
    Outlet outlet;
    Call call;
    bool asked = false;
    SteadyTime began = steady_now();
    std::optional<Attempt<>> result;
    net::TaskGroup tasks;
  };

  // Until one side has answered, or both have failed, or the client has left.
  net::awaitable<void> run(Millis after);
  [[nodiscard]] bool is_won() const noexcept { return winner_ != nullptr; }
  // Whose result counts, and the other.
  [[nodiscard]] Side& decisive() noexcept { return winner_ == &second_ ? second_ : first_; }
  [[nodiscard]] Side& other() noexcept { return winner_ == &second_ ? first_ : second_; }

 private:
  [[nodiscard]] Outlet& client() const { return call_.exchange; }

  // Those who follow the call look at its decision when the answer begins.
  bool claim(const Side& side) {
    if (winner_ == nullptr) {
      winner_ = &side;
      call_.decision.model = side.call.decision.model;
      call_.decision.reason = side.call.decision.reason;
      changed_.set();
    }
    return winner_ == &side;
  }

  void begin(Side& side) {
    side.asked = true;
    side.began = steady_now();
    side.tasks.spawn("gateway.hedge", ask(&side));
  }

  net::awaitable<void> ask(Side* side) {
    Attempt<> done = co_await ask_(side->call, side->candidate);
    side->result = std::move(done);
    changed_.set();
  }

  // Nobody is left who could win.
  [[nodiscard]] bool is_over() const {
    if (!first_.result) return false;
    return first_.result->has_value() || !second_.asked || second_.result ||
           first_.result->error().again == Again::never;
  }

  Call& call_;
  const Hedge::Ask& ask_;
  const Side* winner_ = nullptr;
  net::Event changed_;
  Side first_;
  Side second_;
};

net::awaitable<void> Race::run(Millis after) {
  begin(first_);
  auto waited = co_await changed_.wait(Deadline::in(after));
  if (!waited && waited.error().is(Errc::deadline_exceeded)) {
    const double seconds = std::chrono::duration<double>(after).count();
    second_.call.decision.reason += fmt::format(", for {} was silent for {} s", first_.candidate.model->id, seconds);
    begin(second_);
    waited = Result<void>();
  }
  while (waited && winner_ == nullptr && !is_over()) {
    changed_.reset();
    waited = co_await changed_.wait();
  }
  if (winner_ != &first_) co_await first_.tasks.stop();
  if (winner_ != &second_) co_await second_.tasks.stop();
  if (winner_ == nullptr) co_return;
  if (waited) {
    const bool ended = co_await decisive().tasks.wait(Deadline::never());
    if (ended) co_return;
  }
  co_await decisive().tasks.stop();
}

// What the side decided. Whoever delivers the answer at the same time may have noted its beginning already.
void take_over(Decision& into, Decision& from) {
  into.model = from.model;
  into.reason = std::move(from.reason);
  into.trimmed = std::move(from.trimmed);
  into.cost = from.cost;
  into.input_tokens = from.input_tokens;
  into.output_tokens = from.output_tokens;
  if (!into.first_byte) into.first_byte = from.first_byte;
  if (into.status == 0) into.status = from.status;
}

CallStory::Tried story_of_loser(const Race::Side& side, const Model& winner) {
  constexpr int kGivenUp = 499;
  const UpstreamFacts& facts = side.candidate.model->upstream->facts();
  const bool failed = side.result && !*side.result && side.result->error().again != Again::never;
  return {side.candidate.model->id,
          failed ? side.result->error().error.status : kGivenUp,
          failed ? for_records(side.result->error()) : fmt::format("{} began to answer before it did", winner.id),
          seconds_between(side.began, steady_now()),
          facts.region,
          facts.retention};
}

// Who was given up for its silence is at least as slow as that.
void note_silence(const Race::Side& first) {
  const SteadyTime now = steady_now();
  const double seconds = seconds_between(first.began, now);
  if (!first.result || *first.result || first.result->error().again == Again::never)
    first.candidate.model->pace->answered({.first_byte = seconds, .seconds = seconds}, now);
}

}  // namespace

Hedge::Hedge(Call& call, const Plan& plan, Ask ask)
    : call_(call), plan_(plan), ask_(std::move(ask)), after_(patience_of(call, plan)) {}

net::awaitable<Attempt<>> Hedge::attempt(const Candidate& candidate) {
  if (after_ && &candidate == plan_.candidates.data()) return race(*std::exchange(after_, std::nullopt));
  if (second_failed_ && &candidate == &plan_.candidates[1]) return told_before();
  return ask_(call_, candidate);
}

// It was asked already; here its turn would have been.
net::awaitable<Attempt<>> Hedge::told_before() {
  co_return std::unexpected(*std::exchange(second_failed_, std::nullopt));
}

net::awaitable<Attempt<>> Hedge::race(Millis after) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  Race race(executor, call_, ask_, plan_);
  co_await race.run(after);
  Race::Side& decisive = race.decisive();
  const Race::Side& other = race.other();
  take_over(call_.decision, decisive.call.decision);
  if (other.asked) {
    ++call_.decision.attempts;
    if (race.is_won()) call_.decision.tried.push_back(story_of_loser(other, *call_.decision.model));
    if (&decisive.candidate == &plan_.candidates[1]) note_silence(other);
    if (!race.is_won() && other.result && !*other.result) second_failed_ = other.result->error();
  }
  if (!decisive.result) co_return give_up(dialects::to_api_error(Error(Errc::cancelled, "given up")));
  co_return std::move(*decisive.result);
}

}  // namespace hearth::gateway
