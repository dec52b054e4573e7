#include "transcript.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

Transcript example() {
  Transcript t;
  t.segments = {{0.5, 2.25, " Good <morning>.", {{"Good", 0.5, 1.0}, {"morning", 1.0, 2.25}}, 0, 0},
                {3661.0, 3662.5, "And\n\nbye.", {{"And", 3661, 3662}, {"bye", 3662, 3662.5}}, 0, 0}};
  t.text = "Good <morning>. And bye.";
  t.language = "english";
  t.duration = 3663;
  return t;
}

TEST(WriteTranscript, SubRip) {
  EXPECT_EQ(write_transcript(example(), TranscriptFormat::srt, Words::leave_out),
            "1\n00:00:00,500 --> 00:00:02,250\nGood <morning>.\n\n"
            "2\n01:01:01,000 --> 01:01:02,500\nAnd\nbye.\n\n");
}

TEST(WriteTranscript, WebVttEscapesAndHasItsHead) {
  const std::string vtt = write_transcript(example(), TranscriptFormat::vtt, Words::leave_out);
  EXPECT_TRUE(vtt.starts_with("WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nGood &lt;morning&gt;.\n\n")) << vtt;
}

TEST(WriteTranscript, ACueHasNoEmptyLine) {
  const std::string srt = write_transcript(example(), TranscriptFormat::srt, Words::leave_out);
  EXPECT_EQ(srt.find("And\n\nbye"), std::string::npos);
}

TEST(WriteTranscript, WordsGetCuesOfTheirOwn) {
  const std::string srt = write_transcript(example(), TranscriptFormat::srt, Words::include);
  EXPECT_NE(srt.find("2\n00:00:01,000 --> 00:00:02,250\nmorning\n"), std::string::npos) << srt;
  EXPECT_NE(srt.find("4\n01:01:02,000"), std::string::npos) << srt;
}

TEST(WriteTranscript, Text) {
  EXPECT_EQ(write_transcript(example(), TranscriptFormat::text, Words::leave_out), "Good <morning>. And bye.\n");
}

TEST(WriteTranscript, VerboseJsonHasSegmentsAndWords) {
  const auto v = json::parse(write_transcript(example(), TranscriptFormat::verbose_json, Words::include));
  ASSERT_TRUE(v);
  EXPECT_EQ(json::list(*v, "segments").size(), 2U);
  EXPECT_EQ(json::list(*v, "words").size(), 4U);
  EXPECT_EQ(json::text(*v, "language"), "english");
}

TEST(TranscriptFormat, ByTheEndingOfAFile) {
  EXPECT_EQ(transcript_format_of_file("a/film.srt"), TranscriptFormat::srt);
  EXPECT_EQ(transcript_format_of_file("film.vtt"), TranscriptFormat::vtt);
  EXPECT_EQ(transcript_format_of_file("film.json"), TranscriptFormat::verbose_json);
  EXPECT_EQ(transcript_format_of_file("film.txt"), TranscriptFormat::text);
  EXPECT_EQ(transcript_format_of_file("folder.srt/film"), std::nullopt);
  EXPECT_EQ(transcript_format_of_file("-"), std::nullopt);
}

TEST(ReadSegment, OfAnEvent) {
  const auto event = json::parse(
      R"({"type":"transcript.text.segment","id":"seg_0","start":1,"end":2.5,"text":"hi","words":[{"word":"hi","start":1,"end":2.5}]})");
  ASSERT_TRUE(event);
  const Segment s = read_segment(*event);
  EXPECT_EQ(s.start, 1) << "an integer is a number too";
  EXPECT_EQ(s.text, "hi");
  ASSERT_EQ(s.words.size(), 1U);
  EXPECT_EQ(s.words[0].end, 2.5);
}

}  // namespace
}  // namespace hearth::tool
