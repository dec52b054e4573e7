#include <hearth/dialects/chat_stream.h>
#include <hearth/dialects/retry_after.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace hearth::dialects {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view kDelta = R"({"id":"c","choices":[{"index":0,"delta":{"content":"é 中"}}]})";
constexpr std::string_view kUsage =
    R"({"id":"c","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})";

std::string event(std::string_view data) {
  return encode_sse(data);
}

// Everything at once; its error in angle brackets.
std::string pass(ChatStream& stream, std::string_view bytes, std::size_t step = 1'000'000) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto part = stream.feed(bytes.substr(at, step));
    if (!part) return out + "<" + part.error().message() + ">";
    out += *part;
  }
  const auto ended = stream.end();
  return ended ? out : out + "<" + ended.error().message() + ">";
}

TEST(ChatStream, PassesWholeEventsHoweverTheirBytesCome) {
  const std::string bytes = ": hello\r\n\r\n" + event(kDelta) + "data:" + std::string(kDelta) + "\r\n\r\n" +
                            event(kUsage) + "data: [DONE]\r\r" + event(kDelta);
  const std::string wanted = event(kDelta) + event(kDelta) + std::string(kSseDone);
  for (std::size_t step = 1; step < 40; ++step) {
    ChatStream stream(false);
    std::string out = pass(stream, bytes, step);
    while (out.starts_with(":\n\n")) out.erase(0, 3);
    EXPECT_EQ(out, wanted) << step;
    EXPECT_EQ(stream.usage().input_tokens, 7U);
    EXPECT_EQ(stream.usage().output_tokens, 3U);
  }
}

TEST(ChatStream, WhoAskedWhatItTookIsTold) {
  ChatStream stream(true);
  EXPECT_EQ(pass(stream, event(kDelta) + event(kUsage) + std::string(kSseDone)),
            event(kDelta) + event(kUsage) + std::string(kSseDone));
}

TEST(ChatStream, UsageBesideAChoiceIsPassedOn) {
  const std::string both = R"({"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})";
  ChatStream stream(false);
  EXPECT_EQ(pass(stream, event(both) + std::string(kSseDone)), event(both) + std::string(kSseDone));
  EXPECT_EQ(stream.usage().output_tokens, 2U);
}

TEST(ChatStream, ACutStreamIsNoWholeOne) {
  ChatStream stream(false);
  EXPECT_THAT(pass(stream, event(kDelta)), HasSubstr("<the answer broke off before its end>"));
  ChatStream empty(false);
  EXPECT_FALSE(empty.end());
}

TEST(ChatStream, ErrorsInTheStreamAreErrors) {
  ChatStream told(false);
  EXPECT_EQ(pass(told, event(R"({"error":{"message":"overloaded","code":503}})")), "<overloaded>");
  ChatStream word(false);
  EXPECT_EQ(pass(word, event(R"({"error":"full"})")), "<\"full\">");
  ChatStream malformed(false);
  EXPECT_EQ(pass(malformed, event(R"({"choices":[{"delta":)")), "<a part of the stream is not JSON>");
  ChatStream html(false);
  EXPECT_EQ(pass(html, event("<html>")), "<a part of the stream is not JSON>");
}

TEST(ChatStream, SignsOfLifeStayThem) {
  ChatStream stream(false);
  EXPECT_EQ(stream.feed(": OPENROUTER PROCESSING\n\n").value(), "") << "nothing has begun that could be kept alive";
  EXPECT_EQ(stream.feed(event(kDelta)).value(), event(kDelta));
  EXPECT_EQ(stream.feed(": OPENROUTER PROCESSING\n\n").value(), ":\n\n");
}

TEST(ChatStream, OneThatSaysNothingIsNoAnswer) {
  ChatStream stream(false);
  EXPECT_EQ(pass(stream, event(kUsage) + std::string(kSseDone)), "<the answer says nothing>");
}

std::string fault_in(std::string_view answer) {
  const auto usage = check_answer(JsonBody::copy_of(answer));
  return usage ? std::string() : usage.error().message();
}

TEST(CheckAnswer, FindsTheErrorDespiteItsStatus) {
  EXPECT_EQ(fault_in(R"({"error":{"message":"no credit"}})"), "no credit");
  EXPECT_EQ(fault_in(R"({"error":{}})"), "the server answered with an error");
  EXPECT_EQ(fault_in(R"({"choices":[{"message":{}}],"error":null})"), "");
  EXPECT_EQ(fault_in(R"({"choices":[{"message":{}}]})"), "");
  for (const char* nothing : {"{}", R"({"choices":[]})", R"({"choices":null})"})
    EXPECT_EQ(fault_in(nothing), "the server's answer says nothing") << nothing;
  EXPECT_EQ(fault_in(R"({"choices":[)"), "the server's answer cannot be read");
}

TEST(CheckAnswer, ReadsWhatItTook) {
  const auto usage_of = [](std::string_view rest) {
    return check_answer(JsonBody(R"({"choices":[{}],)" + std::string(rest) + "}")).value();
  };
  EXPECT_EQ(usage_of(R"("usage":{"completion_tokens":4,"prompt_tokens":42})"), (Usage{42, 4}));
  EXPECT_EQ(usage_of(R"("timings":{"prompt_n":2,"predicted_n":4})"), (Usage{2, 4}));
  for (const char* nothing : {R"("usage":7)", R"("timings":"slow")", R"("usage":{"prompt_tokens":[1]})",
                              R"("usage":{"prompt_tokens":1e999})", R"("usage":{"prompt_tokens":1,"prompt_tokens":2})"})
    EXPECT_EQ(usage_of(nothing), Usage()) << nothing;
}

TEST(AskForUsage, AddsOneField) {
  EXPECT_EQ(ask_for_usage("{\"model\":\"m\",\"seed\":1.0}\n"),
            R"({"model":"m","seed":1.0,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(ask_for_usage(R"({"stream_options":{ "include_usage":false,"include_obfuscation":true },"model":"m"})"),
            R"({"stream_options":{"include_usage":true,"include_obfuscation":true},"model":"m"})");
}

RequestFacts facts_of(std::string body) {
  return with_facts({}, JsonBody(std::move(body))).head.facts;
}

TEST(RequestFacts, OpeningsTellConversationsApart) {
  const auto read = [](std::string messages) {
    return facts_of(R"({"model":"m","messages":[)" + std::move(messages) + "]}").conversation;
  };
  const std::string system = R"({"role":"system","content":"be brief"})";
  const std::string hello = R"({"role":"user","content":"hello"})";
  const std::string call = R"({"role":"assistant","tool_calls":[{"id":"1"}]})";
  const std::string result = R"({"role":"tool","tool_call_id":"1","content":"4"})";
  const Conversation first = read(system + "," + hello);
  EXPECT_EQ(read(system + "," + hello + "," + call + "," + result).opening, first.opening);
  EXPECT_NE(read(hello).opening, first.opening);
  EXPECT_NE(read(system + R"(,{"role":"user","content":"hullo"})").opening, first.opening);
  EXPECT_FALSE(first.after_tool);
  EXPECT_TRUE(read(system + "," + hello + "," + call + "," + result).after_tool);
  EXPECT_FALSE(read(hello + "," + call + "," + result + "," + hello).after_tool);
}

TEST(RequestFacts, ToolsAreAFieldOfTheRequest) {
  EXPECT_TRUE(facts_of(R"({"tools":[],"messages":[{}]})").tools);
  EXPECT_FALSE(facts_of(R"({"tools":null,"messages":[{"tools":[1],"content":"say \"tools\""}]})").tools);
}

TEST(RequestFacts, HoldWhatBoundsAnAnswer) {
  const AnswerBounds none = facts_of(R"({"messages":[{}]})").bounds;
  EXPECT_EQ(none.max_output, std::nullopt);
  EXPECT_EQ(none.choices, 1U);
  const AnswerBounds some =
      facts_of(
          R"({"max_tokens":10,"max_completion_tokens":20,"n":3,"m":[{"image_url":{"url":"data:image/png;base64,AAAA"}}]})")
          .bounds;
  EXPECT_EQ(some.max_output, 20U);
  EXPECT_EQ(some.choices, 3U);
  EXPECT_EQ(some.images, 1U);
  EXPECT_EQ(some.picture_bytes, 27U);
  EXPECT_EQ(facts_of(R"({"max_tokens":null,"n":"2"})").bounds.choices, 1U);
}

TEST(RequestFacts, AreTheSameWhereverTheyAreRead) {
  const std::string body =
      R"({"model":"m","n":2,"messages":[{"role":"user","content":"a"},{"role":"tool","content":"b"}],"tools":[{}],"max_tokens":7})";
  const RequestFacts facts = facts_of(body);
  const auto head = decode_chat_head(JsonBody(body));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->facts.conversation.opening, facts.conversation.opening);
  EXPECT_TRUE(head->facts.conversation.after_tool);
  EXPECT_EQ(head->facts.bounds.max_output, 7U);
  EXPECT_EQ(head->facts.bounds.choices, 2U);
  EXPECT_TRUE(head->facts.tools);
}

TEST(RetryAfter, IsReadInEachForm) {
  const WallTime now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(read_retry_after("", "2", now), 2000ms);
  EXPECT_EQ(read_retry_after("", " 0.25 ", now), 250ms);
  EXPECT_EQ(read_retry_after("12.5", "9", now), 12ms);
  EXPECT_EQ(read_retry_after("", "Sun, 06 Nov 1994 08:50:07 GMT", now), 30'000ms);
  EXPECT_EQ(read_retry_after("", "Sun, 06 Nov 1994 08:49:07 GMT", now), 0ms);
  EXPECT_EQ(read_retry_after("", "99999999999", now), 24h);
  for (const std::string_view wrong : {"", "soon", "-1", "1e3", "inf", "nan", "2 s", "Sun, 06 Nov 1994 08:50:07 CET"})
    EXPECT_EQ(read_retry_after("", wrong, now), std::nullopt) << wrong;
  EXPECT_EQ(read_retry_after("soon", "3", now), 3000ms);
}

}  // namespace
}  // namespace hearth::dialects
