#include "service.h"

#include "support/fake_recogniser.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <cstring>
#include <map>

namespace hearth::whisper {
namespace {

namespace json = boost::json;
using testing::FakeRecogniser;

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
  // Somebody hangs up after this has been asked so often.
  [[nodiscard]] bool abandoned() override { return asked_++ >= leaves_after_; }

  std::size_t chunk_ = 1 << 20;
  std::size_t at_ = 0;
  std::size_t breaks_at_ = static_cast<std::size_t>(-1);
  int asked_ = 0;
  int leaves_after_ = 1 << 30;

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
  [[nodiscard]] json::object error() const { return json::parse(body_).as_object().at("error").as_object(); }

  int status_ = 0;
  std::string type_;
  std::string body_;
  bool aborted_ = false;
  bool gone_ = false;
};

// s16le; loud for so many seconds, or silent.
std::string sound(double seconds, bool loud) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * kSampleRate));
  if (loud)
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = i % 2 == 0 ? 16'000 : -16'000;
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * 2};
}

class WhisperService : public ::testing::Test {
 protected:
  WhisperService()
      : pool_(
            [this]() -> Result<std::unique_ptr<Recogniser>> {
              auto made = std::make_unique<FakeRecogniser>();
              fake_ = made.get();
              if (prepare_) prepare_(*fake_);
              return made;
            },
            2) {}

  FakeResponse ask(FakeRequest& request) {
    FakeResponse response;
    answer_transcription(service_, request, response);
    return response;
  }
  FakeResponse ask(const std::string& body, std::map<std::string, std::string> query = {}) {
    FakeRequest request(body, std::move(query));
    return ask(request);
  }

  Pool pool_;
  FakeRecogniser* fake_ = nullptr;
  std::function<void(FakeRecogniser&)> prepare_;
  Service service_{pool_, {"whisper-test", true, {{"en", "english"}, {"de", "german"}, {"fr", "french"}}}, 4};
};

TEST_F(WhisperService, StreamsSegmentsThenDone) {
  FakeRequest request(sound(1, false) + sound(2, true) + sound(5, false) + sound(3, true), {{"words", "1"}});
  request.chunk_ = 1001;  // odd: samples are split between reads
  const FakeResponse response = ask(request);
  EXPECT_EQ(response.status_, 200);
  EXPECT_EQ(response.type_, "text/event-stream");
  const auto events = response.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].at("type").as_string(), "transcript.text.segment");
  EXPECT_EQ(events[0].at("id").as_int64(), 0);
  EXPECT_EQ(events[0].at("text").as_string(), "w0 w1 w2");
  EXPECT_NEAR(events[0].at("start").to_number<double>(), 1 - 0.256, 0.07);
  EXPECT_NEAR(events[0].at("end").to_number<double>(), 3 + 0.256, 0.07);
  EXPECT_DOUBLE_EQ(events[0].at("avg_logprob").to_number<double>(), -0.25);
  EXPECT_LT(events[0].at("no_speech_prob").to_number<double>(), 0.4);
  const json::object word = events[0].at("words").as_array().at(1).as_object();
  EXPECT_EQ(word.at("word").as_string(), "w1");
  EXPECT_NEAR(word.at("start").to_number<double>(), 1 - 0.256 + 1.1, 0.07);
  EXPECT_DOUBLE_EQ(word.at("probability").to_number<double>(), 0.75);
  EXPECT_NEAR(events[1].at("start").to_number<double>(), 8 - 0.256, 0.07);
  EXPECT_LE(events[1].at("end").to_number<double>(), 11.0);
  EXPECT_EQ(events[2].at("type").as_string(), "transcript.text.done");
  EXPECT_EQ(events[2].at("text").as_string(), "w0 w1 w2 w3 w4 w5 w6");
  EXPECT_DOUBLE_EQ(events[2].at("duration").to_number<double>(), 11);
  EXPECT_EQ(events[2].at("language").as_string(), "fr");
}

TEST_F(WhisperService, WhatIsSaidComesWhileSoundStillArrives) {
  // Each window is written as soon as it is complete: a request that breaks off later has had the first ones.
  FakeRequest request(sound(2, true) + sound(5, false) + sound(2, true));
  request.chunk_ = 32'000;
  request.breaks_at_ = 7 * 32'000;
  const FakeResponse response = ask(request);
  ASSERT_EQ(response.events().size(), 1U);
  EXPECT_EQ(response.events()[0].at("text").as_string(), "w0 w1 w2");
  EXPECT_TRUE(response.aborted_);
}

TEST_F(WhisperService, SilenceIsDoneWithoutASegment) {
  for (const std::string& body : {std::string(), std::string(1, 'x'), sound(0.01, true), sound(40, false)}) {
    const FakeResponse response = ask(body);
    EXPECT_EQ(response.status_, 200);
    ASSERT_EQ(response.events().size(), 1U);
    EXPECT_EQ(response.events()[0].at("text").as_string(), "");
    EXPECT_TRUE(fake_->asked.empty());
  }
}

TEST_F(WhisperService, AnHourIsHeardInWindowsTheModelCanHold) {
  const FakeResponse response = ask(sound(120, true));
  EXPECT_GE(fake_->asked.size(), 4U);
  std::size_t heard = 0;
  for (const auto& a : fake_->asked) {
    EXPECT_LE(a.samples, kWindowLimit * kSampleRate);
    heard += a.samples;
  }
  EXPECT_NEAR(static_cast<double>(heard), 120 * kSampleRate, kChunk);
  EXPECT_FALSE(response.aborted_);
}

TEST_F(WhisperService, TheJobSaysWhatWasAskedFor) {
  ask(sound(2, true) + sound(5, false) + sound(2, true),
      {{"task", "translate"}, {"language", "de-AT"}, {"prompt", "Hörsching"}, {"temperature", "0.4"}});
  ASSERT_EQ(fake_->asked.size(), 2U);
  EXPECT_EQ(fake_->asked[0].task, Task::translate);
  EXPECT_EQ(fake_->asked[0].language, "de");
  EXPECT_EQ(fake_->asked[0].prompt, "Hörsching");
  EXPECT_DOUBLE_EQ(fake_->asked[0].temperature, 0.4);
  EXPECT_EQ(fake_->asked[0].threads, 4);
  EXPECT_TRUE(fake_->asked[0].forget);
  EXPECT_FALSE(fake_->asked[1].forget);
}

TEST_F(WhisperService, TheLanguageOfTheFirstWindowStays) {
  ask(sound(2, true) + sound(5, false) + sound(2, true));
  ASSERT_EQ(fake_->asked.size(), 2U);
  EXPECT_EQ(fake_->asked[0].language, "");
  EXPECT_EQ(fake_->asked[1].language, "fr");
}

TEST_F(WhisperService, RecordingsShareTheThreads) {
  const auto other = pool_.lend([] { return false; });
  ask(sound(2, true));
  EXPECT_EQ(fake_->asked.at(0).threads, 2);
}

TEST_F(WhisperService, WithoutASpeechModelSilenceIsToldByItsLevel) {
  prepare_ = [](FakeRecogniser& f) { f.tells = false; };
  const FakeResponse response = ask(sound(5, false) + sound(2, true) + sound(5, false));
  ASSERT_EQ(response.events().size(), 2U);
  EXPECT_NEAR(response.events()[0].at("start").to_number<double>(), 5 - 0.256, 0.07);
}

TEST_F(WhisperService, MistakesAreNamed) {
  const std::string sound_bytes = sound(1, true);
  struct Case {
    std::map<std::string, std::string> query;
    const char* code;
    const char* param;
  };
  for (const auto& [query, code, param] :
       {Case{{{"task", "summarise"}}, "invalid_value", "task"}, Case{{{"words", "yes"}}, "invalid_value", "words"},
        Case{{{"language", "tlh"}}, "language_not_installed", "language"},
        Case{{{"language", "\xFF"}}, "language_not_installed", "language"},
        Case{{{"temperature", "2"}}, "invalid_value", "temperature"},
        Case{{{"prompt", "\xFF"}}, "invalid_value", "prompt"},
        Case{{{"prompt", std::string(20'000, 'x')}}, "invalid_value", "prompt"}}) {
    const FakeResponse response = ask(sound_bytes, query);
    EXPECT_EQ(response.status_, 400);
    EXPECT_EQ(response.error().at("code").as_string(), code);
    EXPECT_EQ(response.error().at("param").as_string(), param);
  }
  for (const char* language : {"", "de", "DE", "German", "de_DE"})
    EXPECT_EQ(ask(sound_bytes, {{"language", language}}).status_, 200) << language;
}

TEST_F(WhisperService, AnEnglishModelNeitherTranslatesNorGuesses) {
  service_.model = {"whisper-tiny.en", false, {{"en", "english"}}};
  FakeResponse response = ask(sound(1, true), {{"task", "translate"}});
  EXPECT_EQ(response.status_, 400);
  EXPECT_EQ(response.error().at("param").as_string(), "model");
  EXPECT_THAT(std::string(response.error().at("message").as_string()), ::testing::HasSubstr("hearth pull"));
  response = ask(sound(1, true), {{"language", "de"}});
  EXPECT_EQ(response.error().at("code").as_string(), "language_not_installed");
  response = ask(sound(1, true));
  EXPECT_EQ(fake_->asked.at(0).language, "en");
}

TEST_F(WhisperService, WhoHangsUpIsNotWorkedFor) {
  prepare_ = [](FakeRecogniser& f) { f.stuck = true; };
  FakeRequest request(sound(2, true));
  request.leaves_after_ = 3;
  const FakeResponse response = ask(request);
  EXPECT_TRUE(response.events().empty());
  EXPECT_EQ(pool_.lent(), 0U);
  // The next one gets the same recogniser.
  fake_->stuck = false;
  EXPECT_EQ(ask(sound(2, true)).events().size(), 2U);
  EXPECT_EQ(fake_->recordings, 2);
}

TEST_F(WhisperService, AFailureBeforeTheFirstSegmentIsAnError) {
  prepare_ = [](FakeRecogniser& f) { f.fails_at = 1; };
  FakeResponse response = ask(sound(2, true));
  EXPECT_EQ(response.status_, 500);
  EXPECT_FALSE(response.aborted_);
  fake_->fails_at = 2;
  response = ask(sound(2, true) + sound(5, false) + sound(2, true));
  EXPECT_EQ(response.status_, 200);
  EXPECT_TRUE(response.aborted_);
}

TEST_F(WhisperService, ABrokenBodyIsAnErrorToo) {
  FakeRequest request(sound(2, true));
  request.chunk_ = 32'000;
  request.breaks_at_ = 32'000;
  EXPECT_EQ(ask(request).status_, 500);
  EXPECT_EQ(pool_.lent(), 0U);
}

TEST_F(WhisperService, WritingToAClosedConnectionEndsTheWork) {
  FakeRequest request(sound(2, true) + sound(5, false) + sound(2, true));
  FakeResponse response;
  response.gone_ = true;
  answer_transcription(service_, request, response);
  EXPECT_EQ(fake_->asked.size(), 1U);
  EXPECT_TRUE(response.aborted_);
}

}  // namespace
}  // namespace hearth::whisper
