#include "errors.h"
#include "fixtures.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace hearth::media::testing {
namespace {

struct FormatCase {
  const char* name;
  AudioFormat format;
  int rate;  // expected of the encoded stream for 22050 Hz in
};

class AudioFormats : public ::testing::TestWithParam<FormatCase> {};

TEST_P(AudioFormats, AToneComesBack) {
  constexpr int kRate = 22050;
  AudioEncodeRequest request;
  request.format = GetParam().format;
  request.rate = kRate;
  std::string file = encode(sine(440, kRate, 1.5), request);
  ASSERT_FALSE(file.empty());
  if (request.format == AudioFormat::pcm) {
    std::vector<std::int16_t> samples(file.size() / 2);
    std::memcpy(samples.data(), file.data(), samples.size() * 2);
    file = wav(samples, GetParam().rate);
  }
  const Decoded back = decode(file);
  ASSERT_TRUE(back.result) << back.result.error().describe();
  EXPECT_NEAR(static_cast<double>(back.samples.size()) / 16000, 1.5, 0.12);
  EXPECT_NEAR(pitch(back.samples, 16000), 440, 1.5);
  EXPECT_NEAR(loudness(back.samples), 7071, 700);
}

TEST_P(AudioFormats, KnowsItsRate) {
  AudioEncodeRequest request;
  request.format = GetParam().format;
  const auto encoder = AudioEncoder::create(request, [](std::string_view) -> Result<void> { return {}; });
  ASSERT_TRUE(encoder) << encoder.error().describe();
  EXPECT_EQ((*encoder)->rate(), GetParam().rate);
  EXPECT_EQ(parse_audio_format(GetParam().name), GetParam().format);
}

TEST_P(AudioFormats, GivesBytesWhileSamplesStillCome) {
  AudioEncodeRequest request;
  request.format = GetParam().format;
  std::size_t bytes = 0;
  const auto encoder = AudioEncoder::create(request, [&](std::string_view b) -> Result<void> {
    bytes += b.size();
    return {};
  });
  ASSERT_TRUE(encoder);
  const std::size_t header = bytes;
  const auto samples = sine(440, request.rate, 0.5);
  ASSERT_TRUE((*encoder)->add(samples));
  EXPECT_GT(bytes, header + 200);
}

TEST_P(AudioFormats, PassesOnThatTheReceiverLeft) {
  AudioEncodeRequest request;
  request.format = GetParam().format;
  const auto encoder = AudioEncoder::create(request, [begun = 0](std::string_view) mutable -> Result<void> {
    if (++begun > 3) return fail(Errc::io_error, "gone");
    return {};
  });
  ASSERT_TRUE(encoder);
  Result<void> result;
  for (int i = 0; i < 40 && result; ++i) result = (*encoder)->add(sine(440, request.rate, 0.1));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(Errc::io_error)) << result.error().describe();
}

TEST_P(AudioFormats, TakesEveryInputRate) {
  for (const int rate : {4000, 8000, 11025, 16000, 44100, 96000, 192000}) {
    AudioEncodeRequest request;
    request.format = GetParam().format;
    request.rate = rate;
    EXPECT_FALSE(encode(sine(440, rate, 0.01), request).empty()) << rate;
    encode({1}, request);  // may be too little for a block, but no error
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, AudioFormats,
    ::testing::Values(FormatCase{"mp3", AudioFormat::mp3, 22050}, FormatCase{"opus", AudioFormat::opus, 24000},
                      FormatCase{"aac", AudioFormat::aac, 22050}, FormatCase{"flac", AudioFormat::flac, 22050},
                      FormatCase{"wav", AudioFormat::wav, 22050}, FormatCase{"pcm", AudioFormat::pcm, 24000}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(AudioEncode, RefusesARateTheFormatDoesNotKnow) {
  AudioEncodeRequest request;
  request.format = AudioFormat::opus;
  request.out_rate = 44100;
  const auto encoder = AudioEncoder::create(request, [](std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(encoder);
  EXPECT_TRUE(encoder.error().is(Errc::invalid_argument));
  EXPECT_NE(encoder.error().message().find("48000"), std::string::npos);
}

TEST(AudioEncode, UsesTheBitRateAskedFor) {
  AudioEncodeRequest low;
  low.bitrate = 24'000;
  AudioEncodeRequest high;
  high.bitrate = 128'000;
  const auto samples = sine(440, 22050, 2);
  EXPECT_LT(encode(samples, low).size() * 3, encode(samples, high).size());
}

struct ContainerCase {
  const char* name;
  ContainerSpec spec;
};
class AudioContainers : public ::testing::TestWithParam<ContainerCase> {};

TEST_P(AudioContainers, TheToneIsFound) {
  const Decoded back = decode(container(GetParam().spec));
  ASSERT_TRUE(back.result) << back.result.error().describe();
  EXPECT_NEAR(static_cast<double>(back.samples.size()) / 16000, 2, 0.1);
  EXPECT_NEAR(pitch(back.samples, 16000), 440, 1.5);
  EXPECT_NEAR(loudness(back.samples), 7071, 700);
  if (back.stated) {
    EXPECT_NEAR(*back.stated, 2, 0.1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, AudioContainers,
                         ::testing::Values(ContainerCase{"m4a_with_its_index_last", {"mp4", "aac"}},
                                           ContainerCase{"webm", {"webm", "libopus"}},
                                           ContainerCase{"matroska_vorbis", {"matroska", "libvorbis"}},
                                           ContainerCase{"ogg_vorbis", {"ogg", "libvorbis"}},
                                           ContainerCase{"aiff", {"aiff", "pcm_s16be"}},
                                           ContainerCase{"mpegts", {"mpegts", "aac"}},
                                           ContainerCase{"wma", {"asf", "wmav2"}},
                                           ContainerCase{"video_mp4", {"mp4", "aac", "mpeg4"}},
                                           ContainerCase{"video_ts", {"mpegts", "libmp3lame", "mpeg4"}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(AudioDecode, MixesStereoDownAndKeepsTheRateAskedFor) {
  const auto tone = sine(440, 44100, 1);
  std::vector<std::int16_t> stereo;
  for (const std::int16_t s : tone) stereo.insert(stereo.end(), {s, s});
  AudioDecodeRequest request;
  request.rate = 24000;
  const Decoded back = decode(wav(stereo, 44100, 2), request);
  ASSERT_TRUE(back.result);
  EXPECT_NEAR(static_cast<double>(back.samples.size()), 24000, 50);
  EXPECT_NEAR(pitch(back.samples, 24000), 440, 1);
  EXPECT_EQ(back.stated, 1.0);
}

TEST(AudioDecode, SaysWhatIsWrong) {
  const auto code = [](std::string file) { return code_of(decode(std::move(file)).result); };
  EXPECT_EQ(code(""), "empty_file");
  EXPECT_EQ(code("just some text, and quite a bit more of it so that it is longer than any header"),
            "unsupported_media");
  EXPECT_EQ(code(std::string(100'000, '\0')), "unsupported_media");
  EXPECT_EQ(code("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
            "unsupported_media");
  EXPECT_EQ(code("ffconcat version 1.0\nfile '/etc/passwd'\n"), "unsupported_media");
  EXPECT_EQ(code("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n"),
            "unsupported_media");
  EXPECT_EQ(code(pdf({})), "unsupported_media");
  EXPECT_EQ(code(image("png", 8, 8, [](int, int) { return 0xFFFFFFFFU; }, "rgb24")), "no_audio");
  EXPECT_EQ(code(container({"mp4", nullptr, "mpeg4"})), "no_audio");
  EXPECT_EQ(code(wav({}, 16000)), "corrupt_media");
}

TEST(AudioDecode, GivesWhatIsThereOfACutOffFile) {
  const auto tone = sine(440, 16000, 4);
  const std::string whole = wav(tone, 16000);
  const Decoded half = decode(whole.substr(0, whole.size() / 2));
  ASSERT_TRUE(half.result) << half.result.error().describe();
  EXPECT_NEAR(static_cast<double>(half.samples.size()) / 16000, 2, 0.01);
  for (const AudioFormat format : {AudioFormat::mp3, AudioFormat::opus, AudioFormat::flac, AudioFormat::aac}) {
    AudioEncodeRequest request;
    request.format = format;
    request.rate = 16000;
    const std::string file = encode(tone, request);
    const Decoded cut = decode(file.substr(0, file.size() / 2));
    ASSERT_TRUE(cut.result) << cut.result.error().describe();
    EXPECT_NEAR(static_cast<double>(cut.samples.size()) / 16000, 2, 1);
    EXPECT_NEAR(pitch(cut.samples, 16000), 440, 2);
  }
  const std::string m4a = container({"mp4", "aac"});  // its index is at the end: without it nothing can be read
  EXPECT_EQ(code_of(decode(m4a.substr(0, m4a.size() / 2)).result), "corrupt_media");
}

TEST(AudioDecode, RefusesALongRecordingByItsHeader) {
  AudioEncodeRequest as_flac;
  as_flac.format = AudioFormat::flac;
  as_flac.rate = 16000;
  std::string file = encode(sine(440, 16000, 0.5), as_flac);
  const std::uint64_t total = 3ULL * 3600 * 16000;  // in STREAMINFO's samples
  for (unsigned i = 0; i < 4; ++i) file[22 + i] = static_cast<char>(total >> (24 - 8 * i) & 0xFFU);
  const Decoded refused = decode(file);
  ASSERT_EQ(code_of(refused.result), "audio_too_long");
  EXPECT_FALSE(refused.begun);
  EXPECT_NE(refused.result.error().message().find("3 h"), std::string::npos) << refused.result.error().message();
  EXPECT_NE(refused.result.error().message().find("2 h"), std::string::npos) << refused.result.error().message();
}

TEST(AudioDecode, ReadsAWavOfUnknownLength) {
  const Decoded streamed = decode(wav(sine(440, 16000, 1), 16000, 1, 0xFFFFFFFF));
  ASSERT_TRUE(streamed.result) << streamed.result.error().describe();
  EXPECT_EQ(streamed.samples.size(), 16000U);
  // A header that promises more than there is belongs to a file that was cut off.
  EXPECT_EQ(decode(wav(sine(440, 16000, 1), 16000, 1, 3LL * 3600 * 16000 * 2)).samples.size(), 16000U);
}

TEST(AudioDecode, MeasuresWhatNoHeaderStates) {
  AudioEncodeRequest as_mp3;
  as_mp3.rate = 16000;
  AudioEncodeRequest as_aac = as_mp3;
  as_aac.format = AudioFormat::aac;
  AudioDecodeRequest limit;
  limit.max_seconds = 3;
  for (const auto& how : {as_mp3, as_aac}) {
    const std::string file = encode(sine(440, 16000, 5), how);
    const Decoded refused = decode(file, limit);
    EXPECT_EQ(code_of(refused.result), "audio_too_long");
    EXPECT_FALSE(refused.begun);
    limit.max_seconds = 6;
    EXPECT_TRUE(decode(file, limit).result);
    limit.max_seconds = 3;
  }
}

TEST(AudioDecode, StopsATrackThatIsLongerThanItsHeaderSays) {
  AudioEncodeRequest r;
  r.format = AudioFormat::flac;
  r.rate = 16000;
  std::string file = encode(sine(440, 16000, 5), r);
  for (std::size_t i = 22; i < 26; ++i) file[i] = '\0';
  file[24] = '\x20';  // 8192 samples, it says
  AudioDecodeRequest limit;
  limit.max_seconds = 2;
  const Decoded cut = decode(file, limit);
  EXPECT_EQ(code_of(cut.result), "audio_too_long");
  EXPECT_LE(cut.samples.size(), 2U * 16000);
}

TEST(AudioDecode, EndsWhenNobodyWaits) {
  const kit::Body body = kit::Body::from_memory(wav(sine(440, 16000, 30), 16000));
  Watch watch([] { return true; });
  class Sink final : public AudioSink {
    Result<void> begin(std::optional<double>) override { return {}; }
    Result<void> samples(std::span<const std::int16_t>) override { return {}; }
  } sink;
  const auto result = decode_audio(body, {}, watch, sink);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(Errc::cancelled)) << result.error().describe();
}

}  // namespace
}  // namespace hearth::media::testing
