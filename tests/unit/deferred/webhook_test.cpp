#include <hearth/deferred/webhook.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::deferred {
namespace {

constexpr WallTime kNow{Seconds(1'795'000'000)};

// The example that implementations of the specification test themselves with.
TEST(Webhook, TheSignatureIsTheSpecifications) {
  EXPECT_EQ(sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                 R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, EachKeyHasASecretOfItsOwn) {
  const std::string box(32, 'x');
  EXPECT_EQ(webhook_secret(box, "key_1"), webhook_secret(box, "key_1"));
  EXPECT_NE(webhook_secret(box, "key_1"), webhook_secret(box, "key_2"));
  EXPECT_NE(webhook_secret(box, "key_1"), webhook_secret(std::string(32, 'y'), "key_1"));
  EXPECT_TRUE(sign(webhook_secret(box, "key_1"), "msg_1", 1, ""));
  EXPECT_FALSE(sign("whsec_c2hvcnQ=", "msg_1", 1, ""));
  EXPECT_FALSE(sign("secret", "msg_1", 1, ""));
}

RC_GTEST_PROP(Webhook, ADeliveryIsTriedForDaysAndThenNoMore, ()) {
  DeliveryProgress progress{DeliveryStatus::pending, 0, kNow};
  WallTime now = kNow;
  int tries = 0;
  while (progress.status == DeliveryStatus::pending) {
    RC_ASSERT(is_due(progress, progress.due));
    now = std::max(now, progress.due);
    const DeliveryProgress before = progress;
    progress = delivery_tried(progress, *rc::gen::element(0, 301, 404, 429, 500, 503),
                              *rc::gen::element(std::optional<Millis>(), std::optional(Millis(60'000))), now,
                              *rc::gen::inRange(0, 101) / 100.0);
    RC_ASSERT(progress.attempts == before.attempts + 1);
    RC_ASSERT(++tries <= 10);
    if (progress.status == DeliveryStatus::pending) {
      RC_ASSERT(progress.due > now);
      RC_ASSERT(!is_due(progress, now));
    }
  }
  RC_ASSERT(progress.status == DeliveryStatus::given_up);
  RC_ASSERT(tries == 10);
  RC_ASSERT(now - kNow >= std::chrono::hours(75));
  RC_ASSERT(now - kNow <= std::chrono::hours(75 + 12));
  RC_ASSERT(delivery_tried(progress, 200, {}, now, 0) == progress);
}

TEST(Webhook, WhatAReceiverSays) {
  const DeliveryProgress first{DeliveryStatus::pending, 0, kNow};
  EXPECT_EQ(delivery_tried(first, 204, {}, kNow, 0).status, DeliveryStatus::delivered);
  EXPECT_EQ(delivery_tried(first, 410, {}, kNow, 0).status, DeliveryStatus::given_up);
  EXPECT_EQ(delivery_tried(first, 503, Millis(600'000), kNow, 0).due, kNow + Seconds(600));
  EXPECT_EQ(delivery_tried(first, 503, std::chrono::hours(9000), kNow, 0).due, kNow + std::chrono::hours(24));
}

TEST(Webhook, AClockThatWasSetBackDoesNotHoldItBack) {
  const DeliveryProgress far{DeliveryStatus::pending, 1, kNow + std::chrono::hours(24 * 365)};
  EXPECT_TRUE(is_due(far, kNow));
}

TEST(Webhook, OnlyWhereTheConfigurationSays) {
  const std::vector<std::string> allowed{"https://ops.example/hooks", "http://127.0.0.1:9000"};
  for (const char* url :
       {"https://ops.example/hooks", "https://ops.example/hooks/a?b=c", "https://OPS.example:443/hooks/a",
        "http://127.0.0.1:9000/", "http://127.0.0.1:9000/any/thing"})
    EXPECT_TRUE(check_webhook(url, allowed)) << url;
  for (const char* url :
       {"https://ops.example/", "https://ops.example/hooksters", "http://ops.example/hooks",
        "https://ops.example:8443/hooks", "https://ops.example.evil/hooks", "https://ops.example/hooks/../admin",
        "https://ops.example/hooks/%2e%2e/admin", "http://127.0.0.1/", "http://127.0.0.1:90/"})
    EXPECT_EQ(check_webhook(url, allowed).error().kind(), Errc::permission_denied) << url;
  for (const char* url :
       {"", "ops.example/hooks", "ftp://ops.example/hooks", "https://user@ops.example/hooks", "https:///hooks",
        "https://ops.example/hooks#x", "file:///etc/passwd", "https://ops.example/\r\nx"})
    EXPECT_EQ(check_webhook(url, allowed).error().kind(), Errc::invalid_argument) << url;
  EXPECT_FALSE(check_webhook("https://ops.example/hooks", {}));
}

}  // namespace
}  // namespace hearth::deferred
