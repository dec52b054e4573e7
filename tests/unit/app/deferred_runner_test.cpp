// Deferred calls on their way: to a socket like the box's own, whose answers the test decides, and to a webhook.
#include "deferred_runner.h"

#include "../../support/co_test.h"
#include "webhook_sender.h"

#include <hearth/egress/audit.h>
#include <hearth/egress/report.h>
#include <hearth/net/server.h>

#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstdlib>
#include <functional>

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;
using deferred::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "hearth_runner.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

struct Seen {
  std::string target;
  std::string principal;
  std::string key;
  std::string body;
  std::string signature;
  std::string message;
  std::int64_t timestamp = 0;
};

// Answers as `decide` says: a status, or 0 to break the connection, or -1 to say nothing until the other side leaves.
class Site {
 public:
  explicit Site(net::Executor executor)
      : server_(
            executor, {}, [](int, std::string_view, std::string_view) { return net::ErrorPage(); },
            [this](net::Exchange& exchange) { return handle(exchange); }) {}
  net::HttpServer& server() { return server_; }
  std::vector<Seen> seen;
  std::function<int(const Seen&)> decide = [](const Seen&) { return 200; };
  int left = 0;  // whose other side did not wait for the answer

 private:
  net::awaitable<void> handle(net::Exchange& exchange) {
    const net::RequestHead& request = exchange.request();
    auto body = co_await exchange.read_all(1 << 20);
    Seen one{request.target,
             std::string(request.headers.get("x-hearth-principal")),
             std::string(request.headers.get("Idempotency-Key")),
             body.value_or(""),
             std::string(request.headers.get("webhook-signature")),
             std::string(request.headers.get("webhook-id")),
             std::atoll(std::string(request.headers.get("webhook-timestamp")).c_str())};
    seen.push_back(one);
    const int status = decide(one);
    if (status == -1) {
      exchange.watch_client();
      const auto slept = co_await net::sleep_for(test::kPatience);
      if (!slept) ++left;
      co_return;
    }
    if (status == 0) {
      exchange.start(200, {});  // never ended: the connection is cut
      [[maybe_unused]] const auto written = co_await exchange.write("half");
      co_return;
    }
    net::Headers headers{{"Content-Type", "application/json"}, {"x-request-id", "req_1"}};
    if (status == 409) headers.add("x-should-retry", "false");
    [[maybe_unused]] const auto sent =
        co_await exchange.respond(status, std::move(headers), "{\"of\":\"" + one.body + "\"}");
  }
  net::HttpServer server_;
};

class Box {
 public:
  Box(net::Executor e, deferred::RetryPolicy retry = quick()) : executor(e), site(e), pool(1, 100) {
    auto opened = store::StoreThread::start(folder.path / "hearth.db", store::schema());
    if (!opened) std::abort();
    store = std::move(*opened);
    auto queued = deferred::Queue::open(*store, folder.path / "deferred", {});
    if (!queued) std::abort();
    queue = std::move(*queued);
    if (!site.server().listen({"", 0, folder.path / "s"})) std::abort();
    runner = std::make_unique<DeferredRunner>(
        e, DeferredRunner::With{
               .queue = queue.get(), .pool = &pool, .socket = folder.path / "s", .parallel = 2, .retry = retry});
    queue->on_change([this](const deferred::Job& job) {
      net::asio::post(executor, [this, id = job.id, status = job.progress.status] {
        runner->changed(id, status);
        if (webhooks) webhooks->changed();
      });
    });
    runner->start();
  }
  static deferred::RetryPolicy quick() {
    deferred::RetryPolicy policy;
    policy.first = policy.longest = Millis(1);
    return policy;
  }
  net::awaitable<std::string> add(std::string body, std::string webhook = "", Millis deadline = std::chrono::hours(1)) {
    deferred::NewCall call;
    call.owner = {"key_1", "tests"};
    call.request = {"/v1/embeddings?x=y", {{"Content-Type", "application/json"}}, queue->keep(std::move(body)).value()};
    call.not_before = wall_now();
    call.deadline = call.not_before + deadline;
    call.webhook = std::move(webhook);
    const auto begin = [&](auto done) { queue->add(std::move(call), wall_now(), std::move(done)); };
    const auto job = co_await net::from_callback<deferred::Job>(begin);
    co_return job->id;
  }
  Status status(const std::string& id) { return queue->find(id, deferred::kEverything)->progress.status; }
  net::awaitable<bool> comes_to(std::string id, Status wanted) {
    const bool came = co_await test::eventually([&] { return status(id) == wanted; });
    co_return came;
  }
  net::awaitable<void> stop() {
    co_await runner->stop(Deadline::in(Millis(0)));
    if (webhooks) co_await webhooks->stop();
    co_await site.server().stop(Deadline::in(Millis(0)));
  }

  net::Executor executor;
  Folder folder;
  Site site;
  net::BlockingPool pool;
  std::unique_ptr<store::StoreThread> store;
  std::unique_ptr<deferred::Queue> queue;
  std::unique_ptr<DeferredRunner> runner;
  std::unique_ptr<WebhookSender> webhooks;
};

CO_TEST(DeferredRunner, SendsACallInTheNameOfItsOwnerAndKeepsTheAnswer) {
  Box box(co_await boost::asio::this_coro::executor);
  const std::string id = co_await box.add("one");
  const bool done = co_await box.comes_to(id, Status::done);
  EXPECT_TRUE(done);
  CO_ASSERT(box.site.seen.size() == 1);
  EXPECT_EQ(box.site.seen[0].target, "/v1/embeddings?x=y");
  EXPECT_EQ(box.site.seen[0].principal, "key_1");
  EXPECT_EQ(box.site.seen[0].key, "deferred-" + id);
  EXPECT_EQ(box.site.seen[0].body, "one");
  const auto ask = [&](auto d) { box.queue->answer(id, "key_1", std::move(d)); };
  const auto answer = co_await net::from_callback<deferred::Answer>(ask);
  CO_ASSERT(answer);
  EXPECT_EQ(box.queue->read(answer->body).value(), "{\"of\":\"one\"}");
  EXPECT_EQ(answer->headers, (deferred::Fields{{"Content-Type", "application/json"}, {"x-request-id", "req_1"}}));
  co_await box.stop();
}

CO_TEST(DeferredRunner, NotNowMeansAgainWithTheSameKey) {
  Box box(co_await boost::asio::this_coro::executor);
  box.site.decide = [&](const Seen&) { return box.site.seen.size() < 3 ? 503 : 200; };
  const std::string id = co_await box.add("one");
  const bool done = co_await box.comes_to(id, Status::done);
  EXPECT_TRUE(done);
  CO_ASSERT(box.site.seen.size() == 3);
  for (const Seen& seen : box.site.seen) EXPECT_EQ(seen.key, "deferred-" + id);
  co_await box.stop();
}

CO_TEST(DeferredRunner, AnAnswerThatIsCutOffMeansAgainWithTheSameKey) {
  Box box(co_await boost::asio::this_coro::executor);
  box.site.decide = [&](const Seen&) { return box.site.seen.size() < 3 ? 0 : 200; };
  const std::string id = co_await box.add("one");
  const bool done = co_await box.comes_to(id, Status::done);
  EXPECT_TRUE(done);
  CO_ASSERT(box.site.seen.size() == 3);
  for (const Seen& seen : box.site.seen) EXPECT_EQ(seen.key, "deferred-" + id);
  co_await box.stop();
}

CO_TEST(DeferredRunner, WhatMayHaveBeenChargedForIsRepeatedOnlyWhenThatIsWanted) {
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  deferred::RetryPolicy careful = Box::quick();
  careful.on_unknown = deferred::OnUnknown::give_up;
  Box box(executor, careful);
  box.site.decide = [](const Seen&) { return 409; };
  const std::string id = co_await box.add("one");
  const bool failed = co_await box.comes_to(id, Status::failed);
  EXPECT_TRUE(failed);
  EXPECT_THAT(box.queue->find(id, "key_1")->note, HasSubstr("deferred.repeat_uncertain"));
  EXPECT_EQ(box.queue->find(id, "key_1")->answer_status, 409);
  EXPECT_THAT(box.site.seen, SizeIs(1));
  co_await box.stop();

  Box bold(executor);
  bold.site.decide = [&](const Seen&) { return bold.site.seen.size() < 2 ? 409 : 200; };
  const std::string other = co_await bold.add("one");
  const bool done = co_await bold.comes_to(other, Status::done);
  EXPECT_TRUE(done);
  CO_ASSERT(bold.site.seen.size() == 2);
  EXPECT_EQ(bold.site.seen[0].key, "deferred-" + other);
  EXPECT_EQ(bold.site.seen[1].key, "deferred-" + other + ".1");
  co_await bold.stop();
}

CO_TEST(DeferredRunner, ACancelledCallIsCutOff) {
  Box box(co_await boost::asio::this_coro::executor);
  box.site.decide = [](const Seen&) { return -1; };
  const std::string id = co_await box.add("one");
  bool came = co_await test::eventually([&] { return box.site.seen.size() == 1; });
  CO_ASSERT(came);
  const auto ask = [&](auto d) { box.queue->cancel(id, "key_1", wall_now(), std::move(d)); };
  const auto cancelled = co_await net::from_callback<deferred::Job>(ask);
  EXPECT_TRUE(cancelled);
  came = co_await test::eventually([&] { return box.site.left == 1; });
  EXPECT_TRUE(came);
  EXPECT_EQ(box.status(id), Status::cancelled);
  co_await box.stop();
}

CO_TEST(DeferredRunner, ADeadlineEndsItWhereverItIs) {
  Box box(co_await boost::asio::this_coro::executor);
  box.site.decide = [](const Seen&) { return -1; };
  const std::string running = co_await box.add("one", "", Millis(300));
  const bool expired = co_await box.comes_to(running, Status::expired);
  EXPECT_TRUE(expired);
  box.site.decide = [](const Seen&) { return 503; };
  const std::string again = co_await box.add("two", "", Millis(300));
  const bool too = co_await box.comes_to(again, Status::expired);
  EXPECT_TRUE(too);
  co_await box.stop();
}

CO_TEST(DeferredRunner, NoMoreThanItsPlacesAreTakenAtATime) {
  Box box(co_await boost::asio::this_coro::executor);
  box.site.decide = [](const Seen&) { return -1; };
  for (int i = 0; i < 5; ++i) co_await box.add(std::to_string(i));
  const bool came = co_await test::eventually([&] { return box.site.seen.size() == 2; });
  EXPECT_TRUE(came);
  std::size_t running = 0;
  for (const deferred::Job& job : box.queue->list(deferred::kEverything))
    running += job.progress.status == Status::running ? 1U : 0U;
  EXPECT_EQ(running, 2U);
  co_await box.stop();
}

CO_TEST(DeferredRunner, WhatRestsIsTriedAtOnceWhenTheLineIsBack) {
  deferred::RetryPolicy patient;
  patient.first = patient.longest = std::chrono::hours(1);
  Box box(co_await boost::asio::this_coro::executor, patient);
  box.site.decide = [&](const Seen&) { return box.site.seen.size() < 2 ? 503 : 200; };
  const std::string id = co_await box.add("one");
  const bool rests = co_await test::eventually(
      [&] { return box.queue->find(id, "key_1")->progress.attempts == 1 && box.status(id) == Status::queued; });
  EXPECT_TRUE(rests);
  // It is noted that it rests before it is in the journal, so it rests by now.
  box.runner->link_is_up();
  const bool done = co_await box.comes_to(id, Status::done);
  EXPECT_TRUE(done);
  co_await box.stop();
}

// A receiver on loopback, which the rules name, and a ledger in the box's own store.
struct Told {
  explicit Told(Box& b, bool ledger_is_sound = true) : box(b), receiver(b.executor) {
    EXPECT_TRUE(receiver.server().listen({"127.0.0.1", 0, {}}));
    url = "http://127.0.0.1:" + std::to_string(receiver.server().port()) + "/hook?x=y";
    const auto rule = egress::rule_for(egress::Purpose::webhook, url);
    ledger = egress::Ledger::open(*box.store, box.folder.path / "egress.key", {}).value();
    const auto records = std::make_shared<EgressRecords>(ledger_is_sound ? ledger.get() : nullptr,
                                                         egress::Policy{egress::EgressMode::listed, {rule.value()}});
    box.webhooks = WebhookSender::create(box.executor, box.queue.get(), {.connect = {}, .records = records},
                                         "the box's own secret")
                       .value();
    box.webhooks->start();
  }
  net::awaitable<bool> tried(std::size_t times) {
    const bool came = co_await test::eventually([&] {
      const auto pending = box.queue->pending();
      return pending.size() == 1 && pending.front().progress.attempts == times;
    });
    co_return came;
  }
  net::awaitable<egress::Report> stop() {
    co_await box.stop();
    co_await receiver.server().stop(Deadline::in(Millis(0)));
    ledger.reset();
    box.store->call([](store::Connection&) -> Result<int> { return 0; }).get().value();
    store::Connection db = store::Connection::open_read_only(box.folder.path / "hearth.db").value();
    egress::DatabaseRows rows = egress::DatabaseRows::open(db).value();
    co_return egress::report(rows, {}).value();
  }

  Box& box;
  Site receiver;
  std::string url;
  std::unique_ptr<egress::Ledger> ledger;
};

CO_TEST(WebhookSender, TellsWithASignatureUntilItIsHeardAndRecordsWhatItTells) {
  Box box(co_await boost::asio::this_coro::executor);
  Told told(box);
  told.receiver.decide = [](const Seen&) { return 204; };
  const std::string id = co_await box.add("one", told.url);
  const bool heard = co_await test::eventually(
      [&] { return box.queue->find(id, "key_1")->delivery.has_value() && box.queue->pending().empty(); });
  EXPECT_TRUE(heard);
  CO_ASSERT(told.receiver.seen.size() == 1);
  const Seen& seen = told.receiver.seen[0];
  EXPECT_EQ(seen.target, "/hook?x=y");
  EXPECT_EQ(seen.signature, deferred::sign(deferred::webhook_secret("the box's own secret", "key_1"), seen.message,
                                           seen.timestamp, seen.body)
                                .value());
  EXPECT_THAT(seen.body, HasSubstr("deferred.done"));

  // A redirect is no success, and is not followed.
  told.receiver.decide = [](const Seen&) { return 302; };
  const std::string second = co_await box.add("two", told.url);
  const bool tried = co_await told.tried(1);
  EXPECT_TRUE(tried);
  EXPECT_THAT(told.receiver.seen, SizeIs(2));
  const std::size_t bytes = told.receiver.seen[0].body.size() + told.receiver.seen[1].body.size();
  const egress::Report report = co_await told.stop();
  CO_ASSERT(report.rows.size() == 1);
  const egress::ReportRow& row = report.rows[0];
  EXPECT_EQ(row.who, "key_1");
  EXPECT_EQ(row.purpose, egress::Purpose::webhook);
  EXPECT_EQ(row.data_class, DataClass::internal);
  EXPECT_EQ(row.rule, "named: 127.0.0.1");
  EXPECT_EQ("http://" + row.destination + "/hook?x=y", told.url);
  EXPECT_EQ(row.calls, 2U);
  EXPECT_EQ(row.unfinished, 0U);
  EXPECT_EQ(row.sent, bytes);
}

CO_TEST(WebhookSender, SendsNothingThatIsNotRecorded) {
  Box box(co_await boost::asio::this_coro::executor);
  Told told(box, false);
  told.receiver.decide = [](const Seen&) { return 204; };
  co_await box.add("one", told.url);
  const bool tried = co_await told.tried(1);
  EXPECT_TRUE(tried);
  EXPECT_THAT(told.receiver.seen, SizeIs(0));
  const egress::Report report = co_await told.stop();
  EXPECT_EQ(report.calls(), 0U);
}

TEST(WebhookSecret, IsMadeOnceAndKept) {
  const Folder folder;
  const auto made = read_webhook_secret(folder.path / "secret");
  ASSERT_TRUE(made);
  EXPECT_GE(made->size(), 32U);
  EXPECT_EQ(read_webhook_secret(folder.path / "secret").value(), *made);
  EXPECT_EQ(fs::status(folder.path / "secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::resize_file(folder.path / "secret", 5);
  EXPECT_EQ(read_webhook_secret(folder.path / "secret").error().kind(), Errc::corrupt);
}

}  // namespace
}  // namespace hearth::daemon
