#include "rejects.h"

#include <hearth/dialects/speech.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

TEST(Speech, has_openais_defaults) {
  const auto request = decode_speech(JsonBody::copy_of(R"({"model":"tts-1","input":"Hello","voice":"alloy"})"));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->voice, "alloy");
  EXPECT_EQ(request->response_format, SpeechFormat::mp3);
  EXPECT_EQ(request->speed, 1.0);
  EXPECT_EQ(request->stream_format, SpeechStream::audio);
}

TEST(Speech, reads_all_options) {
  const auto request = decode_speech(JsonBody::copy_of(
      R"({"model":"m","input":"你好\n","voice":{"id":"zh"},"response_format":"opus","speed":2,"instructions":"slowly","stream_format":"sse","language":"zh"})"));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->input, "你好\n");
  EXPECT_EQ(request->voice, "zh");
  EXPECT_EQ(request->response_format, SpeechFormat::opus);
  EXPECT_EQ(request->speed, 2.0);
  EXPECT_EQ(request->stream_format, SpeechStream::sse);
  EXPECT_EQ(request->language, "zh");
}

TEST(Speech, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"input":"a"})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "input"},
      {R"({"model":"m","input":""})", ApiCode::empty_string, "input"},
      {R"({"model":"m","input":["a"]})", ApiCode::invalid_type, "input"},
      {R"({"model":"m","input":"a","voice":1})", ApiCode::invalid_type, "voice"},
      {R"({"model":"m","input":"a","voice":{}})", ApiCode::missing_required_parameter, "voice.id"},
      {R"({"model":"m","input":"a","voice":{"id":1}})", ApiCode::invalid_type, "voice.id"},
      {R"({"model":"m","input":"a","response_format":"MP3"})", ApiCode::invalid_value, "response_format"},
      {R"({"model":"m","input":"a","speed":0.2})", ApiCode::invalid_value, "speed"},
      {R"({"model":"m","input":"a","speed":4.1})", ApiCode::invalid_value, "speed"},
      {R"({"model":"m","input":"a","speed":1e999})", ApiCode::invalid_value, "speed"},
      {R"({"model":"m","input":"a","speed":"1"})", ApiCode::invalid_type, "speed"},
      {R"({"model":"m","input":"a","stream_format":"ws"})", ApiCode::invalid_value, "stream_format"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_speech(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
}

TEST(Speech, counts_characters_not_bytes) {
  const SpeechLimits limits{.max_characters = 3};
  EXPECT_TRUE(decode_speech(JsonBody::copy_of(R"({"model":"m","input":"éé你"})"), limits).has_value());
  const std::string_view long_one = R"({"model":"m","input":"éé你x"})";
  expect_rejected(decode_speech(JsonBody::copy_of(long_one), limits), ApiCode::string_above_max_length, "input",
                  long_one);
}

TEST(Speech, formats_have_names_and_types) {
  EXPECT_EQ(to_string(SpeechFormat::flac), "flac");
  EXPECT_EQ(content_type(SpeechFormat::mp3), "audio/mpeg");
  EXPECT_EQ(content_type(SpeechFormat::pcm), "audio/pcm");
}

TEST(Speech, encodes_events_and_the_engines_request) {
  EXPECT_EQ(encode_speech_delta("foo"), "data: {\"type\":\"speech.audio.delta\",\"audio\":\"Zm9v\"}\n\n");
  EXPECT_EQ(
      encode_speech_done({3, 4}),
      "data: "
      "{\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4,\"total_tokens\":7}}\n\n");
  EXPECT_EQ(boost::json::parse(encode_engine_speech("a\"b", "en", 1.5, "")),
            (boost::json::value{{"input", "a\"b"}, {"voice", "en"}, {"speed", 1.5}}));
}

}  // namespace
}  // namespace hearth::dialects
