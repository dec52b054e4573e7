#include "service.h"

#include "speech_fixture.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

namespace hearth::speech {
namespace {

namespace json = boost::json;

class FakeRequest final : public kit::Request {
 public:
  explicit FakeRequest(std::string body) : body_(std::move(body)) {}
  [[nodiscard]] std::string_view method() const override { return "POST"; }
  [[nodiscard]] std::string_view path() const override { return "/v1/audio/speech"; }
  [[nodiscard]] std::optional<std::string> query(std::string_view) const override { return std::nullopt; }
  [[nodiscard]] std::string_view header(std::string_view) const override { return {}; }
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t n = std::min(into.size(), body_.size() - at_);
    std::memcpy(into.data(), body_.data() + at_, n);
    at_ += n;
    return n;
  }
  [[nodiscard]] bool abandoned() override { return --patience_ < 0; }
  void leave_after(int questions) { patience_ = questions; }

 private:
  std::string body_;
  std::size_t at_ = 0;
  int patience_ = 1 << 30;
};

class FakeResponse final : public kit::Response {
 public:
  void bytes(int status, std::string_view type, std::string_view body) override {
    status_ = status;
    type_ = type;
    body_ = body;
  }
  void start(int status, std::string_view type, std::span<const Header>) override {
    status_ = status;
    type_ = type;
  }
  Result<void> write(std::string_view chunk) override {
    ++writes_;
    if (writes_ > writable_) return fail(Errc::io_error, "gone");
    body_ += chunk;
    return {};
  }
  void abort() override { aborted_ = true; }
  [[nodiscard]] bool started() const override { return status_ != 0; }

  int status_ = 0;
  std::string type_;
  std::string body_;
  int writes_ = 0;
  int writable_ = 1 << 30;
  bool aborted_ = false;
};

FakeResponse say(const std::string& body) {
  FakeRequest request(body);
  FakeResponse response;
  answer_speech(synthesizer(), request, response);
  return response;
}

TEST(SpeechService, StreamsPcm) {
  const FakeResponse r =
      say(R"({"model":"tts-1","input":"Hello there, how are you today?","voice":"nova","response_format":"mp3"})");
  EXPECT_EQ(r.status_, 200);
  EXPECT_EQ(r.type_, "audio/pcm;rate=22050");
  EXPECT_GT(r.writes_, 10);
  EXPECT_GT(r.body_.size(), 40'000U);
  EXPECT_EQ(r.body_.size() % 2, 0U);
  EXPECT_FALSE(r.aborted_);
}

struct Wrong {
  const char* body;
  const char* param;
};

TEST(SpeechService, WrongRequestsNameTheField) {
  for (const auto& [body, param] :
       {Wrong{"", ""}, Wrong{"[]", ""}, Wrong{"{", ""}, Wrong{"{\"input\":\"\xFF\"}", ""}, Wrong{R"({})", "input"},
        Wrong{R"({"input":5})", "input"}, Wrong{R"({"input":""})", "input"}, Wrong{R"({"input":"  "})", "input"},
        Wrong{R"({"input":"a\u0000b"})", "input"}, Wrong{R"({"input":"\ud83d\ude00"})", "input"},
        Wrong{R"({"input":"a","voice":"zorg"})", "voice"}, Wrong{R"({"input":"a","voice":7})", "voice"},
        Wrong{R"({"input":"a","voice":{"name":"x"}})", "voice"}, Wrong{R"({"input":"a","speed":0.2})", "speed"},
        Wrong{R"({"input":"a","speed":"fast"})", "speed"}, Wrong{R"({"input":"a","speed":4.01})", "speed"},
        Wrong{R"({"input":"a","language":"xx"})", "language"}, Wrong{R"({"input":"a","language":[]})", "language"}}) {
    const FakeResponse r = say(body);
    EXPECT_EQ(r.status_, 400) << body;
    const json::object error = json::parse(r.body_).as_object().at("error").as_object();
    for (const char* key : {"message", "type", "param", "code"}) EXPECT_TRUE(error.contains(key)) << body;
    EXPECT_EQ(error.at("param").is_null() ? "" : error.at("param").as_string(), param) << body << r.body_;
  }
}

TEST(SpeechService, TheLimitIsInCharacters) {
  std::string text;
  for (int i = 0; i < 100'001; ++i) text += "你";
  EXPECT_EQ(parse_speech_request(R"({"input":")" + text + R"("})").error().param, "input");
  text.resize(text.size() - 3);
  EXPECT_TRUE(parse_speech_request(R"({"input":")" + text + R"("})").has_value());
  EXPECT_EQ(say(std::string(3 << 20, ' ')).status_, 413);
}

TEST(SpeechService, NullAndUnknownFieldsCountAsAbsent) {
  const auto r =
      parse_speech_request(R"({"input":"a","voice":null,"speed":null,"language":null,"instructions":"x","zorg":[1]})");
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->speed, 1.0);
  EXPECT_EQ(parse_speech_request(R"({"input":"a","voice":{"id":"nova"},"speed":2})").value().voice, "nova");
}

TEST(SpeechService, AListenerWhoLeavesEndsTheWork) {
  const std::string body = R"({"input":")" + std::string(90'000, 'a') + R"("})";
  FakeRequest request(body);
  request.leave_after(4);
  FakeResponse response;
  answer_speech(synthesizer(), request, response);
  EXPECT_EQ(response.writes_, 4);
  EXPECT_TRUE(response.aborted_);

  FakeRequest again(body);
  FakeResponse broken;
  broken.writable_ = 2;
  answer_speech(synthesizer(), again, broken);
  EXPECT_EQ(broken.writes_, 3);
  EXPECT_TRUE(broken.aborted_);
}

TEST(SpeechService, TheCheckHearsItself) {
  FakeRequest request(R"({"input":"Ready.","voice":"alloy"})");
  FakeResponse response;
  answer_check(synthesizer(), request, response);
  EXPECT_EQ(response.status_, 200);
  EXPECT_NE(response.body_.find(R"("audible":true)"), std::string::npos) << response.body_;
}

TEST(SpeechService, VoicesAreListed) {
  FakeRequest request("");
  FakeResponse response;
  answer_voices(synthesizer(), request, response);
  const json::object list = json::parse(response.body_).as_object();
  EXPECT_EQ(list.at("object").as_string(), "list");
  for (const json::value& v : list.at("data").as_array())
    for (const char* key : {"id", "name", "language", "gender"}) EXPECT_TRUE(v.as_object().at(key).is_string());
}

}  // namespace
}  // namespace hearth::speech
