#include <hearth/kit/frames.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace hearth::kit {
namespace {

constexpr std::uint64_t kMax = 1'000'000;

FrameHeader sample() {
  FrameHeader h;
  h.index = 2;
  h.total = 3;
  h.kind = "page";
  h.number = 7;
  h.width = 20;
  h.height = 10;
  h.channels = 3;
  h.dpi = 199.5;
  h.time = 0.04;
  return h;
}

// Gives `bytes` out a few at a time.
ReadSome source(const std::string& bytes, std::size_t step) {
  return [bytes, step, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t n = std::min({into.size(), step, bytes.size() - at});
    std::memcpy(into.data(), bytes.data() + at, n);
    at += n;
    return n;
  };
}

TEST(Frames, HeaderComesBackAsItWas) {
  const FrameHeader h = sample();
  std::string line = encode_frame_header(h);
  ASSERT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto back = decode_frame_header(line, kMax);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->index, h.index);
  EXPECT_EQ(back->total, h.total);
  EXPECT_EQ(back->kind, h.kind);
  EXPECT_EQ(back->number, h.number);
  EXPECT_EQ(back->width, h.width);
  EXPECT_EQ(back->height, h.height);
  EXPECT_EQ(back->channels, h.channels);
  EXPECT_EQ(back->dpi, h.dpi);
  EXPECT_EQ(back->time, h.time);
  EXPECT_EQ(back->size(), 600U);
}

TEST(Frames, ReadsFramesOneAfterTheOther) {
  FrameHeader gray = sample();
  gray.channels = 1;
  const std::string first(600, '\n');
  const std::string second(200, 'b');
  const std::string stream = encode_frame_header(sample()) + first + encode_frame_header(gray) + second;
  for (const std::size_t step : {1UL, 7UL, 100'000UL}) {
    const ReadSome read = source(stream, step);
    const auto a = read_frame(read, kMax);
    ASSERT_TRUE(a) << a.error().describe();
    EXPECT_EQ(a->pixels, first);
    const auto b = read_frame(read, kMax);
    ASSERT_TRUE(b) << b.error().describe();
    EXPECT_EQ(b->header.channels, 1U);
    EXPECT_EQ(b->pixels, second);
    const auto end = read_frame(read, kMax);
    ASSERT_FALSE(end);
    EXPECT_TRUE(end.error().is(Errc::not_found));
  }
}

TEST(Frames, RefusesWhatIsCutOff) {
  const std::string whole = encode_frame_header(sample()) + std::string(600, 'x');
  for (const std::size_t size : {1UL, 30UL, whole.size() - 601, whole.size() - 600, whole.size() - 1}) {
    const auto frame = read_frame(source(whole.substr(0, size), 64), kMax);
    ASSERT_FALSE(frame) << size;
    EXPECT_TRUE(frame.error().is(Errc::protocol_error)) << size;
  }
}

TEST(Frames, RefusesWrongHeaders) {
  const auto code = [](std::string_view line) {
    const auto h = decode_frame_header(line, kMax);
    return h ? Errc{} : h.error().kind();
  };
  EXPECT_EQ(code(R"({"width":2,"height":2,"channels":1,"size":4})"), Errc{});
  for (const char* wrong :
       {"", "[]", "{", "{}", R"({"width":2,"height":2,"channels":1,"size":5})",
        R"({"width":2,"height":2,"channels":1})", R"({"width":0,"height":2,"channels":1,"size":0})",
        R"({"width":2,"height":2,"channels":2,"size":8})", R"({"width":-2,"height":2,"channels":1,"size":-4})",
        R"({"width":2.5,"height":2,"channels":1,"size":5})", R"({"width":4294967297,"height":1,"channels":1,"size":1})",
        R"({"width":"2","height":2,"channels":1,"size":4})",
        R"({"width":2,"height":2,"channels":1,"size":18446744073709551615})"})
    EXPECT_EQ(code(wrong), Errc::protocol_error) << wrong;
  EXPECT_EQ(code(R"({"width":1001,"height":1000,"channels":1,"size":1001000})"), Errc::too_large);
  EXPECT_EQ(code(R"({"width":4294967295,"height":4294967295,"channels":3,"size":1})"), Errc::too_large);
  EXPECT_EQ(code(std::string(1025, ' ')), Errc::protocol_error);
  const auto endless = read_frame(source(std::string(5000, '{'), 4096), kMax);
  ASSERT_FALSE(endless);
  EXPECT_TRUE(endless.error().is(Errc::protocol_error));
}

}  // namespace
}  // namespace hearth::kit
