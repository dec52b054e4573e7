#include "any_numbers.h"
#include "fake_model.h"
#include "vad/segments.h"
#include "vad/silero.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace hearth::onnx {
namespace {

using testing::any_numbers;
using testing::FakeModel;
using testing::floats;

constexpr std::size_t kSecond = kVadRate;

// `windows` of one probability after the other.
std::vector<float> run_of(std::initializer_list<std::pair<std::size_t, float>> parts) {
  std::vector<float> p;
  for (const auto& [count, value] : parts) p.insert(p.end(), count, value);
  return p;
}

std::vector<SpeechSegment> segments(const std::vector<float>& p, const SpeechRules& rules = {}) {
  return speech_segments(p, kVadWindow, kVadRate, p.size() * kVadWindow, rules);
}

TEST(SpeechSegments, BeginAndEndWithHysteresis) {
  SpeechRules bare;
  bare.padding = 0;
  const auto found = segments(run_of({{10, 0.1F}, {10, 0.9F}, {5, 0.4F}, {10, 0.8F}, {20, 0.1F}}), bare);
  ASSERT_EQ(found.size(), 1U) << "0.4 is above 0.35 and ends nothing";
  EXPECT_EQ(found[0].start, 10 * kVadWindow);
  EXPECT_EQ(found[0].end, 35 * kVadWindow);
  EXPECT_NEAR(found[0].probability, (10 * 0.9 + 5 * 0.4 + 10 * 0.8) / 25, 1e-5);
}

TEST(SpeechSegments, ShortPausesJoinAndShortSpeechIsDropped) {
  SpeechRules bare;
  bare.padding = 0;
  EXPECT_EQ(segments(run_of({{20, 0.9F}, {2, 0.0F}, {20, 0.9F}}), bare).size(), 1U);
  EXPECT_EQ(segments(run_of({{20, 0.9F}, {5, 0.0F}, {20, 0.9F}}), bare).size(), 2U);
  EXPECT_TRUE(segments(run_of({{10, 0.0F}, {5, 0.9F}, {30, 0.0F}}), bare).empty()) << "160 ms";
  EXPECT_TRUE(segments({}, bare).empty());
  EXPECT_TRUE(segments(run_of({{100, std::numeric_limits<float>::quiet_NaN()}}), bare).empty());
}

TEST(SpeechSegments, PaddingSharesThePause) {
  SpeechRules wide;
  wide.padding = 1;
  const auto found = segments(run_of({{5, 0.0F}, {20, 0.9F}, {10, 0.0F}, {20, 0.9F}, {5, 0.0F}}), wide);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].start, 0U);
  EXPECT_EQ(found[0].end, 30 * kVadWindow);
  EXPECT_EQ(found[1].start, 30 * kVadWindow);
  EXPECT_EQ(found[1].end, 60 * kVadWindow);
}

TEST(SpeechSegments, LongSpeechIsCutWhereItIsWeakest) {
  SpeechRules rules;
  rules.padding = 0;
  rules.max_speech = 2;  // 62 windows
  auto p = run_of({{150, 0.9F}});
  p[50] = 0.6F;
  const auto found = segments(p, rules);
  ASSERT_GE(found.size(), 3U);
  EXPECT_EQ(found[0].end, 50 * kVadWindow);
  for (const SpeechSegment& s : found) EXPECT_LE(s.end - s.start, 2 * kSecond);
  EXPECT_EQ(found.back().end, 150 * kVadWindow);
}

RC_GTEST_PROP(SpeechSegments, AreInOrderAndWithinTheRecording, ()) {
  const auto p = any_numbers(static_cast<std::size_t>(*rc::gen::inRange(0, 400)));
  SpeechRules rules;
  rules.threshold = *rc::gen::element(0.01, 0.5, 0.99);
  rules.min_speech = *rc::gen::element(0.0, 0.1, 5.0);
  rules.min_silence = *rc::gen::element(0.0, 0.1, 60.0);
  rules.padding = *rc::gen::element(0.0, 0.03, 10.0);
  rules.max_speech = *rc::gen::element(1.0, 3.0, 1e9);
  // The recording may end within the last window.
  const std::size_t samples =
      p.size() * kVadWindow - (p.empty() ? 0 : static_cast<std::size_t>(*rc::gen::inRange(0, 512)));
  std::size_t before = 0;
  for (const SpeechSegment& s : speech_segments(p, kVadWindow, kVadRate, samples, rules)) {
    RC_ASSERT(s.start >= before);
    RC_ASSERT(s.end > s.start);
    RC_ASSERT(s.end <= samples);
    RC_ASSERT(s.probability >= 0 && s.probability <= 1);
    before = s.end;
  }
}

// Says the mean of the window as probability, and counts the runs in its state.
std::unique_ptr<FakeModel> counting_model(std::vector<std::vector<float>>* seen) {
  return std::make_unique<FakeModel>(
      std::vector<Port>{
          {"input", Element::float32, {-1, -1}}, {"state", Element::float32, {2, -1, 128}}, {"sr", Element::int64, {}}},
      std::vector<Port>{{"output", Element::float32, {-1, 1}}, {"stateN", Element::float32, {-1, -1, -1}}},
      [seen](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
        EXPECT_EQ(in[0].shape, (Shape{1, 576}));
        EXPECT_EQ(in[1].shape, (Shape{2, 1, 128}));
        EXPECT_EQ(std::get<1>(in[2].values), (std::vector<std::int64_t>{16'000}));
        seen->push_back(std::get<0>(in[0].values));
        auto state = std::get<0>(in[1].values);
        state[0] += 1;
        return std::vector{floats({1, 1}, {state[0] / 10}), floats({2, 1, 128}, state)};
      });
}

TEST(Silero, KeepsContextAndStateAcrossPieces) {
  std::vector<std::vector<float>> seen;
  const auto silero = Silero::create(counting_model(&seen)).value();
  Silero::Stream stream(*silero);
  std::vector<float> p;
  std::vector<std::int16_t> samples(kVadWindow * 2 + 100);
  std::iota(samples.begin(), samples.end(), std::int16_t{0});
  // In pieces that fit no window.
  for (std::size_t at = 0; at < samples.size(); at += 300)
    ASSERT_TRUE(
        stream.push(std::span(samples).subspan(at, std::min<std::size_t>(300, samples.size() - at)), p).has_value());
  EXPECT_EQ(p.size(), 2U);
  ASSERT_TRUE(stream.finish(p).has_value());
  ASSERT_EQ(p.size(), 3U);
  EXPECT_FLOAT_EQ(p[2], 0.3F) << "the state went on";
  EXPECT_FLOAT_EQ(seen[0][0], 0) << "nothing before the start";
  EXPECT_FLOAT_EQ(seen[0][kVadContext + 5], 5 / 32768.0F);
  EXPECT_FLOAT_EQ(seen[1][0], (kVadWindow - kVadContext) / 32768.0F) << "the end of the window before";
  EXPECT_FLOAT_EQ(seen[2][kVadContext + 99], 1123 / 32768.0F);
  EXPECT_FLOAT_EQ(seen[2][kVadContext + 100], 0) << "filled up with silence";
  Silero::Stream fresh(*silero);
  p.clear();
  ASSERT_TRUE(fresh.push(std::span(samples).first(kVadWindow), p).has_value());
  EXPECT_FLOAT_EQ(p[0], 0.1F) << "a new recording starts anew";
}

TEST(Silero, RefusesOtherModels) {
  const auto old = std::make_unique<FakeModel>(std::vector<Port>{{"input", Element::float32, {}},
                                                                 {"sr", Element::int64, {}},
                                                                 {"h", Element::float32, {}},
                                                                 {"c", Element::float32, {}}},
                                               std::vector<Port>{{"output", Element::float32, {}}}, nullptr);
  EXPECT_EQ(Silero::create(std::make_unique<FakeModel>(old->inputs(), old->outputs(), nullptr)).error().kind(),
            Errc::unsupported);
}

TEST(Silero, NumbersThatAreNone) {
  const auto silero =
      Silero::create(
          std::make_unique<FakeModel>(
              std::vector<Port>{
                  {"input", Element::float32, {}}, {"state", Element::float32, {}}, {"sr", Element::int64, {}}},
              std::vector<Port>{{"output", Element::float32, {}}, {"stateN", Element::float32, {}}},
              [](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
                for (const float v : std::get<0>(in[1].values)) EXPECT_EQ(v, 0.0F);
                const float nan = std::numeric_limits<float>::quiet_NaN();
                return std::vector{floats({1, 1}, {nan}), floats({2, 1, 128}, std::vector<float>(256, nan))};
              }))
          .value();
  Silero::Stream stream(*silero);
  std::vector<float> p;
  const std::vector<std::int16_t> samples(kVadWindow * 3);
  ASSERT_TRUE(stream.push(samples, p).has_value());
  EXPECT_EQ(p, (std::vector<float>{0, 0, 0}));
}

}  // namespace
}  // namespace hearth::onnx
