#include <hearth/deferred/job.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>

namespace hearth::deferred {
namespace {

auto some_event() {
  return rc::gen::element(Event::claimed, Event::answered, Event::refused, Event::not_now, Event::broke, Event::lost,
                          Event::rerun, Event::cancelled, Event::expired);
}

RC_GTEST_PROP(DeferredJob, WhatHasEndedStaysAsItIs, ()) {
  Progress progress;
  for (const Event event : *rc::gen::container<std::vector<Event>>(some_event())) {
    const auto next = advance(progress, event);
    if (has_ended(progress.status)) RC_ASSERT(!next);
    if (next) progress = *next;
  }
}

RC_GTEST_PROP(DeferredJob, NothingIsAnsweredThatWasNotClaimed, ()) {
  Progress progress;
  std::uint32_t claims = 0;
  std::uint32_t ends = 0;  // of attempts
  for (const Event event : *rc::gen::container<std::vector<Event>>(some_event())) {
    const auto next = advance(progress, event);
    if (!next) {
      RC_ASSERT(next.error().is(Errc::failed_precondition));
      continue;
    }
    if (event == Event::claimed) ++claims;
    if (event != Event::claimed && event != Event::cancelled && event != Event::expired) ++ends;
    RC_ASSERT(ends <= claims);
    RC_ASSERT(next->attempts == claims);
    RC_ASSERT(next->broken + next->reruns <= ends);
    RC_ASSERT((next->status == Status::running) == (event == Event::claimed));
    progress = *next;
  }
}

// The world outside: an attempt may be done and its answer lost; one that carries a key that was done before is
// answered from memory; one that is refused for now is not done. Whatever the order of things, what has ended as done
// was done once for each key, and with one key only.
RC_GTEST_PROP(DeferredJob, ACallIsDoneOnceWhateverIsLost, ()) {
  Progress progress;
  std::map<std::string, int> done;  // by key
  const RetryPolicy policy;
  for (int step = 0; step < 60 && !has_ended(progress.status); ++step) {
    progress = advance(progress, Event::claimed).value();
    const std::string key = idempotency_key("def_1", progress.reruns);
    switch (*rc::gen::weightedElement<int>({{2, 0}, {2, 1}, {2, 2}, {1, 3}})) {
      case 0:  // the process dies before it is sent, or the connection breaks on the way there
        progress = advance(progress, Event::lost).value();
        break;
      case 1:  // done, and the answer gets lost
        done.try_emplace(key, 1);
        progress = advance(progress, Event::lost).value();
        break;
      case 2: {  // not now; but a key that was done is answered with what was done
        const Reply reply{.status = done.contains(key) ? 200 : 503};
        progress = advance(progress, judge(reply, progress, 1, policy, 0.5).event).value();
        break;
      }
      default:
        done.try_emplace(key, 1);
        progress = advance(progress, judge({.status = 200}, progress, 1, policy, 0.5).event).value();
    }
  }
  RC_ASSERT(done.size() <= 1U);
  if (progress.status == Status::done) RC_ASSERT(done.size() == 1U);
}

TEST(DeferredJob, OnlyARerunHasAnotherKey) {
  EXPECT_EQ(idempotency_key("def_1", 0), "deferred-def_1");
  EXPECT_EQ(idempotency_key("def_1", 2), "deferred-def_1.2");
}

TEST(DeferredJob, WhatAnAnswerMeans) {
  const RetryPolicy policy;
  const Progress first{Status::running, 1, 0};
  const auto event = [&](const Reply& reply) { return judge(reply, first, 1, policy, 0).event; };
  EXPECT_EQ(event({.status = 200}), Event::answered);
  EXPECT_EQ(event({.status = 204}), Event::answered);
  for (const int status : {400, 401, 403, 404, 409, 413, 422, 501, 302, 0})
    EXPECT_EQ(event({.status = status}), Event::refused) << status;
  for (const int status : {408, 425, 429, 503}) EXPECT_EQ(event({.status = status}), Event::not_now) << status;
  for (const int status : {500, 502, 504}) EXPECT_EQ(event({.status = status}), Event::broke) << status;
  EXPECT_EQ(event({.status = 409, .outcome_unknown = true}), Event::rerun);
  EXPECT_EQ(judge({.status = 409, .outcome_unknown = true}, first, 1, {.on_unknown = OnUnknown::give_up}, 0).event,
            Event::refused);
}

TEST(DeferredJob, ABrokenUpstreamIsGivenUpOnAndABusyOneIsNot) {
  const RetryPolicy policy;
  const Progress often{Status::running, 9, policy.tries - 1};
  EXPECT_EQ(judge({.status = 502}, often, 1, policy, 0).event, Event::refused);
  EXPECT_EQ(judge({.status = 503}, often, 1, policy, 0).event, Event::not_now);
  EXPECT_EQ(judge({.status = 500, .told_not_to_retry = true}, {Status::running, 1, 0}, 1, policy, 0).event,
            Event::refused);
}

RC_GTEST_PROP(DeferredJob, PausesGrowAndAreBounded, ()) {
  const RetryPolicy policy;
  const auto failures = *rc::gen::inRange<std::uint32_t>(0, 2'000'000'000);
  const double chance = *rc::gen::inRange(0, 1001) / 1000.0;
  const Millis pause = judge_loss(failures, policy, chance).pause;
  RC_ASSERT(pause >= policy.first / 2);
  RC_ASSERT(pause <= policy.longest);
}

TEST(DeferredJob, TheUpstreamSaysWhenToComeBack) {
  const RetryPolicy policy;
  const Progress first{Status::running, 1, 0};
  EXPECT_EQ(judge({.status = 429, .retry_after = Millis(90'000)}, first, 1, policy, 1).pause, Millis(90'000));
  EXPECT_EQ(judge({.status = 429, .told_not_to_retry = true}, first, 1, policy, 1).pause, policy.budget);
}

TEST(DeferredJob, AWordNamesItsStatus) {
  for (const Status s :
       {Status::queued, Status::running, Status::done, Status::failed, Status::expired, Status::cancelled})
    EXPECT_EQ(parse_status(to_string(s)), s);
  EXPECT_FALSE(parse_status("Done"));
}

}  // namespace
}  // namespace hearth::deferred
