#include "damage.h"
#include "gguf_metadata.h"

#include <hearth/models/model_file.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiny_models/tiny_models.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace hearth::models {
namespace {

using fixtures::GgmlType;
using fixtures::gguf_text;
using fixtures::GgufWriter;
using fixtures::little;
using testing::HasSubstr;

void zeros(std::uint64_t, std::span<float> out) {
  std::ranges::fill(out, 0.0F);
}

// A language model's header without its vocabulary, and one tensor.
GgufWriter small(std::string_view architecture = "llama", std::uint32_t version = 3, std::uint32_t alignment = 32) {
  GgufWriter file(version, alignment);
  file.add("general.architecture", architecture);
  file.add("tokenizer.ggml.model", "gpt2");
  file.tensor("token_embd.weight", {64, 10}, GgmlType::f16, zeros);
  return file;
}

TEST(Gguf, ReadsALanguageModel) {
  const auto facts = read_bytes(fixtures::tiny_llama({.weights = GgmlType::q8_0}).bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->format, Format::gguf);
  EXPECT_EQ(facts->format_version, 3);
  EXPECT_EQ(facts->architecture, "llama");
  EXPECT_EQ(facts->name, "tiny-llama");
  EXPECT_EQ(facts->licence, "apache-2.0");
  EXPECT_EQ(facts->kind, "model");
  EXPECT_EQ(facts->task, Task::chat);
  EXPECT_EQ(facts->quantisation, "Q8_0");
  EXPECT_EQ(facts->tensors, 21);
  EXPECT_EQ(facts->tensor_types.at("F32").count, 5);
  EXPECT_EQ(facts->tensor_types.at("Q8_0").bytes, facts->tensor_types.at("Q8_0").elements / 32 * 34);
  EXPECT_FALSE(facts->output_tied);
  ASSERT_TRUE(facts->transformer);
  const TransformerFacts& t = *facts->transformer;
  EXPECT_EQ(t.context_length, 512);
  EXPECT_EQ(t.embedding_length, 64);
  EXPECT_EQ(t.feed_forward_length, 128);
  EXPECT_EQ(t.layers, 2);
  EXPECT_EQ(t.heads, 4);
  EXPECT_EQ(t.kv_heads, 2);
  EXPECT_EQ(t.key_length, 16);
  EXPECT_EQ(t.value_length, 16);
  EXPECT_EQ(facts->token_embedding, t.vocabulary * 64 / 32 * 34);
  EXPECT_TRUE(t.chat_template);
  EXPECT_TRUE(t.chat_template_tools);
  EXPECT_TRUE(t.causal);
  EXPECT_EQ(t.tokenizer, "llama");
  EXPECT_FALSE(facts->split);
}

TEST(Gguf, KnowsEncodersAndRerankers) {
  const auto encoder = read_bytes(fixtures::tiny_bert({}).bytes());
  ASSERT_TRUE(encoder) << encoder.error().describe();
  EXPECT_EQ(encoder->task, Task::embedding);
  EXPECT_EQ(encoder->transformer->pooling, Pooling::mean);
  EXPECT_FALSE(encoder->transformer->causal);
  const auto reranker = read_bytes(fixtures::tiny_bert({.pooling = 4}).bytes());
  ASSERT_TRUE(reranker) << reranker.error().describe();
  EXPECT_EQ(reranker->task, Task::rerank);
}

TEST(Gguf, ReadsVersionTwoAndOtherAlignments) {
  GgufWriter file = small("llama", 2, 64);
  file.add("general.alignment", 64u);
  file.tensor("output.weight", {3}, GgmlType::f32, zeros);
  file.tensor("output_norm.weight", {5}, GgmlType::f32, zeros);
  const auto facts = read_bytes(file.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->format_version, 2);
  EXPECT_EQ(facts->tensor_bytes, 64 * 10 * 2 + 3 * 4 + 5 * 4);
  EXPECT_EQ(facts->quantisation, "F16");
}

TEST(Gguf, ReadsEveryKindOfValue) {
  GgufWriter file = small();
  const std::vector<std::pair<std::uint32_t, std::string>> values{{0, little(std::uint8_t{200})},
                                                                  {1, little(std::int8_t{-3})},
                                                                  {2, little(std::uint16_t{60'000})},
                                                                  {3, little(std::int16_t{-9})},
                                                                  {4, little(std::uint32_t{7})},
                                                                  {5, little(std::int32_t{7})},
                                                                  {6, little(1.5F)},
                                                                  {7, little(std::uint8_t{1})},
                                                                  {8, gguf_text("text")},
                                                                  {10, little(std::uint64_t{1} << 40)},
                                                                  {11, little(std::int64_t{9})},
                                                                  {12, little(2.5)}};
  for (const auto& [type, bytes] : values) {
    file.add_raw("x.value_" + std::to_string(type), type, bytes);
    std::string list = little(type) + little(std::uint64_t{3});
    for (int i = 0; i < 3; ++i) list += bytes;
    file.add_raw("x.list_" + std::to_string(type), 9, list);
    file.add_raw("x.none_" + std::to_string(type), 9, little(type) + little(std::uint64_t{0}));
  }
  const std::string bytes = file.bytes();
  ASSERT_TRUE(read_bytes(bytes)) << refusal(bytes);
  MemorySource source(bytes);
  ByteReader reader(source, 24, bytes.size());
  const GgufMetadata metadata = GgufMetadata::read(reader, 2 + values.size() * 3);
  ASSERT_FALSE(reader.failed());
  EXPECT_EQ(metadata.number("x.value_0"), 200);
  EXPECT_EQ(metadata.number("x.value_1"), 0);
  EXPECT_EQ(metadata.number("x.value_2"), 60'000);
  EXPECT_EQ(metadata.number("x.value_6"), 0);
  EXPECT_TRUE(metadata.flag("x.value_7", false));
  EXPECT_EQ(metadata.text("x.value_8"), "text");
  EXPECT_EQ(metadata.number("x.value_10"), 0) << "past 32 bits";
  EXPECT_EQ(*metadata.find("x.value_10")->whole, std::uint64_t{1} << 40);
  EXPECT_EQ(metadata.find("x.list_10")->numbers.front(), ~std::uint32_t{0});
  EXPECT_EQ(metadata.largest("x.list_0"), 200);
  EXPECT_EQ(metadata.find("x.list_8")->texts, (std::vector<std::string>{"text", "text", "text"}));
  EXPECT_EQ(metadata.find("x.list_12")->count, 3);
}

TEST(Gguf, ReadsWhatLayersDifferIn) {
  GgufWriter file = small("gemma3n");
  file.add("gemma3n.block_count", 4u);
  file.add("gemma3n.embedding_length", 64u);
  file.add("gemma3n.attention.head_count", 4u);
  const std::vector<std::int32_t> kv{2, 1, 2, 0};
  file.add("gemma3n.attention.head_count_kv", std::span<const std::int32_t>(kv));
  file.add("gemma3n.attention.sliding_window", 128u);
  file.add_raw("gemma3n.attention.sliding_window_pattern", 9,
               little(std::uint32_t{7}) + little(std::uint64_t{4}) + std::string("\1\1\0\1", 4));
  file.add("gemma3n.attention.shared_kv_layers", 1u);
  const auto facts = read_bytes(file.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->transformer->kv_heads, 2);
  EXPECT_EQ(facts->transformer->kv_heads_by_layer, (std::vector<std::uint32_t>{2, 1, 2, 0}));
  EXPECT_EQ(facts->transformer->sliding_window, 128);
  EXPECT_EQ(facts->transformer->sliding_window_by_layer, (std::vector<bool>{true, true, false, true}));
  EXPECT_EQ(facts->transformer->shared_kv_layers, 1);
}

TEST(Gguf, FindsRecurrentLayersByTheirTensors) {
  GgufWriter file = small("hybrid");
  file.add("hybrid.block_count", 3u);
  file.tensor("blk.0.ssm_in.weight", {32}, GgmlType::f32, zeros);
  file.tensor("blk.0.attn_qkv.weight", {32}, GgmlType::f32, zeros);
  file.tensor("blk.1.attn_k.weight", {32}, GgmlType::f32, zeros);
  file.tensor("blk.2.attn_qkv.weight", {32}, GgmlType::f32, zeros);
  const auto facts = read_bytes(file.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->transformer->recurrent_by_layer, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(facts->transformer->attention_by_layer, (std::vector<bool>{false, true, true}));
}

TEST(Gguf, KnowsPartsAdaptersAndProjectors) {
  GgufWriter part = small();
  part.add("split.no", std::uint16_t{1});
  part.add("split.count", std::uint16_t{3});
  part.add_raw("split.tensors.count", 5, little(std::int32_t{291}));
  const auto facts = read_bytes(part.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  ASSERT_TRUE(facts->split);
  EXPECT_EQ(facts->split->index, 1);
  EXPECT_EQ(facts->split->count, 3);
  EXPECT_EQ(facts->split->tensors, 291);

  GgufWriter adapter = small();
  adapter.add("general.type", "adapter");
  EXPECT_EQ(read_bytes(adapter.bytes())->task, Task::adapter);

  GgufWriter projector = small("clip");
  projector.add("clip.has_vision_encoder", true);
  projector.add("clip.projector_type", "gemma3");
  projector.add("clip.vision.image_size", 896u);
  projector.add("clip.vision.projection_dim", 2560u);
  const auto eyes = read_bytes(projector.bytes());
  ASSERT_TRUE(eyes) << eyes.error().describe();
  EXPECT_EQ(eyes->task, Task::projector);
  EXPECT_TRUE(eyes->projector->vision);
  EXPECT_FALSE(eyes->projector->audio);
  EXPECT_EQ(eyes->projector->type, "gemma3");
  EXPECT_EQ(eyes->projector->image_size, 896);
  EXPECT_EQ(eyes->projector->projection, 2560);
}

// Of a split model the first part has the metadata, the others tensors only.
std::string part_bytes(std::uint16_t index, std::uint16_t count, std::int32_t tensors) {
  GgufWriter file(3);
  if (index == 0) {
    file.add("general.architecture", "llama");
    file.add("tokenizer.ggml.model", "gpt2");
    file.add("llama.block_count", 2u);
  }
  file.add("split.no", index);
  file.add("split.count", count);
  file.add_raw("split.tensors.count", 5, little(tensors));
  file.tensor("blk." + std::to_string(index) + ".attn_k.weight", {32, 4}, GgmlType::f16, zeros);
  return file.bytes();
}

TEST(Gguf, JoinsParts) {
  const auto parts = [](std::vector<std::string> files) {
    std::vector<ModelFacts> facts;
    for (const std::string& file : files) {
      auto part = read_bytes(file);
      EXPECT_TRUE(part) << part.error().describe();
      if (part) facts.push_back(*std::move(part));
    }
    return join_parts(std::move(facts));
  };
  const std::string a = part_bytes(0, 3, 3);
  const std::string b = part_bytes(1, 3, 3);
  const std::string c = part_bytes(2, 3, 3);
  const auto whole = parts({c, a, b});
  ASSERT_TRUE(whole) << whole.error().describe();
  EXPECT_EQ(whole->architecture, "llama");
  EXPECT_EQ(whole->task, Task::chat);
  EXPECT_EQ(whole->tensors, 3);
  EXPECT_EQ(whole->tensor_bytes, 3 * 256);
  EXPECT_EQ(whole->tensor_types.at("F16").count, 3);
  EXPECT_FALSE(whole->split);
  EXPECT_EQ(read_bytes(b)->task, Task::unknown);
  EXPECT_THAT(parts({a, c}).error().message(), HasSubstr("number 2 is missing"));
  EXPECT_THAT(parts({a, b}).error().message(), HasSubstr("number 3 is missing"));
  EXPECT_THAT(parts({a, b, b, c}).error().message(), HasSubstr("number 3"));
  EXPECT_THAT(parts({a, b, part_bytes(2, 4, 3)}).error().message(), HasSubstr("number 3"));
  EXPECT_THAT(parts({part_bytes(0, 2, 5), part_bytes(1, 2, 5)}).error().message(),
              HasSubstr("have 2 tensors and should have 5"));
  EXPECT_TRUE(join_parts({}).error().is(Errc::invalid_argument));
}

TEST(Gguf, TakesTypesOfANewerGgml) {
  std::string bytes = small().bytes();
  const std::size_t name = bytes.find("token_embd.weight");
  const std::size_t type = name + 17 + 4 + 16;
  bytes.replace(type, 4, little(std::uint32_t{77}));
  const auto facts = read_bytes(bytes);
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->tensor_types.at("type 77").bytes, 64 * 10 * 2) << "up to the end of the file";
  bytes.replace(type, 4, little(std::uint32_t{77'777}));
  EXPECT_THAT(refusal(bytes), HasSubstr("type 77777"));
}

TEST(Gguf, RefusesAbsurdCountsAtOnce) {
  const std::string head = "GGUF" + little(std::uint32_t{3});
  EXPECT_THAT(refusal(head + little(std::uint64_t{1} << 60) + little(std::uint64_t{1})), HasSubstr("tensors"));
  EXPECT_THAT(refusal(head + little(std::uint64_t{1}) + little(std::uint64_t{1} << 60)), HasSubstr("keys"));
  const auto with_list = [&](std::uint32_t type, std::uint64_t count) {
    GgufWriter file = small();
    file.add_raw("x.list", 9, little(type) + little(count));
    return refusal(file.bytes());
  };
  for (const std::uint32_t type : {0u, 7u, 8u, 12u}) {
    EXPECT_THAT(with_list(type, std::uint64_t{1} << 60), HasSubstr("'x.list' would have 1152921504606846976 entries"));
    EXPECT_THAT(with_list(type, ~std::uint64_t{0}), HasSubstr("entries"));
  }
  EXPECT_THAT(with_list(9, 1), HasSubstr("list of lists"));
  EXPECT_THAT(with_list(13, 1), HasSubstr("type 13"));
  GgufWriter text = small();
  text.add_raw("x.text", 8, little(std::uint64_t{1} << 62));
  EXPECT_THAT(refusal(text.bytes()), HasSubstr("x.text would be"));
}

TEST(Gguf, RefusesWhatContradictsItself) {
  GgufWriter twice = small();
  twice.add("general.architecture", "bert");
  EXPECT_THAT(refusal(twice.bytes()), HasSubstr("twice"));

  GgufWriter names = small();
  names.tensor("token_embd.weight", {4}, GgmlType::f32, zeros);
  EXPECT_THAT(refusal(names.bytes()), HasSubstr("two tensors have one name"));

  GgufWriter nameless(3);
  nameless.tensor("a", {4}, GgmlType::f32, zeros);
  EXPECT_THAT(refusal(nameless.bytes()), HasSubstr("general.architecture"));

  GgufWriter odd = small();
  odd.add("general.alignment", 24u);
  EXPECT_THAT(refusal(odd.bytes()), HasSubstr("alignment is 24"));

  GgufWriter deep = small();
  deep.add("llama.block_count", 1'000'000u);
  EXPECT_THAT(refusal(deep.bytes()), HasSubstr("1000000 layers"));

  GgufWriter rows = small();
  rows.tensor("a", {33, 2}, GgmlType::q8_0, zeros);
  EXPECT_THAT(refusal(rows.bytes()), HasSubstr("rows of 33 numbers"));

  GgufWriter part = small();
  part.add("split.no", std::uint16_t{3});
  part.add("split.count", std::uint16_t{3});
  EXPECT_THAT(refusal(part.bytes()), HasSubstr("part 4 of 3"));
}

TEST(Gguf, RefusesTensorsThatLieWrong) {
  GgufWriter file = small();
  file.tensor("output.weight", {64, 10}, GgmlType::f16, zeros);
  std::string bytes = file.bytes();
  const std::size_t offset = bytes.find("output.weight") + 13 + 4 + 16 + 4;
  const auto with_offset = [&](std::uint64_t value) {
    bytes.replace(offset, 8, little(value));
    return refusal(bytes);
  };
  EXPECT_EQ(with_offset(1280), "accepted");
  EXPECT_THAT(with_offset(1281), HasSubstr("multiple of 32"));
  EXPECT_THAT(with_offset(0), HasSubstr("over another"));
  EXPECT_THAT(with_offset(1248), HasSubstr("over another"));
  EXPECT_THAT(with_offset(1312), HasSubstr("cut off"));
  EXPECT_THAT(with_offset(~std::uint64_t{31}), HasSubstr("cut off"));
}

TEST(Gguf, SaysWhatItIsInsteadOfAModel) {
  EXPECT_THAT(refusal("GGUF" + little(std::uint32_t{1}) + std::string(16, '\0')), HasSubstr("version 1"));
  EXPECT_THAT(refusal("GGUF" + little(std::uint32_t{9}) + std::string(16, '\0')), HasSubstr("version 9"));
  EXPECT_THAT(refusal("GGUF" + little(std::uint32_t{0x03000000}) + std::string(16, '\0')), HasSubstr("big-endian"));
  GgufWriter vocabulary(3);
  vocabulary.add("general.architecture", "llama");
  EXPECT_THAT(refusal(vocabulary.bytes()), HasSubstr("no weights"));
}

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string bytes = fixtures::tiny_bert({.layers = 1}).bytes();
  EXPECT_THAT(
      refusal(std::string_view(bytes).substr(0, bytes.size() / 2)),
      HasSubstr("at least " + std::to_string(bytes.size()) + " bytes long and is " + std::to_string(bytes.size() / 2)));
  expect_truncations_are_refused(bytes, 97, [](std::size_t) { return false; });
  EXPECT_THAT(refusal(std::string_view(bytes).substr(0, bytes.size() - 40)),
              HasSubstr("cut off: it should be at least"));
}

TEST(Gguf, EveryTurnedBitIsSurvived) {
  GgufWriter file = small();
  file.add("llama.block_count", 2u);
  file.tensor("blk.0.attn_k.weight", {32, 4}, GgmlType::q4_0, zeros);
  file.tensor("blk.1.attn_k.weight", {32, 4}, GgmlType::q4_0, zeros);
  expect_turned_bits_are_survived(file.bytes().substr(0, file.header().size() + 100), 1);
  expect_turned_bits_are_survived(file.bytes(), 3);
}

}  // namespace
}  // namespace hearth::models
