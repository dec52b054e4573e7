#include "fake_model.h"
#include "speech/handler.h"
#include "speech/phonemes.h"
#include "speech/voice.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <limits>

namespace hearth::onnx {
namespace {

using testing::FakeModel;
using testing::floats;

using Ints = std::vector<std::int64_t>;

constexpr std::string_view kConfig =
    R"({"audio":{"sample_rate":16000},"num_speakers":2,"speaker_id_map":{"ann":0,"bob":1},
  "espeak":{"voice":"en-us"},"inference":{"noise_scale":0.5,"length_scale":2.0,"noise_w":0.1},
  "phoneme_id_map":{"_":[0],"^":[1],"$":[2],"a":[14],"ə":[59],"̃":[141],"tʃ":[7]}})";

TEST(Piper, ReadsItsConfiguration) {
  const auto config = parse_piper_config(kConfig);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->sample_rate, 16'000);
  EXPECT_FLOAT_EQ(config->length, 2);
  EXPECT_EQ(config->speakers, 2);
  EXPECT_EQ(config->speaker_ids.at("bob"), 1);
  EXPECT_EQ(config->language, "en-us");
  for (const char* bad :
       {"", "[]", "{}", R"({"phoneme_id_map":{}})", R"({"phoneme_id_map":{"a":[1]}})",
        R"({"phoneme_id_map":{"_":[0],"^":[1],"$":["x"]}})", R"({"phoneme_id_map":{"_":[-1],"^":[1],"$":[2]}})",
        R"({"audio":{"sample_rate":1},"phoneme_id_map":{"_":[0],"^":[1],"$":[2]}})",
        R"({"speaker_id_map":{"a":5},"phoneme_id_map":{"_":[0],"^":[1],"$":[2]}})"})
    EXPECT_FALSE(parse_piper_config(bad).has_value()) << bad;
}

TEST(Piper, PhonemesAreSurroundedByPads) {
  const auto config = parse_piper_config(kConfig).value();
  EXPECT_EQ(piper_ids(U"aə", config.ids), (Ints{1, 0, 14, 0, 59, 0, 2}));
  EXPECT_EQ(piper_ids(decomposed("ã?"), config.ids), (Ints{1, 0, 14, 0, 141, 0, 2}))
      << "taken apart; what is unknown is left out";
  EXPECT_EQ(piper_ids(U"", config.ids), (Ints{1, 0, 2}));
  EXPECT_EQ(piper_ids(U"^a$_", config.ids), (Ints{1, 0, 14, 0, 2})) << "marks in the text are no marks";
}

TEST(Kokoro, PhonemesBetweenZeros) {
  const auto ids = parse_kokoro_vocabulary(R"({"vocab":{"a":43,"b":44}})").value();
  EXPECT_EQ(kokoro_ids(U"ab?", ids), (Ints{0, 43, 44, 0}));
  EXPECT_EQ(kokoro_ids(std::u32string(2000, U'a'), ids).size(), kKokoroMost + 2);
  EXPECT_EQ(parse_kokoro_vocabulary(R"({"a":1})")->size(), 1U);
  EXPECT_FALSE(parse_kokoro_vocabulary("{}").has_value());
  EXPECT_FALSE(parse_kokoro_vocabulary(R"({"vocab":{"a":"b"}})").has_value());
}

TEST(Voices, NamesThatClientsHaveBuiltIn) {
  const std::vector<ListedVoice> two{{"a", {}}, {"b", {}}};
  EXPECT_EQ(voice_meant(two, "")->id, "a");
  EXPECT_EQ(voice_meant(two, "b")->id, "b");
  EXPECT_EQ(voice_meant(two, "alloy")->id, "a");
  EXPECT_EQ(voice_meant(two, "ash")->id, "b");
  EXPECT_EQ(voice_meant(two, "cedar")->id, "a");
  EXPECT_EQ(voice_meant(two, "nobody"), nullptr);
}

TEST(Kokoro, Styles) {
  std::string bytes(2 * kKokoroStyleWidth * sizeof(float), '\0');
  EXPECT_EQ(parse_kokoro_style("af", bytes)->rows.size(), 512U);
  EXPECT_FALSE(parse_kokoro_style("af", "").has_value());
  EXPECT_FALSE(parse_kokoro_style("af", bytes.substr(4)).has_value());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data(), &nan, sizeof nan);
  EXPECT_FALSE(parse_kokoro_style("af", bytes).has_value());
}

TEST(Phonemes, PiecesEndWithSentences) {
  using Pieces = std::vector<std::u32string>;
  EXPECT_EQ(spoken_pieces(U"one. two?! three", 100), (Pieces{U"one.", U"two?!", U"three"}));
  EXPECT_EQ(spoken_pieces(U"a b, c d e f", 6), (Pieces{U"a b,", U"c d", U"e f"}));
  EXPECT_EQ(spoken_pieces(U"abcdef", 4), (Pieces{U"abcd", U"ef"}));
  EXPECT_TRUE(spoken_pieces(U"  \n ", 4).empty());
  EXPECT_EQ(decomposed("\xFFé\xC3"), U"e\u0301");
}

RC_GTEST_PROP(Phonemes, PiecesKeepEveryLetter, ()) {
  const auto letters =
      *rc::gen::container<std::u32string>(rc::gen::element<char32_t>(U'a', U'ə', U' ', U'.', U',', U'?'));
  const auto most = static_cast<std::size_t>(*rc::gen::inRange(1, 20));
  std::u32string joined;
  for (const std::u32string& piece : spoken_pieces(letters, most)) {
    RC_ASSERT(!piece.empty());
    RC_ASSERT(piece.size() <= most);
    joined += piece;
  }
  const auto without_blanks = [](std::u32string text) {
    std::erase(text, U' ');
    return text;
  };
  RC_ASSERT(without_blanks(joined) == without_blanks(letters));
}

TEST(Voices, PiperGetsItsTensors) {
  std::vector<Tensor> seen;
  const std::vector<Port> ports{{"input", Element::int64, {1, -1}},
                                {"input_lengths", Element::int64, {1}},
                                {"scales", Element::float32, {3}},
                                {"sid", Element::int64, {1}}};
  const auto make = [&](std::vector<Port> inputs) {
    auto model =
        std::make_unique<FakeModel>(std::move(inputs), std::vector<Port>{{"output", Element::float32, {-1, 1, 1, -1}}},
                                    [&seen](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
                                      seen = in;
                                      return std::vector{floats({1, 1, 1, 2}, {0.5F, -0.5F})};
                                    });
    return make_piper(std::move(model), parse_piper_config(kConfig).value(), "amy");
  };
  const auto voice = make(ports).value();
  EXPECT_EQ(voice->sample_rate(), 16'000);
  EXPECT_EQ(voice->list().size(), 3U);
  EXPECT_EQ(voice->speak(U"a", "bob", 0.5).value(), (std::vector<float>{0.5F, -0.5F}));
  EXPECT_EQ(std::get<1>(seen[0].values), (Ints{1, 0, 14, 0, 2}));
  EXPECT_EQ(std::get<1>(seen[1].values), (Ints{5}));
  EXPECT_EQ(std::get<0>(seen[2].values), (std::vector<float>{0.5F, 4, 0.1F})) << "half as fast is twice as long";
  EXPECT_EQ(std::get<1>(seen[3].values), (Ints{1}));
  EXPECT_EQ(voice->speak(U"a", "eve", 1).error().kind(), Errc::invalid_argument);
  EXPECT_EQ(make({ports[0], ports[1], ports[2]}).error().kind(), Errc::unsupported) << "two speakers and no sid";
}

TEST(Voices, KokoroTakesTheStyleOfTheLength) {
  for (const bool whole : {false, true}) {
    std::vector<Tensor> seen;
    auto model =
        std::make_unique<FakeModel>(std::vector<Port>{{"input_ids", Element::int64, {1, -1}},
                                                      {"style", Element::float32, {1, 256}},
                                                      {"speed", whole ? Element::int32 : Element::float32, {1}}},
                                    std::vector<Port>{{"waveform", Element::float32, {-1}}},
                                    [&seen](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
                                      seen = in;
                                      return std::vector{floats({1}, {2})};
                                    });
    KokoroStyle style{"af", {}};
    for (int row = 0; row < 3; ++row) style.rows.insert(style.rows.end(), kKokoroStyleWidth, static_cast<float>(row));
    const auto voice = make_kokoro(std::move(model), parse_kokoro_vocabulary(R"({"a":43})").value(), {style}).value();
    EXPECT_EQ(voice->sample_rate(), 24'000);
    ASSERT_TRUE(voice->speak(U"aa", "", 0.5).has_value());
    EXPECT_EQ(std::get<1>(seen[0].values), (Ints{0, 43, 43, 0}));
    EXPECT_FLOAT_EQ(std::get<0>(seen[1].values)[0], 2);
    if (whole) {
      EXPECT_EQ(std::get<2>(seen[2].values), (std::vector<std::int32_t>{1}));
    } else {
      EXPECT_EQ(std::get<0>(seen[2].values), (std::vector<float>{0.5F}));
    }
    ASSERT_TRUE(voice->speak(U"aaaaaa", "af", 1).has_value()) << "longer than there are rows";
    EXPECT_EQ(voice->speak(U"a", "zz", 1).error().kind(), Errc::invalid_argument);
  }
}

TEST(Voices, SamplesAreBounded) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_samples(std::vector<float>{0, 1, -1, 5, inf, -inf, std::numeric_limits<float>::quiet_NaN()}),
            (std::vector<std::int16_t>{0, 32767, -32767, 32767, 32767, -32767, 0}));
}

TEST(PhonemeRequest, Parse) {
  const auto good = parse_phoneme_request(R"({"phonemes":"həlˈoʊ","voice":"amy","speed":1.5,"language":"en"})");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->voice, "amy");
  EXPECT_EQ(good->speed, 1.5);
  const auto refused = [](std::string_view body) { return parse_phoneme_request(body).error().param; };
  EXPECT_EQ(refused("{"), "");
  EXPECT_EQ(refused("[]"), "");
  EXPECT_EQ(refused("{}"), "phonemes");
  EXPECT_EQ(refused(R"({"phonemes":1})"), "phonemes");
  EXPECT_EQ(refused(R"({"phonemes":"a","voice":{}})"), "voice");
  EXPECT_EQ(refused(R"({"phonemes":"a","speed":0})"), "speed");
  EXPECT_NE(parse_phoneme_request(R"({"input":"hello"})").error().message.find("espeak-ng"), std::string::npos);
}

}  // namespace
}  // namespace hearth::onnx
