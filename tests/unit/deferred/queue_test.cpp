#include "asking.h"
#include "temp_dir.h"

#include <hearth/deferred/describe.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace hearth::deferred {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr WallTime kNow{Seconds(1'795'000'000)};

// A store and a queue on it, that can be closed and opened again.
class Box {
 public:
  explicit Box(Limits limits = {}) : limits_(limits) { open(); }
  void open() {
    close();
    auto store = store::StoreThread::start(dir_ / "hearth.db", store::schema());
    if (!store) std::abort();
    store_ = std::move(*store);
    auto queue = Queue::open(*store_, folder(), limits_);
    if (!queue) std::abort();
    queue_ = std::move(*queue);
  }
  void close() {
    queue_.reset();
    store_.reset();
  }
  Queue& queue() { return *queue_; }
  Queue* operator->() { return queue_.get(); }
  [[nodiscard]] fs::path folder() const { return dir_ / "deferred"; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()));
  }
  NewCall call(std::string body, std::string owner = "key_1") {
    NewCall c;
    c.owner = {std::move(owner), "tests"};
    c.request = {"/v1/embeddings",
                 {{"Content-Type", "application/json"}, {"x-hearth-data-class", "internal"}},
                 queue_->keep(std::move(body)).value()};
    c.not_before = kNow;
    c.deadline = kNow + std::chrono::hours(24);
    return c;
  }
  Answer answered(std::string body, int status = 200) {
    return {status, {{"Content-Type", "application/json"}}, queue_->keep(std::move(body)).value()};
  }

 private:
  TempDir dir_;
  Limits limits_;
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<Queue> queue_;
};

TEST(DeferredQueue, FromTheCallToItsAnswer) {
  Box box;
  const Job job = add(box.queue(), box.call("{}"), kNow).value();
  EXPECT_THAT(job.id, testing::StartsWith("def_"));
  EXPECT_THAT(box->waiting(), SizeIs(1));
  EXPECT_EQ(answer(box.queue(), job.id, "key_1").error().kind(), Errc::failed_precondition);

  const Queue::Claimed claimed = claim(box.queue(), job.id).value();
  EXPECT_EQ(claimed.job.progress, (Progress{Status::running, 1, 0}));
  EXPECT_EQ(claimed.request.target, "/v1/embeddings");
  EXPECT_EQ(claimed.request.headers,
            (Fields{{"Content-Type", "application/json"}, {"x-hearth-data-class", "internal"}}));
  EXPECT_EQ(box->read(claimed.request.body).value(), "{}");
  EXPECT_THAT(box->waiting(), IsEmpty());
  EXPECT_EQ(claim(box.queue(), job.id).error().kind(), Errc::failed_precondition) << "only once";

  const Job ended = settle(box.queue(), job.id, Event::answered, box.answered("[1]"), kNow + Seconds(3)).value();
  EXPECT_EQ(ended.progress.status, Status::done);
  EXPECT_EQ(ended.ended, kNow + Seconds(3));
  EXPECT_EQ(ended.answer_status, 200);
  const Answer got = answer(box.queue(), job.id, "key_1").value();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers, (Fields{{"Content-Type", "application/json"}}));
  EXPECT_EQ(box->read(got.body).value(), "[1]");
  EXPECT_EQ(settle(box.queue(), job.id, Event::answered, box.answered("[2]"), kNow).error().kind(),
            Errc::failed_precondition);
}

TEST(DeferredQueue, LargeBodiesLieInFilesUntilNobodyNeedsThem) {
  Box box;
  const std::string question(100'000, 'q');
  const std::string reply = std::string(200'000, 'a') + '\0' + "\xff";
  const Job job = add(box.queue(), box.call(question), kNow).value();
  EXPECT_EQ(job.bytes, question.size());
  EXPECT_EQ(box.files(), 1U);
  box.open();
  const Queue::Claimed claimed = claim(box.queue(), job.id).value();
  EXPECT_EQ(box->read(claimed.request.body).value(), question);
  ASSERT_TRUE(settle(box.queue(), job.id, Event::answered, box.answered(reply), kNow));
  EXPECT_EQ(box.files(), 1U) << "the request is forgotten";
  box.open();
  EXPECT_EQ(box->read(answer(box.queue(), job.id, "key_1").value().body).value(), reply);
  EXPECT_EQ(box->find(job.id, "key_1")->bytes, reply.size());
  ASSERT_TRUE(cancel(box.queue(), job.id, "key_1", kNow));
  EXPECT_EQ(box.files(), 0U);
  EXPECT_FALSE(box->find(job.id, "key_1"));
}

TEST(DeferredQueue, SmallBodiesKeepAllTheirBytes) {
  Box box;
  const std::string odd("a\0b\xff\r\n\xf0", 7);
  const Job job = add(box.queue(), box.call(odd), kNow).value();
  box.open();
  EXPECT_EQ(box->read(claim(box.queue(), job.id)->request.body).value(), odd);
}

TEST(DeferredQueue, WhatRanWhenTheProcessEndedIsLostAndRunsAgainWithTheSameKey) {
  Box box;
  const Job job = add(box.queue(), box.call("{}"), kNow).value();
  ASSERT_TRUE(claim(box.queue(), job.id));
  box.open();
  EXPECT_EQ(box->find(job.id, "key_1")->progress, (Progress{Status::queued, 1, 0}));
  const Queue::Claimed again = claim(box.queue(), job.id).value();
  EXPECT_EQ(again.job.progress, (Progress{Status::running, 2, 0}));
  EXPECT_EQ(idempotency_key(job.id, again.job.progress.answers), "deferred-" + job.id);
}

TEST(DeferredQueue, FilesThatTheJournalDoesNotNameAreRemovedAtTheNextStart) {
  Box box;
  ASSERT_TRUE(box->keep(std::string(100'000, 'x')));
  const Job job = add(box.queue(), box.call(std::string(100'000, 'y')), kNow).value();
  EXPECT_EQ(box.files(), 2U);
  box.open();
  EXPECT_EQ(box.files(), 1U);
  EXPECT_TRUE(claim(box.queue(), job.id));
}

TEST(DeferredQueue, OthersSeeNothingOfIt) {
  Box box;
  const Job job = add(box.queue(), box.call("{}", "key_1"), kNow).value();
  const Job other = add(box.queue(), box.call("{}", "key_2"), kNow + Seconds(1)).value();
  EXPECT_FALSE(box->find(job.id, "key_2"));
  EXPECT_EQ(cancel(box.queue(), job.id, "key_2", kNow).error().kind(), Errc::not_found);
  EXPECT_EQ(answer(box.queue(), job.id, "key_2").error().kind(), Errc::not_found);
  EXPECT_THAT(box->list("key_1"), SizeIs(1));
  const auto all = box->list(kEverything);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all.front().id, other.id) << "the newest first";
  EXPECT_TRUE(box->find(job.id, kEverything));
}

TEST(DeferredQueue, AKeyOfTheClientsOwnMakesItTheSameCall) {
  Box box;
  const auto call = [&](std::string body, std::string owner = "key_1") {
    NewCall c = box.call(std::move(body), std::move(owner));
    c.client_key = "mine";
    return c;
  };
  const Job first = add(box.queue(), call("{}"), kNow).value();
  EXPECT_EQ(add(box.queue(), call("{}"), kNow)->id, first.id);
  EXPECT_EQ(add(box.queue(), call("{\"x\":1}"), kNow).error().kind(), Errc::already_exists);
  EXPECT_NE(add(box.queue(), call("{}", "key_2"), kNow)->id, first.id) << "somebody else's key";
  box.open();
  EXPECT_EQ(add(box.queue(), call("{}"), kNow)->id, first.id);
  EXPECT_THAT(box->list("key_1"), SizeIs(1));

  const std::string large(50'000, 'x');
  NewCall one = box.call(large);
  NewCall two = box.call(large);
  one.client_key = two.client_key = "large";
  const Job kept = add(box.queue(), std::move(one), kNow).value();
  EXPECT_EQ(add(box.queue(), std::move(two), kNow)->id, kept.id);
  EXPECT_EQ(box.files(), 1U) << "the second body is not kept";
}

TEST(DeferredQueue, ACallIsCancelledAtAnyTimeBeforeItsEnd) {
  Box box;
  const Job queued = add(box.queue(), box.call(std::string(50'000, 'x')), kNow).value();
  EXPECT_EQ(cancel(box.queue(), queued.id, "key_1", kNow)->progress.status, Status::cancelled);
  EXPECT_EQ(box.files(), 0U);
  EXPECT_EQ(claim(box.queue(), queued.id).error().kind(), Errc::failed_precondition);
  EXPECT_EQ(answer(box.queue(), queued.id, "key_1").error().kind(), Errc::not_found);

  const Job running = add(box.queue(), box.call("{}"), kNow).value();
  ASSERT_TRUE(claim(box.queue(), running.id));
  ASSERT_TRUE(cancel(box.queue(), running.id, "key_1", kNow));
  EXPECT_EQ(settle(box.queue(), running.id, Event::answered, box.answered("[]"), kNow).error().kind(),
            Errc::failed_precondition)
      << "its answer comes too late";
  box.open();
  EXPECT_EQ(box->find(running.id, "key_1")->progress.status, Status::cancelled);
  ASSERT_TRUE(cancel(box.queue(), running.id, "key_1", kNow)) << "now it is removed";
  EXPECT_FALSE(box->find(running.id, "key_1"));
}

TEST(DeferredQueue, ItIsBounded) {
  Box few({.calls = 2});
  const Job job = add(few.queue(), few.call("{}"), kNow).value();
  ASSERT_TRUE(add(few.queue(), few.call("{}"), kNow));
  EXPECT_EQ(add(few.queue(), few.call("{}"), kNow).error().kind(), Errc::resource_exhausted);
  ASSERT_TRUE(cancel(few.queue(), job.id, "key_1", kNow));
  ASSERT_TRUE(cancel(few.queue(), job.id, "key_1", kNow));
  EXPECT_TRUE(add(few.queue(), few.call("{}"), kNow));

  Box small({.bytes = 60'000});
  const Job large = add(small.queue(), small.call(std::string(50'000, 'x')), kNow).value();
  EXPECT_EQ(add(small.queue(), small.call(std::string(20'000, 'x')), kNow).error().kind(), Errc::resource_exhausted);
  EXPECT_EQ(small.files(), 1U);
  EXPECT_FALSE(small->full());
  ASSERT_TRUE(claim(small.queue(), large.id));
  ASSERT_TRUE(settle(small.queue(), large.id, Event::answered, small.answered(std::string(70'000, 'y')), kNow));
  EXPECT_TRUE(small->full()) << "an answer is kept in any case, but nothing more is begun";
  ASSERT_TRUE(cancel(small.queue(), large.id, "key_1", kNow));
  EXPECT_FALSE(small->full());
}

TEST(DeferredQueue, WhoWaitsForTheEndIsCalledOnce) {
  Box box;
  const Job job = add(box.queue(), box.call("{}"), kNow).value();
  int told = 0;
  box->when_ended(job.id, [&] { ++told; });
  ASSERT_TRUE(claim(box.queue(), job.id));
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(settle(box.queue(), job.id, Event::again, std::nullopt, kNow));
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(settle(box.queue(), job.id, Event::expired, std::nullopt, kNow));
  EXPECT_EQ(told, 1);
  box->when_ended(job.id, [&] { ++told; });
  EXPECT_EQ(told, 2) << "it has ended already";
  box->when_ended("def_nobody", [&] { ++told; });
  EXPECT_EQ(told, 3);
}

TEST(DeferredQueue, WithItsEndAMessageIsInTheJournal) {
  Box box;
  NewCall call = box.call("{}");
  call.webhook = "http://127.0.0.1:9/hook";
  const Job job = add(box.queue(), std::move(call), kNow).value();
  EXPECT_THAT(box->pending(), IsEmpty());
  ASSERT_TRUE(claim(box.queue(), job.id));
  ASSERT_TRUE(settle(box.queue(), job.id, Event::refused, box.answered("{}", 400), kNow, "it was wrong"));
  box.open();
  ASSERT_THAT(box->pending(), SizeIs(1));
  const Delivery delivery = box->delivery(box->pending().front().id).value();
  EXPECT_EQ(delivery.call, job.id);
  EXPECT_EQ(delivery.owner, "key_1");
  EXPECT_EQ(delivery.url, "http://127.0.0.1:9/hook");
  EXPECT_THAT(delivery.body, HasSubstr("\"type\":\"deferred.failed\""));
  EXPECT_THAT(delivery.body, HasSubstr(job.id));
  EXPECT_TRUE(is_due(delivery.progress, kNow));

  const DeliveryProgress failed = delivery_tried(delivery.progress, 500, {}, kNow, 0);
  ASSERT_TRUE(settle_delivery(box.queue(), delivery.id, failed));
  box.open();
  EXPECT_EQ(box->pending().front().progress, failed);
  EXPECT_EQ(box->pending().front().id, delivery.id);
  ASSERT_TRUE(settle_delivery(box.queue(), delivery.id, delivery_tried(failed, 200, {}, kNow, 0)));
  EXPECT_THAT(box->pending(), IsEmpty());
  box.open();
  EXPECT_THAT(box->pending(), IsEmpty());
  EXPECT_EQ(box->find(job.id, "key_1")->delivery->status, DeliveryStatus::delivered);
}

TEST(DeferredQueue, AMessageOutlivesItsCall) {
  Box box;
  NewCall call = box.call("{}");
  call.webhook = "http://127.0.0.1:9/hook";
  const Job job = add(box.queue(), std::move(call), kNow).value();
  ASSERT_TRUE(cancel(box.queue(), job.id, "key_1", kNow));
  ASSERT_TRUE(cancel(box.queue(), job.id, "key_1", kNow));
  box.open();
  EXPECT_THAT(box->list(kEverything), IsEmpty());
  ASSERT_THAT(box->pending(), SizeIs(1));
  const Queue::Pending delivery = box->pending().front();
  ASSERT_TRUE(settle_delivery(box.queue(), delivery.id, delivery_tried(delivery.progress, 200, {}, kNow, 0)));
  box.open();
  EXPECT_THAT(box->pending(), IsEmpty());
}

TEST(DeferredQueue, AnswersAreKeptForTheirTime) {
  Box box({.keep = Seconds(100)});
  const Job old = add(box.queue(), box.call("{}"), kNow).value();
  const Job waiting = add(box.queue(), box.call("{}"), kNow).value();
  ASSERT_TRUE(claim(box.queue(), old.id));
  ASSERT_TRUE(settle(box.queue(), old.id, Event::answered, box.answered("[]"), kNow));
  box->remove_old(kNow + Seconds(100));
  box.open();
  EXPECT_TRUE(box->find(old.id, "key_1"));
  box->remove_old(kNow + Seconds(101));
  box.open();
  EXPECT_FALSE(box->find(old.id, "key_1"));
  EXPECT_TRUE(box->find(waiting.id, "key_1"));
}

TEST(DeferredQueue, WhatIsShownTellsNothingOfTheContent) {
  Box box;
  NewCall call = box.call("{\"input\":\"a secret\"}");
  call.webhook = "http://127.0.0.1:9/hook";
  const Job job = add(box.queue(), std::move(call), kNow).value();
  ASSERT_TRUE(claim(box.queue(), job.id));
  const Job ended = settle(box.queue(), job.id, Event::answered, box.answered("{\"a\":\"secret\"}"), kNow).value();
  for (const std::string& text : {encode(ended), encode_list(std::array{ended}, Whose::all), encode_message(ended)}) {
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, HasSubstr(job.id));
  }
  EXPECT_THAT(encode(ended), HasSubstr("\"status\":\"done\""));
  EXPECT_THAT(encode(ended), HasSubstr("/v1/deferred/" + job.id + "/result"));
  EXPECT_THAT(encode(ended), Not(HasSubstr("key_1")));
  EXPECT_THAT(encode_list(std::array{ended}, Whose::all), HasSubstr("key_1"));
}

}  // namespace
}  // namespace hearth::deferred
