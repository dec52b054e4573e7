#include <hearth/answers/flight.h>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace hearth::answers {
namespace {

constexpr std::uint64_t kLeastRoom = 64 * 1024;  // of a flight that may keep no more than it has

void wake(std::optional<net::Event>& awaited) {
  if (!awaited) return;
  awaited->set();
  awaited->reset();
}

}  // namespace

// ── Flight
// ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

Flight::Flight(Flights& flights, const Digest& key, Terms terms) : flights_(flights), key_(key), terms_(terms) {
  flights_.live_.push_back(this);
}

net::Event& Flight::event(Awaited& awaited) {
  return awaited ? *awaited : awaited.emplace(flights_.executor_);
}

Flight::~Flight() {
  flights_.bytes_ -= bytes_;
  std::erase(flights_.live_, this);
}

void Flight::open(Opening opening) {
  opening_ = std::move(opening);
  wake(progress_);
}

bool Flight::is_full() const noexcept {
  // One piece can always be there: whoever has not read it yet need not be slow.
  return keeping_ == Keeping::unread && bytes_ > room_ && pieces_.size() > 1;
}

net::awaitable<Result<void>> Flight::append(std::string piece) {
  if (piece.empty()) co_return Result<void>();
  bytes_ += piece.size();
  flights_.bytes_ += piece.size();
  pieces_.push_back(std::make_shared<const std::string>(std::move(piece)));
  ++taken_;
  wake(progress_);
  const bool too_much = bytes_ > flights_.limits_.answer || flights_.bytes_ > flights_.limits_.all;
  if (keeping_ == Keeping::whole && too_much) keep_unread_only();
  if (keeping_ == Keeping::unread) let_go();
  while (is_full()) {
    if (cut_slowest()) continue;
    if (reading_ == Reading::after)
      co_return hearth::fail(Errc::resource_exhausted, "an answer that was to come whole came in too many pieces");
    const auto made = co_await event(room_made_).wait();
    if (!made) co_return hearth::fail(made.error());
  }
  co_return Result<void>();
}

void Flight::keep_unread_only() {
  keeping_ = Keeping::unread;
  room_ = std::max(kLeastRoom, std::min(bytes_, flights_.limits_.answer));
  flights_.close(*this);
}

void Flight::let_go() {
  std::uint64_t read_by_all = followers_.empty() ? first_kept() : taken_;
  for (const Follower* follower : followers_) read_by_all = std::min(read_by_all, follower->at_);
  while (first_kept() < read_by_all) {
    bytes_ -= pieces_.front()->size();
    flights_.bytes_ -= pieces_.front()->size();
    pieces_.pop_front();
  }
}

bool Flight::cut_slowest() {
  const auto [slowest, fastest] = std::ranges::minmax_element(followers_, {}, &Follower::at_);
  if (slowest == followers_.end() || (*fastest)->at_ < taken_) return false;
  (*slowest)->too_slow_ = true;
  (*slowest)->leave();
  return true;
}

std::optional<Answer> Flight::kept() const {
  if (keeping_ != Keeping::whole || !opening_ || pieces_.empty()) return std::nullopt;
  Answer answer;
  answer.content_type = opening_->content_type;
  answer.headers = opening_->headers;
  answer.body.reserve(bytes_);
  for (const Piece& piece : pieces_) {
    answer.body += *piece;
    if (opening_->stream) answer.ends.push_back(static_cast<std::uint32_t>(answer.body.size()));
  }
  return answer;
}

void Flight::finish() {
  end();
}

void Flight::fail(Error error) {
  error_ = std::move(error);
  end();
}

void Flight::end() {
  ended_ = true;
  flights_.close(*this);
  wake(progress_);
  wake(changed_);
}

void Flight::follow(Follower& follower) {
  followers_.push_back(&follower);
}

void Flight::leave(Follower& follower) {
  std::erase(followers_, &follower);
  if (followers_.empty()) abandoned_at_ = steady_now();
  if (keeping_ == Keeping::unread) let_go();
  wake(progress_);  // it may be waiting itself
  wake(room_made_);
  wake(changed_);
}

bool Flight::wanted(SteadyTime now) const {
  if (ended_ || !followers_.empty()) return true;
  if (flights_.stopped_ || keeping_ == Keeping::unread) return false;
  if (terms_.until_read && read_from_) return false;
  return now < abandoned_at_ + terms_.linger;
}

// ── Follower
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

Follower::Follower(std::shared_ptr<Flight> flight, bool leads) : flight_(std::move(flight)), leads_(leads) {
  flight_->follow(*this);
}

Follower::Follower(Follower&& other) noexcept
    : flight_(std::move(other.flight_)),
      leads_(other.leads_),
      follows_(std::exchange(other.follows_, false)),
      too_slow_(other.too_slow_),
      at_(other.at_) {
  if (follows_) std::ranges::replace(flight_->followers_, &other, this);
}

void Follower::leave() {
  if (std::exchange(follows_, false)) flight_->leave(*this);
}

net::awaitable<Result<Opening>> Follower::opening() {
  for (;;) {
    if (flight_->opening_) co_return *flight_->opening_;
    if (flight_->ended_)
      co_return fail(flight_->error_.value_or(Error(Errc::internal, "a call ended without an answer")));
    const auto more = co_await flight_->event(flight_->progress_).wait();
    if (!more) co_return fail(more.error());
  }
}

net::awaitable<Result<Piece>> Follower::next() {
  Flight& flight = *flight_;
  for (;;) {
    if (!follows_ && !too_slow_) co_return fail(Errc::cancelled, "this reader has left");
    if (too_slow_)
      co_return fail(Errc::resource_exhausted,
                     "others wait for the rest of this answer, and this reader was too far behind");
    if (at_ < flight.taken_) {
      Piece piece = flight.pieces_[at_ - flight.first_kept()];
      ++at_;
      flight.read_from_ = true;
      if (flight.keeping_ == Flight::Keeping::unread) {
        flight.let_go();
        wake(flight.room_made_);
      }
      co_return piece;
    }
    if (flight.error_) co_return fail(*flight.error_);
    if (flight.ended_) co_return Piece();
    const auto more = co_await flight.event(flight.progress_).wait();
    if (!more) co_return fail(more.error());
  }
}

// ── Flights
// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

net::awaitable<void> run(std::shared_ptr<Flight> flight, net::awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    // Those who wait must not wait for ever; the task group says what was thrown.
    flight->fail(Error(Errc::internal, "the box failed on this request; its log says more"));
    throw;
  }
  if (!flight->ended()) flight->fail(Error(Errc::cancelled, "the call was given up"));
}

}  // namespace

Follower Flights::start(const Digest& key, Terms terms) {
  auto flight = std::make_shared<Flight>(*this, key, terms);
  open_.emplace(key, flight);
  ++led_;
  return {std::move(flight), true};
}

Follower Flights::join(const Digest& key, Terms terms) {
  if (terms.sharing == Sharing::all) {
    const auto [begin, end] = open_.equal_range(key);
    for (auto it = begin; it != end; ++it) {
      std::shared_ptr<Flight> flight = it->second.lock();
      if (flight == nullptr || flight->terms_.sharing != Sharing::all) continue;
      ++joined_;
      return {std::move(flight), false};
    }
  }
  return start(key, terms);
}

std::optional<Follower> Flights::adopt(const Digest& key) {
  const auto [begin, end] = open_.equal_range(key);
  for (auto it = begin; it != end; ++it) {
    std::shared_ptr<Flight> flight = it->second.lock();
    if (flight == nullptr || flight->terms_.sharing != Sharing::orphans) continue;
    if (!flight->followers_.empty() || flight->read_from_) continue;
    ++joined_;
    return Follower(std::move(flight), false);
  }
  return std::nullopt;
}

void Flights::close(const Flight& flight) {
  const auto [begin, end] = open_.equal_range(flight.key_);
  for (auto it = begin; it != end; ++it) {
    if (it->second.lock().get() != &flight) continue;
    open_.erase(it);
    return;
  }
}

net::awaitable<void> Flights::lead(Follower leader, net::awaitable<void> work, Read read) {
  const std::shared_ptr<Flight> flight = leader.flight_;
  net::TaskGroup task(executor_);
  task.spawn("answers.flight", run(flight, std::move(work)));
  std::exception_ptr thrown;
  try {
    co_await read(leader);
  } catch (...) {
    thrown = std::current_exception();
  }
  leader.leave();
  // The leader's client may be gone: that must not end what others read.
  co_await net::asio::this_coro::reset_cancellation_state(net::asio::disable_cancellation());
  while (!flight->ended_) {
    if (!flight->wanted(steady_now())) {
      close(*flight);
      co_await task.stop();
      break;
    }
    const bool alone = flight->followers_.empty();
    const Deadline until = alone ? Deadline::at(flight->abandoned_at_ + flight->terms_.linger) : Deadline::never();
    [[maybe_unused]] const auto changed = co_await flight->event(flight->changed_).wait(until);
  }
  [[maybe_unused]] const bool ended = co_await task.wait(Deadline::never());
  co_await net::asio::this_coro::reset_cancellation_state(net::asio::enable_terminal_cancellation());
  if (thrown) std::rethrow_exception(thrown);
}

net::awaitable<void> Flights::lead_whole(Follower leader, net::awaitable<void> work, Read read) {
  const std::shared_ptr<Flight> flight = leader.flight_;
  flight->reading_ = Flight::Reading::after;
  // Asked each time that this coroutine is told to end: its client has left. It is told again and again.
  const auto unless_wanted = [this, &leader, flight](net::asio::cancellation_type type) {
    leader.leave();
    if (flight->wanted(steady_now())) return net::asio::cancellation_type::none;
    close(*flight);
    return type;
  };
  const auto as_it_is = [](net::asio::cancellation_type type) { return type; };
  co_await net::asio::this_coro::reset_cancellation_state(unless_wanted, as_it_is);
  std::exception_ptr thrown;
  try {
    co_await run(flight, std::move(work));
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await net::asio::this_coro::reset_cancellation_state(net::asio::enable_terminal_cancellation());
  if (thrown) std::rethrow_exception(thrown);
  co_await read(leader);
}

void Flights::stop() {
  stopped_ = true;
  for (Flight* flight : live_) wake(flight->changed_);
}

}  // namespace hearth::answers
