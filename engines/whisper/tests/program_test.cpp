// The program itself, with libwhisper, in the root that tools/engine-sdk unpacked: what a pack is, as far as it matters
// here.
#include "model_file.h"
#include "support/tiny_model.h"

#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

namespace hearth::whisper {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using kit::testing::Answer;
using kit::testing::Client;
using kit::testing::EngineProcess;

const std::string kRoot = std::string(HEARTH_ENGINE_SDK) + "/root";

// s16le of so many seconds: a hum, loud enough not to be silence.
std::string hum(double seconds) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * 16'000));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::int16_t>(8000 * std::sin(static_cast<double>(i) * 0.1));
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * 2};
}
std::string silence(double seconds) {
  return std::string(static_cast<std::size_t>(seconds * 16'000) * 2, '\0');
}

std::vector<json::object> events_of(const std::string& body) {
  std::vector<json::object> found;
  std::size_t at = 0;
  while ((at = body.find("data: ", at)) != std::string::npos) {
    const std::size_t end = body.find("\n\n", at);
    found.push_back(json::parse(body.substr(at + 6, end - at - 6)).as_object());
    at = end;
  }
  return found;
}

// Model files live as long as the test program; they are written once.
class WhisperProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = ::testing::TempDir() + "whisper-modelsXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder() = name;
    fs::permissions(folder(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                                  fs::perms::group_read | fs::perms::others_read);
    testing::write_model(folder() / "reciter.bin");
    testing::TinyModel english;
    english.multilingual = false;
    testing::write_model(folder() / "reciter.en.bin", english);
  }
  static void TearDownTestSuite() { fs::remove_all(folder()); }

  static EngineProcess start(const std::string& model, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"--model", (folder() / model).string(), "--threads", "1", "--slots", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {HEARTH_WHISPER_PROGRAM, arguments,
            kit::testing::in_root(kRoot, {fs::path(HEARTH_WHISPER_PROGRAM).parent_path().string()})};
  }
  static Answer ask(const EngineProcess& engine, const std::string& query, const std::string& body) {
    return Client(engine.socket())
        .request("POST", "/v1/audio/transcriptions" + query, body, {{"Content-Type", "audio/pcm"}});
  }

  static fs::path& folder() {
    static fs::path path;
    return path;
  }
};

TEST_F(WhisperProgram, TellsItsModels) {
  const EngineProcess engine = start("reciter.bin", {"--name", "whisper-reciter"});
  ASSERT_TRUE(engine.ready());
  EXPECT_EQ(Client(engine.socket()).request("GET", "/health").status, 200);
  const Answer models = Client(engine.socket()).request("GET", "/v1/models");
  const json::array data = json::parse(models.body).at("data").as_array();
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(data[0].at("id").as_string(), "whisper-reciter");
  EXPECT_EQ(data[0].at("task").as_string(), "transcription");
  EXPECT_EQ(data[1].at("task").as_string(), "translation");
}

TEST_F(WhisperProgram, TextWordsTimesAndLanguageComeThroughLibwhisper) {
  const EngineProcess engine = start("reciter.bin");
  ASSERT_TRUE(engine.ready());
  const Answer answer = ask(engine, "?words=1", hum(4));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.complete);
  const auto events = events_of(answer.body);
  ASSERT_EQ(events.size(), 3U) << answer.body;
  EXPECT_EQ(events[0].at("text").as_string(), "Hello world!");
  EXPECT_NEAR(events[0].at("start").to_number<double>(), 0, 0.01);
  EXPECT_NEAR(events[0].at("end").to_number<double>(), 1, 0.01);
  EXPECT_GT(events[0].at("avg_logprob").to_number<double>(), -0.1);
  EXPECT_LE(events[0].at("no_speech_prob").to_number<double>(), 1.0);
  ASSERT_EQ(events[0].at("words").as_array().size(), 2U);
  EXPECT_EQ(events[0].at("words").at(0).at("word").as_string(), "Hello");
  EXPECT_EQ(events[0].at("words").at(1).at("word").as_string(), "world!");
  double last = 0;
  for (const auto& e : {events[0], events[1]})
    for (const json::value& w : e.at("words").as_array()) {
      EXPECT_GE(w.at("start").to_number<double>(), last);
      last = w.at("end").to_number<double>();
    }
  EXPECT_LE(last, 2.01);
  // Letters of two and three bytes, each byte a token of its own.
  EXPECT_EQ(events[1].at("text").as_string(), "Grüß dich 你.");
  EXPECT_EQ(events[2].at("text").as_string(), "Hello world! Grüß dich 你.");
  EXPECT_DOUBLE_EQ(events[2].at("duration").to_number<double>(), 4);
  EXPECT_EQ(events[2].at("language").as_string(), "de");  // found out by the model
}

TEST_F(WhisperProgram, TaskLanguageAndPromptReachTheModel) {
  const EngineProcess engine = start("reciter.bin");
  ASSERT_TRUE(engine.ready());
  auto events = events_of(ask(engine, "?task=translate&language=fr", hum(4)).body);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_NEAR(events[0].at("start").to_number<double>(), 0.4, 0.01);  // so the model says when it is asked to translate
  EXPECT_EQ(events[2].at("language").as_string(), "fr");
  // A prompt takes the first positions, so a model that goes by positions begins later in what it knows by heart.
  events = events_of(ask(engine, "?prompt=Hello", hum(4)).body);
  EXPECT_NE(events.back().at("text").as_string(), "Hello world! Grüß dich 你.");
}

TEST_F(WhisperProgram, EnglishModelsKnowEnglishOnly) {
  const EngineProcess engine = start("reciter.en.bin");
  ASSERT_TRUE(engine.ready());
  EXPECT_EQ(events_of(ask(engine, "", hum(4)).body).back().at("language").as_string(), "en");
  EXPECT_EQ(events_of(ask(engine, "", hum(4)).body).back().at("text").as_string(), "Hello world! Grüß dich 你.");
  EXPECT_EQ(ask(engine, "?language=de", hum(1)).status, 400);
  EXPECT_EQ(ask(engine, "?task=translate", hum(1)).status, 400);
}

TEST_F(WhisperProgram, SilenceIsEmptyAndShortSoundIsHeard) {
  const EngineProcess engine = start("reciter.bin");
  ASSERT_TRUE(engine.ready());
  EXPECT_EQ(events_of(ask(engine, "", silence(35)).body).size(), 1U);
  EXPECT_EQ(events_of(ask(engine, "", hum(0.2)).body).back().at("type").as_string(), "transcript.text.done");
}

TEST_F(WhisperProgram, AWindowIsAnsweredBeforeTheSoundIsOver) {
  const EngineProcess engine = start("reciter.bin");
  ASSERT_TRUE(engine.ready());
  Client client(engine.socket());
  ASSERT_TRUE(client.begin_chunked("POST", "/v1/audio/transcriptions"));
  ASSERT_TRUE(client.send_chunk(hum(2) + silence(4)));
  const Answer head = client.read_head();
  EXPECT_EQ(head.status, 200);
  const auto first = client.read_chunk();
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(*first, ::testing::HasSubstr("Hello world!"));
  ASSERT_TRUE(client.send_chunk(hum(2)));
  ASSERT_TRUE(client.send_chunk(""));
  std::string rest;
  for (auto chunk = client.read_chunk(); chunk && !chunk->empty(); chunk = client.read_chunk()) rest += *chunk;
  EXPECT_EQ(events_of(rest).back().at("duration").to_number<double>(), 8);
}

TEST_F(WhisperProgram, RequestsAtOnceDoNotMix) {
  const EngineProcess engine = start("reciter.bin");
  ASSERT_TRUE(engine.ready());
  const std::string sound = hum(4) + silence(4) + hum(4);
  std::vector<std::string> texts(6);
  std::vector<std::jthread> clients;
  for (std::string& text : texts)
    clients.emplace_back([&] {
      const auto events = events_of(ask(engine, "", sound).body);
      if (!events.empty()) text = events.back().at("text").as_string();
    });
  clients.clear();
  // The second window is heard after the first, whose words come before its prompt: it says other words than the first.
  for (const std::string& text : texts) {
    EXPECT_THAT(text, ::testing::StartsWith("Hello world! Grüß dich 你."));
    EXPECT_EQ(text, texts[0]);
  }
}

TEST_F(WhisperProgram, WhoHangsUpFreesTheirPlace) {
  EngineProcess engine = start("reciter.bin", {"--slots", "1"});
  ASSERT_TRUE(engine.ready());
  {
    Client leaves(engine.socket());
    ASSERT_TRUE(leaves.begin_chunked("POST", "/v1/audio/transcriptions"));
    ASSERT_TRUE(leaves.send_chunk(hum(4) + silence(4)));
    EXPECT_EQ(leaves.read_head().status, 200);
  }
  // The only place is free again, and what it had heard is forgotten.
  EXPECT_EQ(events_of(ask(engine, "", hum(4)).body).back().at("text").as_string(), "Hello world! Grüß dich 你.");
  engine.close_stdin();
  EXPECT_EQ(engine.wait_exit(), 0);
}

TEST_F(WhisperProgram, FilesThatAreNoModelAreRefused) {
  const std::string whole = testing::tiny_model();
  for (const std::string& bytes : {std::string("no model at all"), whole.substr(0, whole.size() / 2)}) {
    std::ofstream(folder() / "damaged.bin", std::ios::binary) << bytes;
    EngineProcess engine = start("damaged.bin");
    EXPECT_FALSE(engine.ready());
    EXPECT_EQ(engine.wait_exit(), 1);
  }
  EngineProcess absent = start("absent.bin");
  EXPECT_EQ(absent.wait_exit(), 1);
  EngineProcess no_vad = start("reciter.bin", {"--vad", (folder() / "reciter.bin").string()});
  EXPECT_EQ(no_vad.wait_exit(), 1);
}

}  // namespace
}  // namespace hearth::whisper
