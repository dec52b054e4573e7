#include "co_test.h"
#include "samples.h"

#include <hearth/answers/idempotency.h>

#include <rapidcheck/gtest.h>

namespace hearth::answers {
namespace {

constexpr Seconds kDay{86'400};

std::optional<IdempotencyRecord> record_of(RecordState state, bool has_answer = false, WallTime made = kNow) {
  return IdempotencyRecord{digest_of("request"), state, made, has_answer};
}

TEST(IdempotencyTest, WhatBecomesOfARepeatedRequest) {
  const auto verdict = [](const std::optional<IdempotencyRecord>& record, bool again = false) {
    return judge(record, digest_of("request"), again, kNow, kDay);
  };
  EXPECT_EQ(verdict(std::nullopt), Verdict::run);
  EXPECT_EQ(verdict(record_of(RecordState::accepted)), Verdict::run);
  EXPECT_EQ(verdict(record_of(RecordState::sent)), Verdict::uncertain);
  EXPECT_EQ(verdict(record_of(RecordState::sent), true), Verdict::run);
  EXPECT_EQ(verdict(record_of(RecordState::committed, true)), Verdict::replay);
  EXPECT_EQ(verdict(record_of(RecordState::committed, true), true), Verdict::replay);
  EXPECT_EQ(verdict(record_of(RecordState::committed)), Verdict::answer_gone);
  EXPECT_EQ(verdict(record_of(RecordState::committed), true), Verdict::run);
  EXPECT_EQ(verdict(record_of(RecordState::sent, false, kNow - kDay)), Verdict::run);
  EXPECT_EQ(verdict(record_of(RecordState::sent, false, kNow - kDay + Seconds(1))), Verdict::uncertain);
  for (const RecordState state : {RecordState::accepted, RecordState::sent, RecordState::committed})
    for (const bool again : {false, true})
      EXPECT_EQ(judge(record_of(state, true), digest_of("another"), again, kNow, kDay), Verdict::other_request);
}

// What may have been billed never runs again unless the caller wants it, whatever else is so.
RC_GTEST_PROP(IdempotencyTest, NothingThatMayBeBilledRunsAgainByItself, ()) {
  const auto state = static_cast<RecordState>(*rc::gen::inRange(0, 3));
  const auto age = Seconds(*rc::gen::inRange<std::int64_t>(-100'000, 86'400));
  const auto record = record_of(state, *rc::gen::arbitrary<bool>(), kNow - age);
  const Digest request = digest_of(*rc::gen::element<std::string>("request", "another"));
  const Verdict verdict = judge(record, request, false, kNow, kDay);
  RC_ASSERT(verdict != Verdict::run || state == RecordState::accepted);
}

TEST(IdempotencyTest, KeysAreShortAndVisible) {
  EXPECT_TRUE(is_idempotency_key("8e03978e-40d5-43e8-bc93-6894a57f9324"));
  EXPECT_TRUE(is_idempotency_key(std::string(255, 'k')));
  for (const std::string& bad : {std::string(), std::string(256, 'k'), std::string("a b"), std::string("a\n"),
                                 std::string("a\0b", 3), std::string("\xc3\xa9")})
    EXPECT_FALSE(is_idempotency_key(bad)) << bad;
}

Request request_of(std::string_view text, bool stream = false) {
  Request request;
  request.digest = digest_of(text);
  request.stream = stream;
  return request;
}

TEST(IdempotencyTest, ATicketIsOfOneTenantKeyAndRequest) {
  const Ticket ticket = make_ticket("key_a", "k", "/v1/chat/completions", request_of("r"));
  EXPECT_NE(ticket.id, make_ticket("key_b", "k", "/v1/chat/completions", request_of("r")).id);
  EXPECT_NE(ticket.id, make_ticket("key_ak", "", "/v1/chat/completions", request_of("r")).id);
  for (const Ticket& other : {make_ticket("key_a", "k", "/v1/messages", request_of("r")),
                              make_ticket("key_a", "k", "/v1/chat/completions", request_of("s")),
                              make_ticket("key_a", "k", "/v1/chat/completions", request_of("r", true))}) {
    EXPECT_EQ(ticket.id, other.id);
    EXPECT_NE(ticket.request, other.request);
    EXPECT_NE(ticket.flight(), other.flight());
  }
}

class Box {
 public:
  explicit Box(IdempotencyLimits limits = {}) {
    auto started = store::StoreThread::start(dir_ / "hearth.db", store::schema());
    if (!started) std::abort();
    store_ = std::move(*started);
    journal_ = std::make_unique<Idempotency>(*store_, limits);
  }
  Idempotency& journal() { return *journal_; }
  std::int64_t records() {
    return *store_
                ->call([](store::Connection& connection) -> Result<std::int64_t> {
                  HEARTH_TRY_ASSIGN(auto count, connection.prepare("SELECT count(*) FROM idempotency"));
                  HEARTH_TRY(count.step());
                  return count.integer(0);
                })
                .get();
  }

 private:
  TempDir dir_;
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<Idempotency> journal_;
};

Ticket ticket_of(std::string_view key, std::string_view request = "request", std::string_view tenant = "key_a") {
  return make_ticket(tenant, key, "/v1/chat/completions", request_of(request));
}

net::awaitable<Verdict> accept(Box& box, Ticket ticket, bool again = false, WallTime now = kNow) {
  const auto standing = co_await box.journal().accept(std::move(ticket), again, now);
  EXPECT_TRUE(standing) << standing.error().describe();
  co_return standing ? standing->verdict : Verdict::other_request;
}

net::awaitable<void> answer(Box& box, Ticket ticket, AnswerPtr given) {
  const auto sent = co_await box.journal().sent(ticket);
  EXPECT_TRUE(sent);
  const auto committed = co_await box.journal().commit(ticket, std::move(given));
  EXPECT_TRUE(committed);
}

CO_TEST(IdempotencyTest, ARequestGoesItsWay) {
  Box box;
  const Ticket ticket = ticket_of("k");
  const Verdict fresh = co_await accept(box, ticket);
  EXPECT_EQ(fresh, Verdict::run);
  const Verdict not_sent = co_await accept(box, ticket);
  EXPECT_EQ(not_sent, Verdict::run);
  const auto sent = co_await box.journal().sent(ticket);
  EXPECT_TRUE(sent);
  const Verdict was_sent = co_await accept(box, ticket);
  EXPECT_EQ(was_sent, Verdict::uncertain);
  const Verdict other = co_await accept(box, ticket_of("k", "another"));
  EXPECT_EQ(other, Verdict::other_request);
  const Verdict elsewhere = co_await accept(box, ticket_of("k", "another", "key_b"));
  EXPECT_EQ(elsewhere, Verdict::run);
  const auto committed = co_await box.journal().commit(ticket, shared_answer("the answer"));
  EXPECT_TRUE(committed);
  const auto replayed = co_await box.journal().accept(ticket, false, kNow);
  CO_ASSERT(replayed);
  EXPECT_EQ(replayed->verdict, Verdict::replay);
  CO_ASSERT(replayed->answer);
  EXPECT_EQ(*replayed->answer, sample_answer("the answer"));
  const Verdict a_day_later = co_await accept(box, ticket_of("k", "another"), false, kNow + kDay);
  EXPECT_EQ(a_day_later, Verdict::run);
}

CO_TEST(IdempotencyTest, WhatWasNotBilledBeginsAnew) {
  Box box;
  const Ticket ticket = ticket_of("k");
  co_await accept(box, ticket);
  const auto sent = co_await box.journal().sent(ticket);
  EXPECT_TRUE(sent);
  const auto released = co_await box.journal().release(ticket);
  EXPECT_TRUE(released);
  EXPECT_EQ(box.records(), 0);
  const Verdict anew = co_await accept(box, ticket_of("k", "another"));
  EXPECT_EQ(anew, Verdict::run);
}

CO_TEST(IdempotencyTest, RunningAgainOnDemandForgetsTheFirst) {
  Box box;
  const Ticket ticket = ticket_of("k");
  co_await accept(box, ticket);
  const auto sent = co_await box.journal().sent(ticket);
  EXPECT_TRUE(sent);
  const Verdict again = co_await accept(box, ticket, true);
  EXPECT_EQ(again, Verdict::run);
  co_await answer(box, ticket, shared_answer("second"));
  const auto replayed = co_await box.journal().accept(ticket, true, kNow);
  CO_ASSERT(replayed && replayed->answer);
  EXPECT_EQ(replayed->answer->body, "second");
}

CO_TEST(IdempotencyTest, SecretAndLargeAnswersAreNotKept) {
  Box box({.answer = 2'000});
  Answer secret = sample_answer("secret");
  secret.data_class = DataClass::secret;
  const std::vector<std::pair<std::string, AnswerPtr>> answers{{"secret", std::make_shared<const Answer>(secret)},
                                                               {"large", shared_answer(std::string(3'000, 'x'))},
                                                               {"none", nullptr}};
  for (const auto& [key, given] : answers) {
    co_await accept(box, ticket_of(key));
    co_await answer(box, ticket_of(key), given);
    const Verdict verdict = co_await accept(box, ticket_of(key));
    EXPECT_EQ(verdict, Verdict::answer_gone) << key;
  }
}

CO_TEST(IdempotencyTest, BoundedInRecordsAndBytes) {
  Box box({.records = 50, .answers = 20'000});
  co_await accept(box, ticket_of("other tenant's", "request", "key_b"), false, kNow - Seconds(60));
  co_await answer(box, ticket_of("other tenant's", "request", "key_b"), nullptr);
  for (int i = 0; i < 120; ++i) {
    const Ticket ticket = ticket_of(std::to_string(i));
    const Verdict verdict = co_await accept(box, ticket, false, kNow + Seconds(i));
    EXPECT_EQ(verdict, Verdict::run);
    co_await answer(box, ticket, shared_answer(std::string(1'000, 'x'), kNow + Seconds(i)));
  }
  EXPECT_EQ(box.records(), 50);
  const WallTime later = kNow + Seconds(120);
  const Verdict newest = co_await accept(box, ticket_of("119"), false, later);
  EXPECT_EQ(newest, Verdict::replay);
  const Verdict older = co_await accept(box, ticket_of("80"), false, later);
  EXPECT_EQ(older, Verdict::answer_gone);  // that it was answered is still known
  const Verdict others = co_await accept(box, ticket_of("other tenant's", "request", "key_b"), false, later);
  EXPECT_EQ(others, Verdict::answer_gone);  // one tenant's many keys took nothing of another's
}

}  // namespace
}  // namespace hearth::answers
