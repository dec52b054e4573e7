#include "rejects.h"
#include "src/subtitles.h"

#include <hearth/dialects/transcription.h>

#include <boost/json.hpp>

#include <limits>

namespace hearth::dialects {
namespace {

using Fields = std::vector<FormField>;

Decoded<TranscriptionForm> decode(const Fields& fields, AudioTask task = AudioTask::transcribe) {
  return decode_transcription(fields, task);
}

Transcript sample() {
  Transcript t;
  t.language = "en";
  t.duration = 2.4005;
  t.text = "Hello there.";
  t.segments = {
      {.id = 0,
       .start = 0,
       .end = 1.5,
       .text = " Hello",
       .avg_logprob = -0.25,
       .no_speech_prob = 0.5,
       .tokens = {1, 2},
       .words = {{"Hello", 0.1, 0.9, 0.8}}},
      {.id = 1, .start = 1.5, .end = 2.4, .text = " there.", .tokens = {}, .words = {{"there", 1.6, 2.3, 1}}}};
  return t;
}

TEST(TranscriptionForm, has_openais_defaults) {
  const auto form = decode({{"model", "whisper-1"}});
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->response_format, TranscriptFormat::json);
  EXPECT_TRUE(form->segment_timestamps);
  EXPECT_FALSE(form->word_timestamps);
  EXPECT_FALSE(form->stream);
}

TEST(TranscriptionForm, reads_all_options) {
  const auto form = decode({{"model", "whisper-1"},
                            {"language", "EN-us"},
                            {"prompt", "names"},
                            {"response_format", "verbose_json"},
                            {"temperature", "0.2"},
                            {"timestamp_granularities[]", "word"},
                            {"stream", "True"},
                            {"include[]", "logprobs"},
                            {"chunking_strategy", "auto"},
                            {"something", "else"}});
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->language, "en");
  EXPECT_EQ(form->response_format, TranscriptFormat::verbose_json);
  EXPECT_EQ(form->temperature, 0.2);
  EXPECT_TRUE(form->word_timestamps);
  EXPECT_FALSE(form->segment_timestamps);
  EXPECT_TRUE(form->stream);
}

TEST(TranscriptionForm, reads_granularities_in_both_spellings) {
  for (const std::string name : {"timestamp_granularities[]", "timestamp_granularities"}) {
    const auto form = decode({{"model", "m"}, {name, "word"}, {name, "segment"}});
    ASSERT_TRUE(form.has_value());
    EXPECT_TRUE(form->word_timestamps);
    EXPECT_TRUE(form->segment_timestamps);
  }
}

TEST(TranscriptionForm, lets_the_language_open) {
  for (const std::string value : {"", "auto", " "})
    EXPECT_EQ(decode({{"model", "m"}, {"language", value}})->language, "");
}

TEST(TranscriptionForm, names_the_field_that_is_wrong) {
  const struct {
    Fields fields;
    ApiCode code;
    std::string_view param;
  } rows[] = {
      {{}, ApiCode::missing_required_parameter, "model"},
      {{{"model", ""}}, ApiCode::empty_string, "model"},
      {{{"model", "m"}, {"model", "n"}}, ApiCode::duplicate_field, "model"},
      {{{"model", "m"}, {"response_format", "xml"}}, ApiCode::invalid_value, "response_format"},
      {{{"model", "m"}, {"response_format", "diarized_json"}}, ApiCode::unsupported_value, "response_format"},
      {{{"model", "m"}, {"temperature", "warm"}}, ApiCode::invalid_type, "temperature"},
      {{{"model", "m"}, {"temperature", "1.5"}}, ApiCode::invalid_value, "temperature"},
      {{{"model", "m"}, {"temperature", "nan"}}, ApiCode::invalid_value, "temperature"},
      {{{"model", "m"}, {"language", "english"}}, ApiCode::invalid_value, "language"},
      {{{"model", "m"}, {"prompt", "\xFF"}}, ApiCode::invalid_utf8, "prompt"},
      {{{"model", "m"}, {"prompt", std::string(20000, 'x')}}, ApiCode::string_above_max_length, "prompt"},
      {{{"model", "m"}, {"stream", "maybe"}}, ApiCode::invalid_value, "stream"},
      {{{"model", "m"}, {"stream", "true"}, {"response_format", "srt"}}, ApiCode::invalid_value, "stream"},
      {{{"model", "m"}, {"timestamp_granularities[]", "char"}}, ApiCode::invalid_value, "timestamp_granularities[]"},
      {{{"model", "m"}, {"include[]", "all"}}, ApiCode::invalid_value, "include[]"},
  };
  for (const auto& row : rows) {
    expect_rejected(decode(row.fields), row.code, row.param, row.fields.empty() ? "" : row.fields.back().name);
  }
}

TEST(Transcript, json_and_text) {
  TranscriptionForm form;
  EXPECT_EQ(boost::json::parse(encode_transcript(sample(), form).body),
            (boost::json::value{{"text", "Hello there."}, {"usage", {{"type", "duration"}, {"seconds", 3}}}}));
  form.response_format = TranscriptFormat::text;
  EXPECT_EQ(encode_transcript(sample(), form).body, "Hello there.\n");
}

TEST(Transcript, verbose_json_has_openais_shape) {
  TranscriptionForm form;
  form.response_format = TranscriptFormat::verbose_json;
  form.word_timestamps = true;
  form.temperature = 0.5;
  const auto json = boost::json::parse(encode_transcript(sample(), form).body).as_object();
  EXPECT_EQ(json.at("task"), "transcribe");
  EXPECT_EQ(json.at("language"), "english");
  EXPECT_EQ(json.at("duration").to_number<double>(), 2.401);
  const auto& segment = json.at("segments").at(0).as_object();
  for (const std::string_view key : {"id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
                                     "compression_ratio", "no_speech_prob"}) {
    EXPECT_TRUE(segment.contains(key)) << key;
  }
  EXPECT_EQ(segment.at("tokens"), (boost::json::array{1, 2}));
  EXPECT_GT(segment.at("compression_ratio").to_number<double>(), 0.1);
  EXPECT_EQ(json.at("segments").at(1).at("seek").to_number<int>(), 150);
  EXPECT_EQ(json.at("words").as_array().size(), 2U);
  EXPECT_EQ(json.at("words").at(1), (boost::json::value{{"word", "there"}, {"start", 1.6}, {"end", 2.3}}));
  form.segment_timestamps = false;
  EXPECT_FALSE(boost::json::parse(encode_transcript(sample(), form).body).as_object().contains("segments"));
}

TEST(Transcript, subtitles) {
  Transcript t = sample();
  t.segments[1].text = " a <b> & c\n\n --> d";
  TranscriptionForm form;
  form.response_format = TranscriptFormat::srt;
  EXPECT_EQ(encode_transcript(t, form).body,
            "1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n00:00:01,500 --> 00:00:02,400\na <b> & c   --> d\n\n");
  form.response_format = TranscriptFormat::vtt;
  EXPECT_EQ(encode_transcript(t, form).body,
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello\n\n"
            "00:00:01.500 --> 00:00:02.400\na &lt;b&gt; &amp; c   --&gt; d\n\n");
}

TEST(Transcript, times_round_and_carry) {
  EXPECT_EQ(subtitle_time(59.9996, SubtitleKind::vtt), "00:01:00.000");
  EXPECT_EQ(subtitle_time(3599.9994, SubtitleKind::srt), "00:59:59,999");
  EXPECT_EQ(subtitle_time(100 * 3600.0, SubtitleKind::vtt), "100:00:00.000");
  EXPECT_EQ(subtitle_time(-1, SubtitleKind::vtt), "00:00:00.000");
  EXPECT_EQ(subtitle_time(std::numeric_limits<double>::quiet_NaN(), SubtitleKind::vtt), "00:00:00.000");
}

TEST(Transcript, languages_have_names) {
  EXPECT_EQ(language_name("de"), "german");
  EXPECT_EQ(language_name("yue"), "cantonese");
  EXPECT_EQ(language_name("tlh"), "tlh");
}

TEST(Transcript, stream_events) {
  EXPECT_EQ(encode_transcript_delta(" you", 2),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\" you\",\"segment_id\":\"seg_2\"}\n\n");
  EXPECT_EQ(encode_transcript_done("a", 1.2),
            "data: {\"type\":\"transcript.text.done\",\"text\":\"a\",\"usage\":"
            "{\"type\":\"duration\",\"seconds\":2}}\n\n");
  const std::string event = encode_transcript_segment(sample().segments[0], SegmentWords::include);
  const auto json = boost::json::parse(std::string_view(event).substr(6));
  EXPECT_EQ(json.at("id"), "seg_0");
  EXPECT_EQ(json.at("words").at(0).at("word"), "Hello");
}

TEST(TranscriptEvents, are_read_from_the_engine) {
  const auto segment = decode_transcript_event(
      R"({"type":"transcript.text.segment","id":3,"start":0.5,"end":2.4,"text":"hi","avg_logprob":-0.3,"no_speech_prob":0.1,"words":[{"word":"hi","start":0.5,"end":1,"probability":0.9}]})");
  ASSERT_TRUE(segment.has_value());
  EXPECT_EQ(std::get<TranscriptSegment>(*segment), (TranscriptSegment{.id = 3,
                                                                      .start = 0.5,
                                                                      .end = 2.4,
                                                                      .text = "hi",
                                                                      .avg_logprob = -0.3,
                                                                      .no_speech_prob = 0.1,
                                                                      .tokens = {},
                                                                      .words = {{"hi", 0.5, 1, 0.9}}}));
  const auto done =
      decode_transcript_event(R"({"type":"transcript.text.done","text":"hi","duration":2.5,"language":"en"})");
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(std::get<EngineTranscriptDone>(*done).duration, 2.5);
  const auto error =
      decode_transcript_event(R"({"error":{"message":"no","type":"server_error","param":null,"code":"x"}})");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(std::get<ApiError>(*error).code, "x");
}

TEST(TranscriptEvents, refuse_nonsense) {
  for (const std::string_view bad :
       {"", "{}", "[DONE]", R"({"type":"transcript.text.segment"})", R"({"type":"other","text":"x"})",
        R"({"type":"transcript.text.segment","text":"x","start":-1})",
        R"({"type":"transcript.text.segment","text":"x","words":[1]})"}) {
    const auto event = decode_transcript_event(bad);
    ASSERT_FALSE(event.has_value()) << bad;
    EXPECT_TRUE(event.error().is(Errc::protocol_error)) << bad;
  }
}

}  // namespace
}  // namespace hearth::dialects
