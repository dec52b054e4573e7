// Embeddings and speech through the real runtime in its pack, with planted models: the contract, not real weights.
#include "packed_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

namespace hearth::onnx {
namespace {

using namespace hearth::onnx::testing;  // NOLINT(google-build-using-namespace): the tests' own helpers
namespace json = boost::json;

// A "transformer" whose hidden state is a row of a table for each token.
std::string lookup_encoder() {
  OnnxFile file;
  for (const char* name : {"input_ids", "attention_mask", "token_type_ids"}) file.input(name, Type::int64, {-1, -1});
  std::vector<float> table(7 * 4, 0.0F);
  for (std::size_t token = 0; token < 7; ++token) table[token * 4 + token % 4] = 1 + static_cast<float>(token);
  file.constant("table", {7, 4}, table);
  file.node("Gather", {"table", "input_ids"}, {"last_hidden_state"});
  file.output("last_hidden_state", Type::float32, {-1, -1, 4});
  return file.bytes();
}

TEST(EmbeddingContract, PoolsAndNormalises) {
  const Folder folder;
  const std::string model = folder.write("enc.onnx", lookup_encoder());
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nred\ngreen\n##s\n");
  PackedEngine engine({"--task", "embedding", "--model", model, "--name", "tiny"});
  ASSERT_TRUE(engine.ready());
  const json::value answer = json_of(engine.post("/v1/embeddings", R"({"input":["Red greens","red"],"model":"tiny"})"));
  EXPECT_EQ(answer.at("model").as_string(), "tiny");
  EXPECT_EQ(answer.at("usage").at("prompt_tokens").to_number<int>(), 5 + 3);
  ASSERT_EQ(answer.at("data").as_array().size(), 2U);
  // [CLS] red green ##s [SEP] are rows 2, 4, 5, 6, 3: sums by column are 5, 6, 3 + 7, 4.
  const std::vector<double> sums{5, 6, 10, 4};
  const double length = std::sqrt(std::inner_product(sums.begin(), sums.end(), sums.begin(), 0.0));
  for (std::size_t d = 0; d < 4; ++d)
    EXPECT_NEAR(answer.at("data").at(0).at("embedding").at(d).to_number<double>(), sums[d] / length, 1e-6);
  const json::value short_one =
      json_of(engine.post("/v1/embeddings", R"({"input":"red","dimensions":1,"encoding_format":"base64"})"));
  EXPECT_EQ(short_one.at("data").at(0).at("embedding").as_string(), "AACAPw==") << "1.0";
  EXPECT_EQ(json_of(engine.post("/v1/embeddings", R"({"input":[1171]})")).at("data").as_array().size(), 1U)
      << "a token id of cl100k_base";
  EXPECT_EQ(error_code(engine.post("/v1/embeddings", R"({"input":"red","dimensions":5})"), 400), "invalid_value");
  EXPECT_EQ(error_code(engine.post("/v1/embeddings", R"({"input":[]})"), 400), "empty_array");

  PackedEngine first({"--task", "embedding", "--model", model, "--pooling", "cls"});
  ASSERT_TRUE(first.ready());
  EXPECT_EQ(json_of(first.post("/v1/embeddings", R"({"input":"red"})"))
                .at("data")
                .at(0)
                .at("embedding")
                .at(2)
                .to_number<double>(),
            1);
}

std::vector<double> samples_of(const kit::testing::Answer& answer) {
  std::vector<double> out;
  for (std::size_t i = 0; i + 1 < answer.body.size(); i += 2) {
    std::int16_t sample = 0;
    std::memcpy(&sample, answer.body.data() + i, 2);
    out.push_back(sample / 32767.0);
  }
  return out;
}

TEST(SpeechContract, PiperSpeaksPhonemes) {
  const Folder folder;
  OnnxFile file;
  file.input("input", Type::int64, {-1, -1});
  file.input("input_lengths", Type::int64, {-1});
  file.input("scales", Type::float32, {3});
  // One sample for each id: id / 100 · length scale.
  file.node("Cast", {"input"}, {"ids"}, {{.name = "to", .integers = {1}}});
  file.constant("hundredth", {1}, std::vector<float>{0.01F});
  file.constant("second", {1}, std::vector<std::int64_t>{1});
  file.node("Gather", {"scales", "second"}, {"length"});
  file.node("Mul", {"ids", "hundredth"}, {"quiet"});
  file.node("Mul", {"quiet", "length"}, {"output"});
  file.output("output", Type::float32, {-1, -1});
  const std::string model = folder.write("amy.onnx", file.bytes());
  folder.write("amy.onnx.json",
               R"({"audio":{"sample_rate":22050},"espeak":{"voice":"en-us"},"inference":{"length_scale":1.0},
    "phoneme_id_map":{"_":[0],"^":[1],"$":[2],"a":[14],"ə":[59],".":[10]}})");
  PackedEngine engine({"--task", "speech", "--model", model});
  ASSERT_TRUE(engine.ready());
  const auto answer = engine.post("/v1/audio/speech", R"({"phonemes":"aə. a","speed":2})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "audio/pcm;rate=22050");
  const std::vector<double> expected{1, 0, 14, 0, 59, 0, 10, 0, 2, /* the next sentence */ 1, 0, 14, 0, 2};
  const auto samples = samples_of(answer);
  ASSERT_EQ(samples.size(), expected.size());
  for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_NEAR(samples[i], expected[i] / 200, 1e-4) << i;
  EXPECT_NE(engine.get("/v1/voices").body.find(R"("id":"amy")"), std::string::npos);
  EXPECT_EQ(engine.post("/v1/audio/speech", R"({"phonemes":"a","voice":"alloy"})").status, 200)
      << "a name that clients have built in";
  const json::value heard = json_of(engine.post("/v1/audio/speech/check", R"({"phonemes":"aə. a"})"));
  EXPECT_TRUE(heard.at("audible").as_bool());
  EXPECT_NEAR(heard.at("seconds").to_number<double>(), 14.0 / 22050, 1e-9);
  EXPECT_NEAR(heard.at("peak").to_number<double>(), 0.59, 1e-3);
  EXPECT_EQ(error_code(engine.post("/v1/audio/speech/check", R"({"phonemes":"a","voice":"eve"})"), 400),
            "invalid_value");
  EXPECT_EQ(error_code(engine.post("/v1/audio/speech", R"({"input":"hello"})"), 400), "invalid_value");
  EXPECT_EQ(error_code(engine.post("/v1/audio/speech", R"({"phonemes":"a","voice":"eve"})"), 400), "invalid_value");
  EXPECT_EQ(error_code(engine.post("/v1/audio/speech", R"({"phonemes":"  "})"), 400), "invalid_value");
}

TEST(SpeechContract, KokoroTakesStyleAndSpeed) {
  const Folder folder;
  OnnxFile file;
  file.input("tokens", Type::int64, {1, -1});
  file.input("style", Type::float32, {1, 256});
  file.input("speed", Type::float32, {1});
  // Samples: token / 100 + the style's mean + speed / 10.
  file.node("Cast", {"tokens"}, {"ids"}, {{.name = "to", .integers = {1}}});
  file.constant("hundredth", {1}, std::vector<float>{0.01F});
  file.constant("tenth", {1}, std::vector<float>{0.1F});
  file.node("Mul", {"ids", "hundredth"}, {"a"});
  file.node("ReduceMean", {"style"}, {"b"}, {{.name = "keepdims", .integers = {0}}});
  file.node("Mul", {"speed", "tenth"}, {"c"});
  file.node("Add", {"a", "b"}, {"d"});
  file.node("Add", {"d", "c"}, {"audio"});
  file.output("audio", Type::float32, {1, -1});
  const std::string model = folder.write("kokoro.onnx", file.bytes());
  const std::string config = folder.write("config.json", R"({"vocab":{"a":43,"b":20}})");
  std::string style(3UL * 256 * 4, '\0');
  for (std::size_t i = 0; i < 3UL * 256; ++i) {
    const float value = static_cast<float>(i / 256) / 10;
    std::memcpy(style.data() + i * 4, &value, 4);
  }
  const Folder voices;
  const std::string voice = voices.write("af.bin", style);
  PackedEngine engine(
      {"--task", "speech", "--model", model, "--config", config, "--voices", voice.substr(0, voice.rfind('/'))});
  ASSERT_TRUE(engine.ready());
  const auto answer = engine.post("/v1/audio/speech", R"({"phonemes":"ab","voice":"af","speed":1.5})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "audio/pcm;rate=24000");
  const auto samples = samples_of(answer);
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_NEAR(samples[0], 0.2 + 0.15, 1e-4) << "the third row of the style, for two tokens";
  EXPECT_NEAR(samples[1], 0.43 + 0.35, 1e-4);
}

}  // namespace
}  // namespace hearth::onnx
