// What keeps a provider's prompt cache: a longer conversation begins with the bytes of a shorter one.
#include "conversations.h"

#include <hearth/core/clock.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::trim {
namespace {

namespace json = boost::json;

Settings any_settings(Dialect dialect) {
  Settings settings{.steps = Steps::all(), .smallest = *rc::gen::element<std::size_t>(1, 64, 512), .dialect = dialect};
  for (const Step step : kAllSteps)
    if (*rc::gen::inRange(0, 4) == 0) settings.steps.remove(step);
  return settings;
}

// Up to the bracket that closes the messages.
std::string_view front(const std::string& body) {
  return std::string_view(body).substr(0, body.rfind(']'));
}

RC_GTEST_PROP(StabilityProperty, ALongerConversationBeginsAsAShorterOne, ()) {
  const bool theirs = *rc::gen::arbitrary<bool>();
  const Settings settings = any_settings(theirs ? Dialect::anthropic : Dialect::openai);
  const json::array messages = any_conversation();
  const auto request = theirs ? message_request_of : request_of;
  const auto count = *rc::gen::inRange<std::size_t>(1, messages.size() + 1);
  json::array first(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(count));
  const std::string longer = trimmed(request(messages), settings);
  const std::string shorter = trimmed(request(first), settings);
  const bool nothing_said = theirs && count == 1;  // the system's text is no message there
  RC_ASSERT(nothing_said || longer.starts_with(front(shorter)));
}

RC_GTEST_PROP(StabilityProperty, ItIsJsonAndShorterAndTheRestIsTheSame, ()) {
  const bool theirs = *rc::gen::arbitrary<bool>();
  const json::array messages = any_conversation();
  const std::string body = theirs ? message_request_of(messages) : request_of(messages);
  const Trimmed done = trim(body, any_settings(theirs ? Dialect::anthropic : Dialect::openai));
  if (!done.body) return;
  RC_ASSERT(done.body->size() < body.size());
  RC_ASSERT(body.size() - done.body->size() == done.bytes_saved);
  const json::value before = json::parse(body);
  const json::value after = json::parse(*done.body);
  const json::array& was = before.at("messages").as_array();
  const json::array& is = after.at("messages").as_array();
  RC_ASSERT(was.size() == is.size());
  for (std::size_t i = 0; i < was.size(); ++i) {
    const json::string& role = was[i].at("role").as_string();
    if (role == "system" || role == "assistant") RC_ASSERT(was[i] == is[i]);
  }
}

RC_GTEST_PROP(StabilityProperty, TheSameComesOutEachTime, ()) {
  const std::string body = request_of(any_conversation());
  RC_ASSERT(trimmed(body) == trimmed(body));
}

// A client that sends back what it got trimmed is none, but a gateway before another one does.
RC_GTEST_PROP(StabilityProperty, TwiceIsOnceForWhatSaysTheSame, ()) {
  Settings settings;
  settings.steps.remove(Step::duplicates);  // these refer to what is there, and may do so again
  const std::string once = trimmed(request_of(any_conversation()), settings);
  RC_ASSERT(trimmed(once, settings) == once);
}

RC_GTEST_PROP(StabilityProperty, MessagesAreKnownAgain, ()) {
  const json::array messages = any_conversation();
  const auto longer = trim(request_of(messages), {}).messages;
  json::array first(messages.begin(), messages.begin() + 1);
  const auto shorter = trim(request_of(first), {}).messages;
  if (longer.empty() || shorter.empty()) return;
  RC_ASSERT(longer.size() == messages.size());
  RC_ASSERT(longer[0] == shorter[0]);
}

TEST(StabilityTest, TimeIsLinear) {
  json::array messages;
  std::string hard;
  for (int i = 0; i < 20'000; ++i) hard += i % 2 == 0 ? "{\"a\": [1, \n" : "12:00:01 some words of a line\n";
  for (int i = 0; i < 40; ++i) {
    const json::value part = json::parse(with_result("run", "{}", hard)).at("messages");
    for (const json::value& message : part.as_array()) messages.push_back(message);
  }
  const std::string body = request_of(messages);
  const SteadyTime began = steady_now();
  [[maybe_unused]] const auto done = trim(body, {});
  EXPECT_LT(seconds_between(began, steady_now()), 20.0) << body.size();
}

}  // namespace
}  // namespace hearth::trim
