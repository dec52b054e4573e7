#include "random.h"
#include "tiny_models.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace hearth::fixtures {
namespace {

// WordPiece as llama.cpp keeps it: a word's begin carries the mark, what continues a word does not.
std::vector<std::string> make_pieces() {
  std::vector<std::string> pieces{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  std::set<std::string> known;
  const auto add = [&](const std::string& piece) {
    if (known.insert(piece).second) pieces.push_back(piece);
  };
  for (char c = '!'; c <= '~'; ++c) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) continue;
    add(std::string(kWordMark) + c);
    add(std::string(1, c));
  }
  for (const std::string_view word : kWords) {
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    add(std::string(kWordMark) + lower);
  }
  return pieces;
}

}  // namespace

GgufWriter tiny_bert(const TinyBert& o) {
  GgufWriter file;
  const std::vector<std::string> pieces = make_pieces();
  std::vector<std::int32_t> kinds(pieces.size(), 1);
  std::vector<float> scores(pieces.size(), -1000.0F);
  std::fill_n(kinds.begin(), 5, 3);
  kinds[1] = 2;
  file.add("general.architecture", "bert");
  file.add("general.type", "model");
  file.add("general.name", std::string_view(o.name));
  file.add("general.license", "apache-2.0");
  file.add("general.file_type", std::uint32_t{o.weights == GgmlType::f32 ? 0u : o.weights == GgmlType::f16 ? 1u : 7u});
  file.add("bert.context_length", o.context);
  file.add("bert.embedding_length", o.embedding);
  file.add("bert.block_count", o.layers);
  file.add("bert.feed_forward_length", o.feed_forward);
  file.add("bert.attention.head_count", o.heads);
  file.add("bert.attention.layer_norm_epsilon", 1e-12F);
  file.add("bert.attention.causal", false);
  file.add("bert.pooling_type", o.pooling);
  file.add("tokenizer.ggml.model", "bert");
  file.add("tokenizer.ggml.pre", "default");
  file.add("tokenizer.ggml.token_type_count", 2u);
  file.add("tokenizer.ggml.tokens", std::span<const std::string>(pieces));
  file.add("tokenizer.ggml.scores", std::span<const float>(scores));
  file.add("tokenizer.ggml.token_type", std::span<const std::int32_t>(kinds));
  file.add("tokenizer.ggml.padding_token_id", 0u);
  file.add("tokenizer.ggml.unknown_token_id", 1u);
  file.add("tokenizer.ggml.bos_token_id", 2u);
  file.add("tokenizer.ggml.cls_token_id", 2u);
  file.add("tokenizer.ggml.seperator_token_id", 3u);  // spelt so by the format
  file.add("tokenizer.ggml.mask_token_id", 4u);

  const auto matrix = [&](const std::string& name, std::uint64_t width, std::uint64_t height, float size,
                          GgmlType type) {
    auto random = std::make_shared<Random>(o.seed, name);
    file.tensor(name, {width, height}, type, [random, size](std::uint64_t, std::span<float> out) {
      for (float& value : out) value = random->normal() * size;
    });
  };
  const auto vector = [&](const std::string& name, std::uint64_t width, float every) {
    file.tensor(name, {width}, GgmlType::f32,
                [every](std::uint64_t, std::span<float> out) { std::ranges::fill(out, every); });
  };
  const auto norm = [&](const std::string& name) {
    vector(name + ".weight", o.embedding, 1.0F);
    vector(name + ".bias", o.embedding, 0.0F);
  };
  const auto linear = [&](const std::string& name, std::uint64_t width, std::uint64_t height, float size) {
    matrix(name + ".weight", width, height, size / std::sqrt(static_cast<float>(width)), o.weights);
    vector(name + ".bias", height, 0.0F);
  };
  matrix("token_embd.weight", o.embedding, pieces.size(), 1.0F, o.weights);
  matrix("token_types.weight", o.embedding, 2, 0.01F, GgmlType::f32);
  matrix("position_embd.weight", o.embedding, o.context, 0.02F, GgmlType::f32);
  norm("token_embd_norm");
  for (std::uint32_t layer = 0; layer < o.layers; ++layer) {
    const auto name = [&](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
    linear(name("attn_q"), o.embedding, o.embedding, 0.3F);
    linear(name("attn_k"), o.embedding, o.embedding, 0.3F);
    linear(name("attn_v"), o.embedding, o.embedding, 0.3F);
    linear(name("attn_output"), o.embedding, o.embedding, 0.3F);
    norm(name("attn_output_norm"));
    linear(name("ffn_up"), o.embedding, o.feed_forward, 0.3F);
    linear(name("ffn_down"), o.feed_forward, o.embedding, 0.3F);
    norm(name("layer_output_norm"));
  }
  if (o.pooling == 4) {
    linear("cls", o.embedding, o.embedding, 1.0F);
    linear("cls.output", o.embedding, 1, 1.0F);
  }
  return file;
}

}  // namespace hearth::fixtures
