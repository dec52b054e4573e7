#include "deferred_runner.h"

#include "chance.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::daemon {
namespace {

using deferred::Event;
using deferred::Queue;
using deferred::Status;

constexpr std::size_t kMaxAnswer = 64 << 20;
constexpr Millis kStoreTrouble{5'000};  // until the journal is tried again
constexpr Millis kLook{60'000};         // for deadlines of calls that came while all places were taken
constexpr std::size_t kMostTurns = 1'000;

// Of one connection only, or of this moment.
bool is_passing(std::string_view name) {
  constexpr std::array<std::string_view, 8> kPassing{
      "connection", "content-length",    "date", "keep-alive",
      "server",     "transfer-encoding", "vary", "access-control-allow-origin"};
  return std::ranges::any_of(kPassing, [&](std::string_view p) { return net::iequals(p, name); });
}

std::optional<Millis> retry_after(const net::Headers& headers) {
  const auto number = [&](std::string_view name) -> std::optional<std::int64_t> {
    const std::string_view text = headers.get(name);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return std::min<std::int64_t>(value, 24 * 3'600'000);
  };
  if (const auto millis = number("retry-after-ms")) return Millis(*millis);
  if (const auto seconds = number("Retry-After")) return Millis(*seconds * 1'000);
  return std::nullopt;
}

deferred::Reply reply_of(const net::ResponseHead& head) {
  const bool final = net::iequals(head.headers.get("x-should-retry"), "false");
  // answer_lost, the one conflict there is for a key that nobody else has (docs/caching.md).
  return {.status = head.status,
          .outcome_unknown = head.status == 409 && final,
          .told_not_to_retry = final,
          .retry_after = retry_after(head.headers)};
}

net::RequestHead head_of(const deferred::Job& job, const deferred::Request& request) {
  net::RequestHead head{"POST", request.target, {}};
  for (const auto& [name, value] : request.headers) head.headers.add(name, value);
  head.headers.add("Host", "localhost");
  head.headers.add("x-hearth-principal", job.owner.id);
  head.headers.add("Idempotency-Key", deferred::idempotency_key(job.id, job.progress.reruns));
  return head;
}

net::Endpoint own_socket(const std::filesystem::path& path) {
  net::Endpoint endpoint;
  endpoint.unix_path = path;
  endpoint.label = "hearthd";
  return endpoint;
}

// Of a deadline in the calendar, by a clock that does not jump.
Deadline deadline_of(const deferred::Job& job) {
  return Deadline::in(std::max<std::chrono::nanoseconds>(job.deadline - wall_now(), std::chrono::nanoseconds(0)));
}

}  // namespace

DeferredRunner::DeferredRunner(net::Executor executor, With with)
    : with_(std::move(with)), client_(executor, own_socket(with_.socket)), wake_(executor), tasks_(executor) {}

void DeferredRunner::start() {
  tasks_.spawn("deferred.run", run());
}

void DeferredRunner::hold() {
  held_ = true;
  wake_.set();
}

net::awaitable<void> DeferredRunner::stop(Deadline drained) {
  hold();
  [[maybe_unused]] const bool ended = co_await tasks_.wait(drained);
  co_await tasks_.stop();
}

void DeferredRunner::changed(const std::string& id, Status status) {
  const auto found = active_.find(id);
  if (status == Status::cancelled && found != active_.end()) {
    found->second.cancelled = true;
    if (found->second.call != nullptr) found->second.call->abort();
  }
  if (deferred::has_ended(status)) rests_.erase(id);
  // Whoever ends gives his place on by himself.
  if (status == Status::queued && active_.size() < with_.parallel) wake_.set();
}

void DeferredRunner::link_is_up() {
  for (auto& [id, rest] : rests_) rest.until = steady_now();
  wake_.set();
}

std::uint32_t DeferredRunner::failures_with(const std::string& id) {
  return ++rests_[id].failures;
}

void DeferredRunner::rest(const std::string& id, Millis pause) {
  rests_[id].until = steady_now() + pause;
}

deferred::Plan DeferredRunner::plan_now() {
  std::vector<deferred::Candidate> waiting = with_.queue->waiting();
  std::erase_if(waiting, [&](const deferred::Candidate& c) { return active_.contains(c.id); });
  for (deferred::Candidate& c : waiting)
    if (const auto rests = rests_.find(c.id); rests != rests_.end()) c.rests_until = rests->second.until;
  return deferred::plan(waiting, turns_, with_.queue->full() ? 0 : with_.parallel, {wall_now(), steady_now()});
}

net::awaitable<void> DeferredRunner::run() {
  while (!held_) {
    wake_.reset();
    const deferred::Plan next = plan_now();
    for (const std::string& id : next.expire) {
      active_.emplace(id, Active());
      tasks_.spawn("deferred.expire", expire(id));
    }
    for (const std::string& id : next.start) {
      const auto job = with_.queue->find(id, deferred::kEverything);
      if (!job) continue;
      if (turns_.size() > kMostTurns) std::erase_if(turns_, [](const auto& turn) { return turn.second.running == 0; });
      deferred::Turn& turn = turns_[job->owner.id];
      ++turn.running;
      turn.last = ++starts_;
      active_.emplace(id, Active{.owner = job->owner.id});
      tasks_.spawn("deferred.call", perform(id, job->owner.id));
    }
    const auto woken = co_await wake_.wait(Deadline::in(next.look_again.value_or(kLook)));
    if (!woken && woken.error().is(Errc::cancelled)) co_return;
  }
}

net::awaitable<void> DeferredRunner::perform(std::string id, std::string owner) {
  const auto begin = [this, id](auto done) { with_.queue->claim(id, std::move(done)); };
  auto claimed = co_await net::from_callback<Queue::Claimed>(begin);
  if (claimed) {
    co_await attempt(std::move(*claimed));
  } else if (!claimed.error().is(Errc::failed_precondition) && !claimed.error().is(Errc::not_found)) {
    log::warn("deferred", "a call could not be begun", {{"id", id}, {"error", claimed.error().describe()}});
    rest(id, kStoreTrouble);
  }
  active_.erase(id);
  --turns_[owner].running;
  wake_.set();
}

net::awaitable<void> DeferredRunner::expire(std::string id) {
  co_await settle(id, Event::expired, std::nullopt, "its deadline passed before it could be answered");
  active_.erase(id);
  wake_.set();
}

net::awaitable<void> DeferredRunner::attempt(Queue::Claimed claimed) {
  const deferred::Job& job = claimed.job;
  auto load = [this, &claimed]() -> Result<std::string> { return with_.queue->read(claimed.request.body); };
  auto body = co_await with_.pool->run(std::move(load));
  if (!body && body.error().is(Errc::resource_exhausted)) {
    rest(job.id, kStoreTrouble);
    co_return co_await settle(job.id, Event::lost, std::nullopt, "");
  }
  if (!body) co_return co_await settle(job.id, Event::refused, std::nullopt, body.error().message());
  auto answered = co_await send(job, claimed.request, std::move(*body));
  if (const auto found = active_.find(job.id); found == active_.end() || found->second.cancelled) co_return;
  if (answered) co_return co_await settle_answer(job, std::move(*answered));
  co_await settle_failure(job, answered.error());
}

net::awaitable<Result<net::ClientResponse>> DeferredRunner::send(deferred::Job job, deferred::Request request,
                                                                 std::string body) {
  net::RequestHead head = head_of(job, request);
  const Deadline deadline = deadline_of(job);
  auto response = co_await receive(job.id, std::move(head), std::move(body), deadline);
  if (const auto found = active_.find(job.id); found != active_.end()) found->second.call = nullptr;
  co_return response;
}

net::awaitable<Result<net::ClientResponse>> DeferredRunner::receive(std::string id, net::RequestHead head,
                                                                    std::string body, Deadline deadline) {
  auto call = co_await client_.send(std::move(head), body, deadline);
  if (!call) co_return fail(call.error());
  const auto found = active_.find(id);
  if (found == active_.end() || found->second.cancelled)
    co_return fail(Errc::cancelled, "the deferred call was cancelled");
  found->second.call = &*call;
  auto answered = co_await call->head();
  if (!answered) co_return fail(answered.error());
  auto content = co_await call->read_all(kMaxAnswer);
  if (!content) co_return fail(content.error());
  co_return net::ClientResponse{std::move(*answered), std::move(*content)};
}

net::awaitable<void> DeferredRunner::settle_answer(deferred::Job job, net::ClientResponse response) {
  const deferred::Reply reply = reply_of(response.head);
  const deferred::Verdict verdict = judge(reply, job.progress, failures_with(job.id), with_.retry, chance());
  if (verdict.event != Event::answered && verdict.event != Event::refused) {
    rest(job.id, verdict.pause);
    co_return co_await settle(job.id, verdict.event, std::nullopt,
                              fmt::format("the last attempt was answered {}", reply.status));
  }
  auto keep = [this, &response]() -> Result<deferred::Content> { return with_.queue->keep(std::move(response.body)); };
  auto content = co_await with_.pool->run(std::move(keep));
  if (!content) {
    log::warn("deferred", "an answer could not be kept", {{"id", job.id}, {"error", content.error().describe()}});
    rest(job.id, with_.retry.longest);
    co_return co_await settle(job.id, Event::lost, std::nullopt, "its answer could not be kept; it is asked for again");
  }
  deferred::Answer answer{response.head.status, {}, std::move(*content)};
  for (const auto& [name, value] : response.head.headers.fields())
    if (!is_passing(name)) answer.headers.emplace_back(name, value);
  std::string note;
  if (verdict.event == Event::refused)
    note = reply.outcome_unknown
               ? "an attempt was cut off, and may have been answered and charged for; it is not repeated "
                 "(deferred.repeat_uncertain)"
               : fmt::format("it was answered {}", reply.status);
  co_await settle(job.id, verdict.event, std::move(answer), std::move(note));
}

net::awaitable<void> DeferredRunner::settle_failure(deferred::Job job, Error error) {
  if (error.is(Errc::cancelled)) co_return;  // this daemon stops; the next one finds it lost
  if (error.is(Errc::deadline_exceeded) && wall_now() >= job.deadline)
    co_return co_await settle(job.id, Event::expired, std::nullopt, "its deadline passed while it was being answered");
  if (error.is(Errc::too_large))
    co_return co_await settle(job.id, Event::refused, std::nullopt,
                              fmt::format("its answer is larger than the {} bytes that are kept", kMaxAnswer));
  const deferred::Verdict verdict = judge_loss(failures_with(job.id), with_.retry, chance());
  rest(job.id, verdict.pause);
  co_await settle(job.id, verdict.event, std::nullopt, error.message());
}

// Until the journal has it: what came back must not be forgotten because the disk is full for a while.
net::awaitable<void> DeferredRunner::settle(std::string id, Event event, std::optional<deferred::Answer> answer,
                                            std::string note) {
  for (;;) {
    const auto begin = [&](auto done) { with_.queue->settle(id, event, answer, note, wall_now(), std::move(done)); };
    const auto settled = co_await net::from_callback<deferred::Job>(begin);
    if (settled) {
      log::info("deferred", "a deferred call went on",
                {{"id", id}, {"event", to_string(event)}, {"attempts", settled->progress.attempts}});
      co_return;
    }
    if (settled.error().is(Errc::failed_precondition) || settled.error().is(Errc::not_found)) co_return;
    log::warn("deferred", "the journal does not take what became of a call",
              {{"id", id}, {"error", settled.error().describe()}});
    const auto slept = co_await net::sleep_for(kStoreTrouble);
    if (!slept) co_return;
  }
}

}  // namespace hearth::daemon
