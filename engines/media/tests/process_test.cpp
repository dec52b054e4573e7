// The whole program over its socket.
#include "fixtures.h"

#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace hearth::media::testing {
namespace {

namespace json = boost::json;
using kit::testing::Answer;
using kit::testing::Client;
using kit::testing::EngineProcess;

class Media : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(engine_.ready()); }
  Answer post(const std::string& target, std::string_view body, const kit::testing::Headers& headers = {}) {
    return Client(engine_.socket()).request("POST", target, body, headers);
  }
  static std::string code(const Answer& answer) {
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("error").as_object().size(), 4U);
    return std::string(body.at("error").at("code").as_string());
  }

  EngineProcess engine_{HEARTH_MEDIA_PROGRAM, {"--data", HEARTH_MEDIA_DATA}};
};

TEST_F(Media, AnswersItsOwnCanary) {
  std::ifstream file(HEARTH_MEDIA_DATA "/canary.wav", std::ios::binary);
  const std::string canary((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Answer answer = post("/v1/probe", canary);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("kind":"audio")"), std::string::npos) << answer.body;
  const json::value models = json::parse(Client(engine_.socket()).request("GET", "/v1/models").body);
  EXPECT_EQ(models.at("data").at(0).at("task").as_string(), "media");
}

TEST_F(Media, ProbesEveryKind) {
  const auto kind = [&](const std::string& file) { return json::parse(post("/v1/probe", file).body); };
  const json::value audio = kind(container({"mp4", "aac"}));
  EXPECT_EQ(audio.at("kind").as_string(), "audio");
  EXPECT_EQ(audio.at("audio_codec").as_string(), "aac");
  EXPECT_NEAR(audio.at("duration").to_number<double>(), 2, 0.1);
  EXPECT_TRUE(audio.at("width").is_null());
  const json::value video = kind(container({"mp4", "aac", "mpeg4"}));
  EXPECT_EQ(video.at("kind").as_string(), "video");
  EXPECT_EQ(video.at("video_codec").as_string(), "mpeg4");
  EXPECT_EQ(video.at("width").to_number<int>(), 64);
  const json::value document = kind(pdf({.pages = 3, .password = {}}));
  EXPECT_EQ(document.at("kind").as_string(), "document");
  EXPECT_EQ(document.at("pages").to_number<int>(), 3);
  EXPECT_TRUE(kind(pdf({.password = "x"})).at("pages").is_null());
  const json::value scan = kind(tiff(TiffKind::g4, 2));
  EXPECT_EQ(scan.at("kind").as_string(), "image");
  EXPECT_EQ(scan.at("pages").to_number<int>(), 2);
  const json::value mp3 = kind(encode(sine(440, 22050, 3), {}));
  EXPECT_EQ(mp3.at("format").as_string(), "mp3");
  EXPECT_NEAR(mp3.at("duration").to_number<double>(), 3, 0.1);
}

TEST_F(Media, DecodesAudioWithItsDurationInAHeader) {
  const Answer answer = post("/v1/audio/decode?rate=8000", wav(sine(440, 16000, 2), 16000));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.headers.at("content-type"), "audio/pcm;rate=8000");
  EXPECT_EQ(answer.headers.at("x-audio-duration"), "2.000");
  EXPECT_NEAR(static_cast<double>(answer.body.size()), 2 * 8000 * 2, 100);
}

TEST_F(Media, MapsErrorsToStatusAndCode) {
  struct Case {
    const char* target;
    std::string body;
    int status;
    const char* code;
  };
  const std::string tone = wav(sine(440, 16000, 2), 16000);
  for (const Case& c :
       {Case{"/v1/probe", "", 400, "empty_file"}, Case{"/v1/audio/decode", "", 400, "empty_file"},
        Case{"/v1/frames", "", 400, "empty_file"}, Case{"/v1/audio/encode", "", 400, "empty_file"},
        Case{"/v1/audio/encode", "x", 400, "empty_file"},
        Case{"/v1/probe", "text, and no more than text here", 400, "unsupported_media"},
        Case{"/v1/frames", "\x89PNG\r\n\x1A\n", 400, "corrupt_media"},
        Case{"/v1/audio/decode", tiff(TiffKind::gray, 1), 400, "no_audio"}, Case{"/v1/frames", tone, 400, "no_video"},
        Case{"/v1/frames", pdf({.password = "secret"}), 400, "encrypted_pdf"},
        Case{"/v1/audio/decode?max_seconds=1", tone, 413, "audio_too_long"},
        Case{"/v1/frames", png_claiming(100'000, 100'000), 413, "image_too_large"},
        Case{"/v1/frames?max_frames=1", pdf({.pages = 2, .password = {}}), 413, "too_many_pages"},
        Case{"/v1/frames?pages=2", pdf({.pages = 2, .password = {}}), 400, "page_out_of_range"},
        Case{"/v1/frames?pages=x", pdf({.password = {}}), 400, "invalid_argument"},
        Case{"/v1/audio/decode?rate=1", tone, 400, "invalid_argument"},
        Case{"/v1/audio/encode?format=midi", "abcd", 400, "invalid_argument"},
        Case{"/v1/audio/encode?format=opus&out_rate=44100", "abcd", 400, "invalid_argument"}}) {
    const Answer answer = post(c.target, c.body);
    EXPECT_EQ(answer.status, c.status) << c.target << ' ' << answer.body;
    EXPECT_EQ(code(answer), c.code) << c.target;
  }
}

TEST_F(Media, SendsFramesThatTheKitReads) {
  const Answer answer =
      post("/v1/frames?dpi=72", pdf({.pages = 2, .password = "secret"}), {{"X-Document-Password", "secret"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), kit::kFramesType);
  std::size_t at = 0;
  const kit::ReadSome read = [&](std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = answer.body.copy(into.data(), into.size(), at);
    at += n;
    return n;
  };
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto frame = kit::read_frame(read, 1'000'000);
    ASSERT_TRUE(frame) << frame.error().describe();
    EXPECT_EQ(frame->header.index, i);
    EXPECT_EQ(frame->header.width, 144U);
  }
  EXPECT_EQ(at, answer.body.size());
}

TEST_F(Media, EncodesWhileTheSamplesStillArrive) {
  const std::string half_second = as_bytes(sine(440, 22050, 0.5));
  for (const char* format : {"mp3", "opus", "aac", "flac", "wav", "pcm"}) {
    Client client(engine_.socket());
    ASSERT_TRUE(client.begin_chunked("POST", std::string("/v1/audio/encode?rate=22050&format=") + format));
    // An odd cut: half a sample waits for its other half.
    ASSERT_TRUE(client.send_chunk(half_second.substr(0, 9'999)));
    ASSERT_TRUE(client.send_chunk(half_second.substr(9'999)));
    const Answer head = client.read_head();
    EXPECT_EQ(head.status, 200) << format;
    // The body has not ended, and sound is here already.
    std::string sound;
    while (sound.size() < 300) {
      const auto chunk = client.read_chunk();
      ASSERT_TRUE(chunk && !chunk->empty()) << format;
      sound += *chunk;
    }
    ASSERT_TRUE(client.send_chunk(half_second));
    ASSERT_TRUE(client.send_chunk({}));
    while (const auto chunk = client.read_chunk()) {
      if (chunk->empty()) break;
      sound += *chunk;
    }
    if (std::string_view(format) == "pcm") {
      EXPECT_EQ(head.headers.at("content-type"), "audio/pcm;rate=24000");
      EXPECT_NEAR(static_cast<double>(sound.size()), 48'000, 200);
      continue;
    }
    const Decoded back = decode(sound);
    ASSERT_TRUE(back.result) << format << ' ' << back.result.error().describe();
    EXPECT_NEAR(static_cast<double>(back.samples.size()) / 16000, 1, 0.12) << format;
    EXPECT_NEAR(pitch(back.samples, 16000), 440, 3) << format;
  }
}

TEST_F(Media, CutsAnAnswerShortWhenTheSamplesBreakOff) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.begin_chunked("POST", "/v1/audio/encode?rate=22050&format=wav"));
  ASSERT_TRUE(client.send_chunk(as_bytes(sine(440, 22050, 0.1))));
  EXPECT_EQ(client.read_head().status, 200);
  ASSERT_TRUE(client.send("no chunk\r\n"));
  std::optional<std::string> chunk;
  while ((chunk = client.read_chunk()) && !chunk->empty()) {
  }
  EXPECT_EQ(chunk, std::nullopt);  // not a proper end
}

TEST_F(Media, DecodesALongRecordingInLittleMemory) {
  constexpr std::uint64_t kMiB = 1 << 20;
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  constexpr std::uint64_t kMost = 700 * kMiB;  // freed memory is kept for a while, and shadowed
#else
  constexpr std::uint64_t kMost = 48 * kMiB;
#endif
  const std::string file = wav(std::vector<std::int16_t>(48'000 * 2 * 400, 100), 48'000, 2);
  const std::uint64_t before = engine_.peak_resident();
  const Answer answer = post("/v1/audio/decode", file);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NEAR(static_cast<double>(answer.body.size()), 400.0 * 16'000 * 2, 1000);
  EXPECT_LT(engine_.peak_resident() - before, kMost) << "for a file of " << file.size() / kMiB << " MiB";
}

TEST_F(Media, ServesManyAtOnce) {
  const std::string tone = wav(sine(440, 16000, 1), 16000);
  const std::string picture =
      image("png", 200, 100, [](int x, int y) { return 0xFF000000U | static_cast<unsigned>(x * y); }, "rgb24");
  const std::string document = pdf({.pages = 2, .password = {}});
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i)
      clients.emplace_back([&] {
        for (int round = 0; round < 3; ++round) {
          right += post("/v1/audio/decode", tone).complete ? 1 : 0;
          right += post("/v1/frames", picture).status == 200 ? 1 : 0;
          right += post("/v1/frames?dpi=50", document).status == 200 ? 1 : 0;
        }
      });
  }
  EXPECT_EQ(right, 8 * 3 * 3);
}

}  // namespace
}  // namespace hearth::media::testing
