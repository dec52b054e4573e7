#include "damage.h"

#include <hearth/models/fit.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <tiny_models/tiny_models.h>

#include <string>
#include <vector>

namespace hearth::models {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1024 * 1024;

ModelFacts llama(std::uint32_t layers = 12) {
  ModelFacts facts;
  facts.format = Format::gguf;
  facts.architecture = "llama";
  facts.tensor_bytes = 200 * kMiB;
  facts.tensor_types["F16"] = {1, 100 * kMiB, 200 * kMiB};
  facts.transformer = TransformerFacts{.context_length = 8192,
                                       .embedding_length = 768,
                                       .feed_forward_length = 2048,
                                       .layers = layers,
                                       .heads = 12,
                                       .kv_heads = 4,
                                       .key_length = 64,
                                       .value_length = 64,
                                       .vocabulary = 16'000,
                                       .tokenizer = "llama"};
  return facts;
}

std::uint64_t cache_of(const ModelFacts& facts, const RunOptions& options) {
  const auto need = predict_memory(facts, options);
  EXPECT_TRUE(need) << need.error().describe();
  return need ? need->cache : 0;
}

// Figures that llama-server wrote to its log for a model of this shape.
TEST(Fit, TheCacheIsWhatTheServerAllocates) {
  EXPECT_EQ(cache_of(llama(), {.context = 8192}), 96 * kMiB);
  EXPECT_EQ(cache_of(llama(), {.context = 2048}), 24 * kMiB);
  EXPECT_EQ(cache_of(llama(), {.context = 8192, .slots = 4}), 96 * kMiB);
  EXPECT_EQ(cache_of(llama(), {.context = 8192, .key_type = "Q8_0", .value_type = "Q8_0"}), 51 * kMiB);
  EXPECT_EQ(cache_of(llama(), {}), 96 * kMiB) << "what it was trained for";
  EXPECT_EQ(cache_of(llama(), {.context = 100}), 3 * kMiB) << "256 tokens are the least";
}

TEST(Fit, TheComputeBufferIsAtLeastWhatTheServerAllocates) {
  const auto compute = [](const RunOptions& options) { return predict_memory(llama(), options)->compute; };
  constexpr std::uint64_t kOther = 2 * kMiB;
  const auto near = [](std::uint64_t bytes, double mebibytes) {
    EXPECT_GE(static_cast<double>(bytes), mebibytes * kMiB);
    EXPECT_LE(static_cast<double>(bytes), mebibytes * kMiB + kOther + mebibytes * kMiB / 10);
  };
  near(compute({.context = 8192}), 27.52);
  near(compute({.context = 2048}), 21.52);
  near(compute({.context = 8192, .flash_attention = false}), 218.01);
}

TEST(Fit, WeightsThatAreRepackedCountTwice) {
  ModelFacts facts = llama();
  facts.tensor_types = {{"Q4_0", {1, 0, 60 * kMiB}}, {"Q8_0", {1, 0, 30 * kMiB}}, {"F32", {1, 0, 10 * kMiB}}};
  facts.tensor_bytes = 100 * kMiB;
  const auto weights = [&](const RunOptions& options) { return predict_memory(facts, options)->weights; };
  EXPECT_EQ(weights({.arm = false}), 160 * kMiB);
  EXPECT_EQ(weights({.arm = true}), 190 * kMiB);
  EXPECT_EQ(weights({.repack = false, .arm = true}), 100 * kMiB);
}

TEST(Fit, WindowsBoundTheCache) {
  ModelFacts facts = llama(6);
  facts.transformer->sliding_window = 512;
  const std::uint64_t row = 2 * 4 * 64 * 2;
  // Nothing says which layers: all are counted in full, and that is said.
  const auto unknown = predict_memory(facts, {.context = 8192});
  EXPECT_EQ(unknown->cache, 6 * 8192 * row);
  EXPECT_EQ(unknown->trust, Trust::upper_bound);
  EXPECT_THAT(unknown->note, HasSubstr("window"));
  facts.transformer->sliding_window_by_layer = {true, true, false, true, true, false};
  EXPECT_EQ(cache_of(facts, {.context = 8192}), (2 * 8192 + 4 * 1024) * row);
  EXPECT_EQ(cache_of(facts, {.context = 512}), 6 * 512 * row) << "a window is no larger than the context";
  facts.transformer->sliding_window_by_layer.clear();
  facts.architecture = "gemma3";
  EXPECT_EQ(cache_of(facts, {.context = 8192}), (8192 + 5 * 1024) * row);
  EXPECT_EQ(cache_of(facts, {.context = 8192, .checkpoints = 3}), (8192 + 5 * 1024 * 4) * row);
}

TEST(Fit, LayersMayKeepNothingOrAState) {
  ModelFacts facts = llama(4);
  const std::uint64_t row = 2 * 4 * 64 * 2;
  facts.transformer->shared_kv_layers = 1;
  EXPECT_EQ(cache_of(facts, {.context = 1024}), 3 * 1024 * row);
  facts.transformer->shared_kv_layers = 0;
  facts.transformer->kv_heads_by_layer = {4, 0, 2, 4};
  EXPECT_EQ(cache_of(facts, {.context = 1024}), 1024 * row * 10 / 4);
  facts.transformer->kv_heads_by_layer.clear();
  facts.transformer->recurrent_by_layer = {true, true, true, false};
  facts.transformer->attention_by_layer = {false, false, false, true};
  facts.transformer->ssm_inner_size = 1536;
  facts.transformer->ssm_state_size = 16;
  facts.transformer->ssm_conv_kernel = 4;
  facts.transformer->ssm_groups = 1;
  const std::uint64_t state = (3 * (1536 + 2 * 16) + 16 * 1536) * 4;
  EXPECT_EQ(cache_of(facts, {.context = 1024}), 1024 * row + 3 * state);
  EXPECT_EQ(cache_of(facts, {.context = 2048, .slots = 2}), 2048 * row + 2 * 3 * state);
  facts.architecture = "mamba";
  facts.transformer->recurrent_by_layer.clear();
  facts.transformer->attention_by_layer.clear();
  EXPECT_EQ(cache_of(facts, {.context = 1024}), 4 * state);
  EXPECT_EQ(cache_of(facts, {.context = 8192}), 4 * state) << "whatever the context";
  facts.transformer->ssm_inner_size = 0;
  EXPECT_EQ(predict_memory(facts, {})->trust, Trust::upper_bound);
}

TEST(Fit, EncodersKeepNothing) {
  const auto facts = read_bytes(fixtures::tiny_bert({}).bytes());
  ASSERT_TRUE(facts);
  const auto need = predict_memory(*facts, {.slots = 4});
  EXPECT_EQ(need->cache, 0);
  EXPECT_GT(need->compute, 0);
}

// whisper.cpp's own figures for the shape of "base": 6.29, 18.87 and 3.15 MB of caches for one text; 16.28, 23.09, 4.66
// and 96.37 MB to compute with.
TEST(Fit, WhisperTakesWhatItSays) {
  ModelFacts facts;
  facts.format = Format::whisper;
  facts.tensor_bytes = 147'370'000;
  facts.whisper = WhisperFacts{.audio_context = 1500,
                               .audio_state = 512,
                               .audio_heads = 8,
                               .audio_layers = 6,
                               .text_context = 448,
                               .text_state = 512,
                               .text_heads = 8,
                               .text_layers = 6,
                               .mels = 80,
                               .vocabulary = 51'865};
  const auto need = predict_memory(facts, {.decoders = 1, .recording = 0});
  ASSERT_TRUE(need);
  EXPECT_NEAR(static_cast<double>(need->cache), 28.31e6, 0.02e6);
  EXPECT_NEAR(static_cast<double>(need->compute), 140.4e6, 3e6);
  EXPECT_GE(need->compute, 140'400'000);
  EXPECT_EQ(predict_memory(facts, {.decoders = 5})->cache - need->cache, 6 * 6'291'456);
  EXPECT_EQ(predict_memory(facts, {.decoders = 1, .recording = 60})->compute - need->compute, 60 * 4 * 24'000);
}

TEST(Fit, OnnxIsAGuessThatGrowsWithThePicture) {
  const auto facts = read_bytes(fixtures::tiny_onnx_recogniser("warm"));
  ASSERT_TRUE(facts);
  const auto small = predict_memory(*facts, {.picture_side = 100});
  const auto large = predict_memory(*facts, {.picture_side = 2000});
  EXPECT_EQ(small->trust, Trust::guess);
  EXPECT_FALSE(small->note.empty());
  EXPECT_GT(large->compute, small->compute);
}

TEST(Fit, AProjectorComesOnTop) {
  ModelFacts eyes;
  eyes.architecture = "clip";
  eyes.tensor_bytes = 300 * kMiB;
  eyes.projector = ProjectorFacts{.vision = true,
                                  .image_size = 448,
                                  .patch_size = 14,
                                  .embedding_length = 1152,
                                  .feed_forward_length = 4304,
                                  .layers = 27,
                                  .heads = 16,
                                  .projection = 768};
  const auto alone = predict_memory(llama(), {});
  const auto seeing = predict_memory(llama(), {}, &eyes);
  ASSERT_TRUE(seeing) << seeing.error().describe();
  EXPECT_GT(seeing->projector, 300 * kMiB);
  EXPECT_EQ(seeing->total(), alone->total() + seeing->projector);
  EXPECT_EQ(seeing->trust, Trust::upper_bound);
  const ModelFacts other = llama();
  EXPECT_TRUE(predict_memory(llama(), {}, &other).error().is(Errc::invalid_argument));
}

TEST(Fit, RefusesOptionsThatCannotBe) {
  EXPECT_TRUE(predict_memory(llama(), {.slots = 0}).error().is(Errc::invalid_argument));
  EXPECT_TRUE(predict_memory(llama(), {.batch = 0}).error().is(Errc::invalid_argument));
  EXPECT_THAT(predict_memory(llama(), {.key_type = "Q9"}).error().message(), HasSubstr("'Q9'"));
}

TEST(Fit, AbsurdHeadersComeOutHuge) {
  ModelFacts facts = llama(4096);
  facts.transformer->kv_heads = facts.transformer->heads = 1u << 24;
  facts.transformer->key_length = facts.transformer->value_length = 1u << 24;
  facts.transformer->context_length = ~std::uint32_t{0};
  const auto need = predict_memory(facts, {.slots = 4096, .batch = 1'000'000, .flash_attention = false});
  ASSERT_TRUE(need);
  EXPECT_EQ(need->cache, std::uint64_t{1} << 60);
  EXPECT_EQ(need->compute, std::uint64_t{1} << 60);
  EXPECT_GT(need->total(), std::uint64_t{1} << 60);
}

TEST(Fit, SaysWhatIsMissing) {
  const auto context = largest_context(llama(), {}, 100 * kMiB);
  ASSERT_FALSE(context);
  EXPECT_TRUE(context.error().is(Errc::resource_exhausted));
  EXPECT_THAT(context.error().message(), HasSubstr("are missing"));
  EXPECT_EQ(largest_context(llama(), {.slots = 2}, 64 * 1024 * kMiB).value(), 2 * 8192)
      << "never more than trained for";
  ModelFacts ears;
  ears.format = Format::whisper;
  EXPECT_TRUE(largest_context(ears, {}, kMiB).error().is(Errc::unsupported));
}

// Models of all sorts, as far as memory depends on them.
rc::Gen<ModelFacts> any_model() {
  return rc::gen::exec([] {
    ModelFacts facts = llama(*rc::gen::inRange<std::uint32_t>(1, 64));
    TransformerFacts& t = *facts.transformer;
    facts.architecture = *rc::gen::element<std::string>("llama", "gemma3", "mamba", "qwen3next", "deepseek2");
    t.context_length = *rc::gen::inRange<std::uint32_t>(1, 262'145);
    t.embedding_length = *rc::gen::inRange<std::uint32_t>(32, 8192);
    t.kv_heads = *rc::gen::inRange<std::uint32_t>(0, 64);
    t.sliding_window = *rc::gen::element<std::uint32_t>(0, 128, 4096);
    t.full_attention_interval = *rc::gen::element<std::uint32_t>(0, 4);
    t.ssm_inner_size = *rc::gen::element<std::uint32_t>(0, 1024);
    t.ssm_state_size = 64;
    t.experts_used = *rc::gen::element<std::uint32_t>(0, 8);
    t.causal = *rc::gen::element(true, true, true, false);
    return facts;
  });
}

rc::Gen<RunOptions> any_options() {
  return rc::gen::exec([] {
    RunOptions options;
    options.slots = *rc::gen::inRange<std::uint32_t>(1, 17);
    options.batch = *rc::gen::element<std::uint32_t>(1, 64, 512, 2048);
    options.key_type = *rc::gen::element<std::string>("F32", "F16", "Q8_0", "Q4_0");
    options.value_type = *rc::gen::element<std::string>("F16", "Q8_0");
    options.flash_attention = *rc::gen::arbitrary<bool>();
    return options;
  });
}

RC_GTEST_PROP(FitProperty, MoreContextNeverTakesLess, ()) {
  const ModelFacts model = *any_model();
  RunOptions options = *any_options();
  options.context = *rc::gen::inRange<std::uint32_t>(1, 1'000'000);
  const auto less = predict_memory(model, options);
  options.context += *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
  const auto more = predict_memory(model, options);
  RC_ASSERT(less && more);
  RC_ASSERT(less->total() <= more->total());
}

RC_GTEST_PROP(FitProperty, MoreSlotsOfTheSameContextNeverTakeLess, ()) {
  const ModelFacts model = *any_model();
  RunOptions options = *any_options();
  const std::uint32_t each = *rc::gen::inRange<std::uint32_t>(1, 100'000);
  options.context = each * options.slots;
  const auto less = predict_memory(model, options);
  options.slots += *rc::gen::inRange<std::uint32_t>(0, 16);
  options.context = each * options.slots;
  const auto more = predict_memory(model, options);
  RC_ASSERT(less && more);
  RC_ASSERT(less->total() <= more->total());
}

RC_GTEST_PROP(FitProperty, TheLargestContextFitsAndTheNextDoesNot, ()) {
  const ModelFacts model = *any_model();
  RunOptions options = *any_options();
  const std::uint64_t budget = *rc::gen::inRange<std::uint64_t>(200, 100'000) * kMiB;
  const auto context = largest_context(model, options, budget);
  const std::uint32_t trained = model.transformer->context_length;
  const std::uint32_t least = std::min(trained, 512u);
  if (!context) {
    options.context = least * options.slots;
    RC_ASSERT(context.error().is(Errc::resource_exhausted));
    RC_ASSERT(predict_memory(model, options)->total() > budget);
    return;
  }
  options.context = *context;
  RC_ASSERT(*context % options.slots == 0u);
  RC_ASSERT(*context / options.slots >= least && *context / options.slots <= trained);
  RC_ASSERT(predict_memory(model, options)->total() <= budget);
  if (*context / options.slots + 256 <= trained) {
    options.context = *context + 256 * options.slots;
    RC_ASSERT(predict_memory(model, options)->total() > budget);
  }
}

}  // namespace
}  // namespace hearth::models
