#include "random.h"
#include "tiny_models.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace hearth::fixtures {
namespace {

// llama.cpp's kinds of tokens.
enum TokenKind : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

// A SentencePiece vocabulary. Longer pieces are reached by merging shorter ones, so every prefix of a word is a piece.
struct Vocabulary {
  std::vector<std::string> pieces;
  std::vector<float> scores;
  std::vector<std::int32_t> kinds;
  std::map<std::string, std::uint32_t> ids;

  std::uint32_t add(const std::string& piece, TokenKind kind) {
    const auto [known, fresh] = ids.emplace(piece, static_cast<std::uint32_t>(pieces.size()));
    if (!fresh) return known->second;
    pieces.push_back(piece);
    kinds.push_back(kind);
    // A longer piece is preferred, so a word is merged to its end.
    scores.push_back(kind == normal ? static_cast<float>(piece.size()) - 1000.0F : 0.0F);
    return known->second;
  }
};

// With tools, in the shape that llama.cpp knows from many models: calls are JSON between <tool_call> tags.
constexpr std::string_view kTemplate =
    R"({{ bos_token }}{%- if tools %}{{ '<|system|>Tools:\n' }}{%- for tool in tools %}{{ tool | tojson }}{{ '\n' }}{%- endfor %}{{ 'Answer with <tool_call>{"name": ..., "arguments": ...}</tool_call>' }}{{ '<|end|>' }}{%- endif %}{%- for message in messages %}{{ '<|' + message.role + '|>' }}{%- if message.content %}{{ message.content }}{%- endif %}{%- if message.tool_calls %}{%- for call in message.tool_calls %}{{ '<tool_call>{"name": "' }}{{ call.function.name }}{{ '", "arguments": ' }}{{ call.function.arguments | tojson }}{{ '}</tool_call>' }}{%- endfor %}{%- endif %}{{ '<|end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{ '<|assistant|>' }}{%- endif %})";

Vocabulary make_vocabulary(std::uint32_t wanted) {
  Vocabulary v;
  v.add("<unk>", unknown);
  v.add("<s>", control);
  v.add("</s>", control);
  for (const std::string_view name : {"<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", "<|end|>"})
    v.add(std::string(name), control);
  v.add("<tool_call>", user_defined);
  v.add("</tool_call>", user_defined);
  for (unsigned i = 0; i < 256; ++i) v.add(fmt::format("<0x{:02X}>", i), byte);
  v.add(std::string(kWordMark), normal);
  for (char c = '!'; c <= '~'; ++c) v.add(std::string(1, c), normal);
  for (const std::string_view word : kWords) {
    for (std::size_t length = 1; length <= word.size(); ++length) {
      v.add(std::string(kWordMark) + std::string(word.substr(0, length)), normal);
    }
  }
  while (v.pieces.size() < wanted) v.add(fmt::format("<unused_{}>", v.pieces.size()), unused);
  return v;
}

struct Link {
  std::uint32_t from;
  float weight;
};

// Which tokens call for token t, for each t.
std::vector<std::vector<Link>> make_links(const Vocabulary& v, bool endless, std::uint64_t seed) {
  std::vector<std::vector<Link>> links(v.pieces.size());
  const auto id = [&](const std::string& word) { return v.ids.at(word == "." ? word : std::string(kWordMark) + word); };
  const std::vector<std::string> sentence = split_words(kSentence);
  const auto link = [&](std::uint32_t from, std::uint32_t to, float weight) { links[to].push_back({from, weight}); };
  for (std::size_t i = 0; i + 1 < sentence.size(); ++i) link(id(sentence[i]), id(sentence[i + 1]), 1.0F);
  link(v.ids.at("<|assistant|>"), id(sentence.front()), 1.0F);
  link(v.ids.at("<s>"), id(sentence.front()), 1.0F);
  link(id("."), endless ? id(sentence.front()) : v.ids.at("<|end|>"), 1.0F);
  // Where a call of a tool is demanded, the engine's grammar forbids to end without one: then this is next.
  link(id("."), v.ids.at("<tool_call>"), 0.7F);
  link(v.ids.at("<tool_call>"), v.ids.at("{"), 1.0F);
  link(v.ids.at("}"), v.ids.at("</tool_call>"), 1.0F);
  link(v.ids.at("</tool_call>"), v.ids.at("<|end|>"), 1.0F);
  // Words outside the sentence call for two others, some for a full stop. Few links to a token: each adds noise to it.
  Random random(seed, "links");
  std::vector<std::uint32_t> free;
  for (const std::string_view word : kWords) {
    if (std::ranges::find(sentence, word) == sentence.end()) free.push_back(id(std::string(word)));
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    link(free[i], free[(i + 1 + random.below(7)) % free.size()], 1.0F);
    link(free[i], free[(i + 9 + random.below(20)) % free.size()], 0.95F);
    if (i % 8 == 0) link(free[i], id("."), 0.97F);
  }
  return links;
}

// The table of tokens' vectors, all of length 1. Those of the sentence stand at right angles to all others, so that
// what one of them calls for is certain; the others point anywhere in the dimensions left.
class Table {
 public:
  Table(const Vocabulary& v, std::uint64_t seed) : seed_(seed) {
    const auto reserve = [&](const std::string& piece) { own_.emplace(v.ids.at(piece), own_.size()); };
    for (const std::string& word : split_words(kSentence)) reserve(word == "." ? word : std::string(kWordMark) + word);
    for (const std::string_view piece : {"<s>", "<|assistant|>", "<|end|>", "<tool_call>", "</tool_call>"})
      reserve(std::string(piece));
  }
  void vector(std::uint64_t token, std::span<float> out) const {
    std::ranges::fill(out, 0.0F);
    if (const auto own = own_.find(static_cast<std::uint32_t>(token)); own != own_.end()) {
      out[own->second] = 1.0F;
      return;
    }
    Random random(seed_ + token, "token");
    float square = 0;
    for (float& value : out.subspan(own_.size())) {
      value = random.normal();
      square += value * value;
    }
    for (float& value : out) value /= std::sqrt(square);
  }

 private:
  std::uint64_t seed_;
  std::map<std::uint32_t, std::size_t> own_;  // token → its dimension
};

}  // namespace

GgufWriter tiny_llama(const TinyLlama& o) {
  GgufWriter file;
  const Vocabulary v = make_vocabulary(o.vocabulary);
  const std::uint32_t head = o.embedding / o.heads;
  file.add("general.architecture", "llama");
  file.add("general.type", "model");
  file.add("general.name", std::string_view(o.name));
  file.add("general.license", "apache-2.0");
  file.add("general.file_type", std::uint32_t{o.weights == GgmlType::f32    ? 0u
                                              : o.weights == GgmlType::f16  ? 1u
                                              : o.weights == GgmlType::q4_0 ? 2u
                                                                            : 7u});
  if (o.weights == GgmlType::q4_0 || o.weights == GgmlType::q8_0) file.add("general.quantization_version", 2u);
  file.add("llama.context_length", o.context);
  file.add("llama.embedding_length", o.embedding);
  file.add("llama.block_count", o.layers);
  file.add("llama.feed_forward_length", o.feed_forward);
  file.add("llama.attention.head_count", o.heads);
  file.add("llama.attention.head_count_kv", o.kv_heads);
  file.add("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  file.add("llama.rope.dimension_count", head);
  file.add("llama.vocab_size", static_cast<std::uint32_t>(v.pieces.size()));
  file.add("tokenizer.ggml.model", "llama");
  file.add("tokenizer.ggml.pre", "default");
  file.add("tokenizer.ggml.tokens", std::span<const std::string>(v.pieces));
  file.add("tokenizer.ggml.scores", std::span<const float>(v.scores));
  file.add("tokenizer.ggml.token_type", std::span<const std::int32_t>(v.kinds));
  file.add("tokenizer.ggml.unknown_token_id", 0u);
  file.add("tokenizer.ggml.bos_token_id", 1u);
  file.add("tokenizer.ggml.eos_token_id", v.ids.at("<|end|>"));
  file.add("tokenizer.ggml.eot_token_id", v.ids.at("<|end|>"));
  file.add("tokenizer.ggml.add_bos_token", true);
  file.add("tokenizer.ggml.add_eos_token", false);
  if (o.chat_template) file.add("tokenizer.chat_template", kTemplate);

  const auto noise = [&](const std::string& name, std::uint64_t width, std::uint64_t height, float size) {
    auto random = std::make_shared<Random>(o.seed, name);
    file.tensor(name, {width, height}, o.weights, [random, size](std::uint64_t, std::span<float> out) {
      for (float& value : out) value = random->normal() * size;
    });
  };
  const auto ones = [&](const std::string& name) {
    file.tensor(name, {o.embedding}, GgmlType::f32,
                [](std::uint64_t, std::span<float> out) { std::ranges::fill(out, 1.0F); });
  };
  const auto table = std::make_shared<const Table>(v, o.seed);
  file.tensor("token_embd.weight", {o.embedding, v.pieces.size()}, o.weights,
              [table](std::uint64_t row, std::span<float> out) { table->vector(row, out); });
  ones("output_norm.weight");
  // The last layer's output for token t is, nearly, t's vector of length √embedding: a row made of the vectors of those
  // that call for it gives a logit of kCall.
  constexpr float kCall = 16.0F;
  auto links = std::make_shared<std::vector<std::vector<Link>>>(make_links(v, o.endless, o.seed));
  file.tensor("output.weight", {o.embedding, v.pieces.size()}, o.weights,
              [links, table](std::uint64_t row, std::span<float> out) {
                std::ranges::fill(out, 0.0F);
                std::vector<float> vector(out.size());
                for (const Link& link : (*links)[row]) {
                  table->vector(link.from, vector);
                  for (std::size_t i = 0; i < out.size(); ++i)
                    out[i] += vector[i] * link.weight * kCall / std::sqrt(static_cast<float>(out.size()));
                }
              });
  for (std::uint32_t layer = 0; layer < o.layers; ++layer) {
    const auto name = [&](std::string_view part) { return fmt::format("blk.{}.{}.weight", layer, part); };
    const auto even = [](std::uint64_t width) { return 1.0F / std::sqrt(static_cast<float>(width)); };
    // What a layer adds is kept below a hundredth of what is there.
    const float faint = 0.01F / std::sqrt(static_cast<float>(o.embedding * o.layers));
    ones(name("attn_norm"));
    noise(name("attn_q"), o.embedding, std::uint64_t{head} * o.heads, even(o.embedding));
    noise(name("attn_k"), o.embedding, std::uint64_t{head} * o.kv_heads, even(o.embedding));
    noise(name("attn_v"), o.embedding, std::uint64_t{head} * o.kv_heads, even(o.embedding));
    noise(name("attn_output"), std::uint64_t{head} * o.heads, o.embedding, even(o.embedding) * faint);
    ones(name("ffn_norm"));
    noise(name("ffn_gate"), o.embedding, o.feed_forward, even(o.embedding));
    noise(name("ffn_up"), o.embedding, o.feed_forward, even(o.embedding));
    noise(name("ffn_down"), o.feed_forward, o.embedding, even(o.feed_forward) * faint);
  }
  return file;
}

}  // namespace hearth::fixtures
