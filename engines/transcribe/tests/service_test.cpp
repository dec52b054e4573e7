#include "service.h"

#include "transcribe_fixture.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

namespace hearth::transcribe {
namespace {

namespace json = boost::json;

class FakeRequest final : public kit::Request {
 public:
  explicit FakeRequest(std::string body, std::map<std::string, std::string> query = {})
      : body_(std::move(body)), query_(std::move(query)) {}
  [[nodiscard]] std::string_view method() const override { return "POST"; }
  [[nodiscard]] std::string_view path() const override { return "/v1/audio/transcriptions"; }
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const override {
    const auto it = query_.find(std::string(name));
    return it == query_.end() ? std::nullopt : std::optional(it->second);
  }
  [[nodiscard]] std::string_view header(std::string_view) const override { return {}; }
  Result<std::size_t> read(std::span<char> into) override {
    if (at_ >= breaks_at_) return fail(Errc::io_error, "the client has gone");
    const std::size_t n = std::min({into.size(), body_.size() - at_, chunk_});
    std::memcpy(into.data(), body_.data() + at_, n);
    at_ += n;
    return n;
  }
  [[nodiscard]] bool abandoned() override { return abandoned_; }

  std::size_t chunk_ = 1 << 20;
  std::size_t at_ = 0;
  std::size_t breaks_at_ = static_cast<std::size_t>(-1);
  bool abandoned_ = false;

 private:
  std::string body_;
  std::map<std::string, std::string> query_;
};

class FakeResponse final : public kit::Response {
 public:
  void bytes(int status, std::string_view, std::string_view body) override {
    status_ = status;
    body_ = body;
  }
  void start(int status, std::string_view type, std::span<const Header>) override {
    status_ = status;
    type_ = type;
  }
  Result<void> write(std::string_view chunk) override {
    if (gone_) return fail(Errc::io_error, "gone");
    body_ += chunk;
    return {};
  }
  void abort() override { aborted_ = true; }
  [[nodiscard]] bool started() const override { return status_ != 0; }

  [[nodiscard]] std::vector<json::object> events() const {
    std::vector<json::object> found;
    std::size_t at = 0;
    while ((at = body_.find("data: ", at)) != std::string::npos) {
      const std::size_t end = body_.find("\n\n", at);
      found.push_back(json::parse(body_.substr(at + 6, end - at - 6)).as_object());
      at = end;
    }
    return found;
  }

  int status_ = 0;
  std::string type_;
  std::string body_;
  bool aborted_ = false;
  bool gone_ = false;
};

std::string bytes_of(const std::vector<std::int16_t>& samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * 2};
}

TEST(TranscriptionService, StreamsSegmentsThenDone) {
  std::vector<std::int16_t> sound = recording("goforward.raw");
  append(sound, silence(2));
  append(sound, recording("goforward.raw"));
  FakeRequest request(bytes_of(sound), {{"language", "en"}, {"words", "1"}});
  request.chunk_ = 1001;  // odd: samples are split between reads
  FakeResponse response;
  answer_transcription(pool(), request, response);
  EXPECT_EQ(response.status_, 200);
  EXPECT_EQ(response.type_, "text/event-stream");
  const auto events = response.events();
  ASSERT_EQ(events.size(), 3U);
  for (int i = 0; i < 2; ++i) {
    const json::object& e = events[static_cast<std::size_t>(i)];
    EXPECT_EQ(e.at("type").as_string(), "transcript.text.segment");
    EXPECT_EQ(e.at("id").as_int64(), i);
    EXPECT_EQ(e.at("text").as_string(), "Go forward ten meters");
    EXPECT_LE(e.at("avg_logprob").to_number<double>(), 0.0);
    const double nothing = e.at("no_speech_prob").to_number<double>();
    EXPECT_TRUE(nothing >= 0 && nothing <= 1);
    ASSERT_EQ(e.at("words").as_array().size(), 4U);
    EXPECT_EQ(e.at("words").as_array()[1].as_object().at("word").as_string(), "forward");
    EXPECT_EQ(e.at("start"), e.at("words").as_array()[0].as_object().at("start"));
  }
  // The second command is the first one, later by the recording and the pause.
  const double shift = events[1].at("start").to_number<double>() - events[0].at("start").to_number<double>();
  EXPECT_NEAR(shift, static_cast<double>(recording("goforward.raw").size()) / kSampleRate + 2.0, 0.15);
  EXPECT_EQ(events[2].at("type").as_string(), "transcript.text.done");
  EXPECT_EQ(events[2].at("text").as_string(), "Go forward ten meters Go forward ten meters");
  EXPECT_NEAR(events[2].at("duration").to_number<double>(), static_cast<double>(sound.size()) / kSampleRate, 0.001);
  EXPECT_EQ(events[2].at("language").as_string(), "en");
}

TEST(TranscriptionService, SilenceIsDoneWithoutASegment) {
  for (const std::string& body : {std::string(), std::string(1, 'x'), bytes_of(silence(0.01)), bytes_of(silence(5))}) {
    FakeRequest request(body);
    FakeResponse response;
    answer_transcription(pool(), request, response);
    EXPECT_EQ(response.status_, 200);
    const auto events = response.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at("type").as_string(), "transcript.text.done");
    EXPECT_EQ(events[0].at("text").as_string(), "");
  }
}

TEST(TranscriptionService, WordsOnlyWhenAskedFor) {
  FakeRequest request(bytes_of(recording("goforward.raw")));
  FakeResponse response;
  answer_transcription(pool(), request, response);
  EXPECT_FALSE(response.events().at(0).contains("words"));
}

TEST(TranscriptionService, OtherLanguagesNameTheRemedy) {
  for (const char* language : {"de", "zh", "eng", "e", "\xFF"}) {
    FakeRequest request("", {{"language", language}});
    FakeResponse response;
    answer_transcription(pool(), request, response);
    EXPECT_EQ(response.status_, 400);
    const json::object error = json::parse(response.body_).as_object().at("error").as_object();
    EXPECT_EQ(error.at("code").as_string(), "language_not_installed");
    EXPECT_EQ(error.at("param").as_string(), "language");
    EXPECT_NE(std::string(error.at("message").as_string()).find("hearth pull"), std::string::npos);
  }
  for (const char* language : {"", "en", "en-GB", "English"}) {
    FakeRequest request("", {{"language", language}});
    FakeResponse response;
    answer_transcription(pool(), request, response);
    EXPECT_EQ(response.status_, 200) << language;
  }
}

TEST(TranscriptionService, AWrongFlagIsRefused) {
  FakeRequest request("", {{"words", "yes"}});
  FakeResponse response;
  answer_transcription(pool(), request, response);
  EXPECT_EQ(response.status_, 400);
}

TEST(TranscriptionService, AClientWhoLeavesEndsTheWork) {
  std::vector<std::int16_t> sound;
  for (int i = 0; i < 40; ++i) {
    append(sound, recording("goforward.raw"));
    append(sound, silence(1.5));
  }
  FakeRequest left(bytes_of(sound));
  left.chunk_ = 16'000;
  left.abandoned_ = true;
  FakeResponse response;
  answer_transcription(pool(), left, response);
  EXPECT_LT(left.at_, sound.size() / 4);  // it stopped reading, too
  EXPECT_TRUE(response.events().empty());

  FakeRequest writer(bytes_of(sound));
  writer.chunk_ = 16'000;
  FakeResponse closed;
  closed.gone_ = true;
  answer_transcription(pool(), writer, closed);
  EXPECT_LT(writer.at_, sound.size() / 4);
  EXPECT_TRUE(closed.aborted_);

  FakeRequest broken(bytes_of(sound));
  broken.chunk_ = 1000;
  broken.breaks_at_ = 200'000;
  FakeResponse cut;
  answer_transcription(pool(), broken, cut);
  EXPECT_TRUE(cut.aborted_);  // a segment went out, and no done may follow
  for (const auto& e : cut.events()) EXPECT_NE(e.at("type").as_string(), "transcript.text.done");
}

}  // namespace
}  // namespace hearth::transcribe
