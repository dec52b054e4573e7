#include <hearth/dialects/responses_upstream.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

Decoded<ResponsesHead> head_of(std::string_view text) {
  return decode_responses_head(JsonBody::copy_of(text));
}

TEST(ResponsesHead, what_decides_who_answers) {
  const auto head = head_of(
      R"({"input":[{"role":"developer","content":"a"},{"role":"user","content":"b"},)"
      R"({"type":"computer_call_output","output":{"image_url":"data:image/png;base64,AAAA"}}],"next_month":[1e400],)"
      R"("tools":[{"type":"web_search"}],"max_output_tokens":7,"model":"x/y","stream":true,"store":false})");
  ASSERT_TRUE(head.has_value()) << head.error().message;
  EXPECT_EQ(head->forward.model, "x/y");
  EXPECT_TRUE(head->forward.stream);
  EXPECT_FALSE(head->stored);
  EXPECT_TRUE(head->forward.facts.tools);
  EXPECT_TRUE(head->forward.facts.conversation.after_tool);
  EXPECT_EQ(head->forward.facts.bounds.max_output, 7);
  EXPECT_EQ(head->forward.facts.bounds.images, 1);
  EXPECT_GT(head->forward.facts.bounds.picture_bytes, 20);
  EXPECT_TRUE(head->kept.empty());
}

TEST(ResponsesHead, where_the_model_stands) {
  const std::string text = R"({ "input" : "hi", "model" :  "a\"b" , "x":0 })";
  const auto head = head_of(text);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(splice_string(text, head->forward.model_at, "there").join(),
            R"({ "input" : "hi", "model" :  "there" , "x":0 })");
  EXPECT_TRUE(head->stored) << "OpenAI keeps answers unless told not to";
}

TEST(ResponsesHead, what_it_goes_on_from) {
  EXPECT_EQ(head_of(R"({"model":"m","previous_response_id":"resp_1"})")->kept, "resp_1");
  EXPECT_EQ(head_of(R"({"model":"m","previous_response_id":null})")->kept, "");
  EXPECT_EQ(head_of(R"({"model":"m","conversation":"conv_1"})")->kept, "conv_1");
  const auto object = head_of(R"({"model":"m","conversation":{"id":"conv_2"}})");
  EXPECT_EQ(object->kept, "conv_2");
  EXPECT_EQ(object->kept_in, "conversation");
  for (const std::string_view both : {R"({"model":"m","conversation":"c","previous_response_id":"r"})",
                                      R"({"model":"m","previous_response_id":"r","conversation":"c"})"})
    EXPECT_EQ(head_of(both)->kept, "r") << both;
}

TEST(ResponsesHead, a_conversation_is_known_by_how_it_begins) {
  const auto opening = [](std::string_view input) {
    return head_of(R"({"model":"m","instructions":"i","input":)" + std::string(input) + "}")
        ->forward.facts.conversation.opening;
  };
  const auto first = opening(R"([{"role":"user","content":"a"}])");
  EXPECT_EQ(first, opening(R"([{"role":"user","content":"a"},{"type":"reasoning","encrypted_content":"x"},5])"));
  EXPECT_NE(first, opening(R"([{"role":"user","content":"b"}])"));
  EXPECT_EQ(opening(R"("a")"), opening(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"}])"));
}

TEST(ResponsesHead, what_nobody_can_be_asked_for) {
  EXPECT_EQ(head_of(R"({"input":"a"})").error().param, "model");
  EXPECT_EQ(head_of(R"({"model":"m","background":true})").error().code, "unsupported_value");
  EXPECT_TRUE(head_of(R"({"model":"m","background":false})").has_value());
  EXPECT_FALSE(head_of(R"({"model":"m","input":"a)").has_value());
}

json::value usage_of(std::uint64_t input, std::uint64_t cached, std::uint64_t output, std::uint64_t reasoning) {
  return json::object{{"input_tokens", input},
                      {"input_tokens_details", json::object{{"cached_tokens", cached}}},
                      {"output_tokens", output},
                      {"output_tokens_details", json::object{{"reasoning_tokens", reasoning}}},
                      {"total_tokens", input + output}};
}

json::object response_of(std::string_view status, json::value usage = nullptr, json::value error = nullptr) {
  return {{"id", "resp_7"}, {"object", "response"},    {"status", status},
          {"error", error}, {"output", json::array()}, {"usage", std::move(usage)}};
}

Result<CheckedResponse> checked(const json::value& answer) {
  return check_response_answer(JsonBody::copy_of(json::serialize(answer)));
}

TEST(ResponsesAnswer, what_it_took_and_how_it_is_called) {
  const auto answer = checked(response_of("completed", usage_of(100, 40, 30, 20)));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->id, "resp_7");
  EXPECT_EQ(answer->usage,
            (Usage{.input_tokens = 100, .output_tokens = 30, .cached_tokens = 40, .reasoning_tokens = 20}));
  EXPECT_TRUE(checked(response_of("incomplete")).has_value());
}

TEST(ResponsesAnswer, one_that_failed_is_none) {
  const json::value error = json::object{{"code", "server_error"}, {"message", "Why."}};
  const auto failed = checked(response_of("failed", nullptr, error));
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().is(Errc::unavailable));
  EXPECT_EQ(failed.error().message(), "Why.");
  for (const std::string_view status : {"failed", "cancelled", "queued", "in_progress"})
    EXPECT_FALSE(checked(response_of(status)).has_value()) << status;
  EXPECT_FALSE(checked(json::object{{"error", json::object{{"message", "no"}}}}).has_value());
  EXPECT_FALSE(checked(json::object()).has_value());
  EXPECT_FALSE(check_response_answer(JsonBody::copy_of("{\"output\":[")).has_value());
}

TEST(ResponsesAnswer, whose_counts_cannot_be_read_is_an_answer) {
  const auto answer = check_response_answer(
      JsonBody::copy_of(R"({"id":"r","output":[],"usage":{"input_tokens":1,"input_tokens":2,"output_tokens":"x"}})"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->usage, Usage());
}

std::string event(std::string_view type, json::object more, int number) {
  more["type"] = type;
  more["sequence_number"] = number;
  return encode_sse(json::serialize(more), type);
}

// A stream of any length with the usual beginning.
struct Stream {
  std::string before;  // the answer begins
  std::string answer;
  std::string last;
  Usage usage;
};

Stream any_stream() {
  Stream made;
  int n = 0;
  made.before = event("response.created", {{"response", response_of("in_progress")}}, n++);
  made.before += event("response.in_progress", {{"response", response_of("in_progress")}}, n++);
  made.answer = event("response.output_item.added", {{"item", json::object{{"id", "msg_1"}}}}, n++);
  const auto texts = *rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>());
  for (const std::string& text : texts) {
    std::string shown;
    for (const char c : text) shown += static_cast<char>(' ' + static_cast<unsigned char>(c) % 94);
    made.answer += event("response.output_text.delta", {{"item_id", "msg_1"}, {"delta", "ä" + shown}}, n++);
  }
  const auto input = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const auto output = *rc::gen::inRange<std::uint64_t>(1, 1000);
  made.usage = {.input_tokens = input,
                .output_tokens = output,
                .cached_tokens = *rc::gen::inRange<std::uint64_t>(0, input),
                .reasoning_tokens = *rc::gen::inRange<std::uint64_t>(0, output)};
  const std::string_view end = *rc::gen::element<std::string_view>("completed", "incomplete");
  const json::value usage = usage_of(input, made.usage.cached_tokens, output, made.usage.reasoning_tokens);
  made.last = event("response." + std::string(end), {{"response", response_of(end, usage)}}, n);
  return made;
}

RC_GTEST_PROP(CheckedResponseStream, passes_on_what_came_however_it_is_cut, ()) {
  const Stream made = any_stream();
  const std::string bytes = made.before + made.answer + made.last;
  CheckedResponseStream stream;
  std::string passed;
  for (std::string_view left = bytes; !left.empty();) {
    const auto n = std::min(*rc::gen::inRange<std::size_t>(1, 80), left.size());
    const auto part = stream.feed(left.substr(0, n));
    RC_ASSERT(part.has_value());
    passed += *part;
    left.remove_prefix(n);
    RC_ASSERT(bytes.size() - left.size() > made.before.size() || passed.empty());
    RC_ASSERT(stream.end().has_value() == left.empty());
  }
  RC_ASSERT(passed == bytes);
  RC_ASSERT(stream.usage() == made.usage);
  RC_ASSERT(stream.id() == "resp_7");
}

class CheckedResponseEvents : public testing::Test {
 protected:
  std::string created = event("response.created", {{"response", response_of("in_progress")}}, 0);
  std::string begun = event("response.output_item.added", {{"item", json::object()}}, 1);
  std::string completed = event("response.completed", {{"response", response_of("completed")}}, 2);
  CheckedResponseStream stream;
};

TEST_F(CheckedResponseEvents, an_error_is_told_in_its_words) {
  const std::string error = event("error", {{"code", "server_error"}, {"message", "Overloaded."}}, 1);
  const auto fed = stream.feed(created + error);
  ASSERT_FALSE(fed.has_value());
  EXPECT_TRUE(fed.error().is(Errc::unavailable));
  EXPECT_EQ(fed.error().message(), "Overloaded.");
  CheckedResponseStream nested;
  EXPECT_EQ(nested
                .feed(R"(data: {"type":"error","error":{"message":"In it."}})"
                      "\n\n")
                .error()
                .message(),
            "In it.");
  CheckedResponseStream bare;
  EXPECT_EQ(bare.feed(R"(data: {"error":{"message":"Bare."}})"
                      "\n\n")
                .error()
                .message(),
            "Bare.");
}

TEST_F(CheckedResponseEvents, failure_before_the_answer_is_no_part_of_one) {
  const json::value error = json::object{{"code", "server_error"}, {"message", "Why."}};
  const std::string failed = event("response.failed", {{"response", response_of("failed", nullptr, error)}}, 2);
  EXPECT_EQ(stream.feed(created).value(), "");
  EXPECT_EQ(stream.feed(failed).error().message(), "Why.");
  CheckedResponseStream later;
  EXPECT_EQ(later.feed(created + begun + failed).value(), created + begun + failed) << "its code is for the client";
  ASSERT_FALSE(later.end().has_value());
  EXPECT_EQ(later.end().error().message(), "Why.");
}

TEST_F(CheckedResponseEvents, nothing_follows_the_end) {
  EXPECT_EQ(stream.feed(created + begun + completed + "data: [DONE]\n\n" + begun + "data: {\n\n").value(),
            created + begun + completed);
  EXPECT_TRUE(stream.end().has_value());
}

TEST_F(CheckedResponseEvents, signs_of_life_count_once_the_answer_has_begun) {
  const std::string alive = event("keepalive", {}, 1);
  EXPECT_EQ(stream.feed(alive + created + alive + ": hello\n\n").value(), "");
  EXPECT_EQ(stream.feed(begun).value(), created + begun);
  EXPECT_EQ(stream.feed(": hello\n\n").value(), ":\n\n");
  EXPECT_EQ(stream.feed(alive).value(), alive);
}

TEST_F(CheckedResponseEvents, not_more_than_the_beginning_is_kept_back) {
  const std::string working = event("response.in_progress", {{"response", response_of("in_progress")}}, 1);
  EXPECT_EQ(stream.feed(created + working + working).value(), "");
  EXPECT_EQ(stream.feed(working).value(), created + working + working + working);
}

TEST_F(CheckedResponseEvents, what_cannot_be_read_ends_it) {
  EXPECT_TRUE(stream.feed("data: {\"type\":\n\n").error().is(Errc::protocol_error));
  CheckedResponseStream untyped;
  EXPECT_TRUE(untyped.feed("data: {}\n\n").error().is(Errc::protocol_error));
}

}  // namespace
}  // namespace hearth::dialects
