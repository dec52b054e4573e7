#include "fit_llama.h"

#include "ggml_types.h"
#include "saturating.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hearth::models {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kCacheStep = 256;  // tokens; a cache's size is a multiple

// Measured: the server's code and libraries, and what it allocates before a model.
constexpr std::uint64_t kServer = 24 * kMiB;
// Measured: 170 bytes a token, and as much again for the merges of byte-pair vocabularies.
constexpr std::uint64_t kToken = 192;
constexpr std::uint64_t kMergedToken = 448;
constexpr std::uint64_t kThread = 256 * kKiB;

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
  return (value + step - 1) / step * step;
}

// Every n-th layer sees the whole context, the others a window: architectures whose files don't say it themselves.
struct Pattern {
  std::string_view architecture;
  std::uint32_t period;
};
constexpr std::array kPatterns{Pattern{"gemma2", 2},  Pattern{"gemma3", 6},  Pattern{"gemma3n", 5},
                               Pattern{"cohere2", 4}, Pattern{"gpt-oss", 2}, Pattern{"exaone4", 4},
                               Pattern{"olmo2", 4}};

// Architectures without attention.
constexpr std::array<std::string_view, 6> kRecurrent{"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"};

bool purely_recurrent(const ModelFacts& model) {
  return std::ranges::find(kRecurrent, model.architecture) != kRecurrent.end();
}

class Layers {
 public:
  explicit Layers(const ModelFacts& model) : model_(model), t_(*model.transformer) {
    period_ = t_.sliding_window_period;
    const auto* known = std::ranges::find(kPatterns, std::string_view(model.architecture), &Pattern::architecture);
    if (period_ == 0 && known != kPatterns.end()) period_ = known->period;
  }

  [[nodiscard]] bool keeps_state(std::uint32_t layer) const {
    if (layer < t_.recurrent_by_layer.size()) return t_.recurrent_by_layer[layer];
    if (t_.full_attention_interval > 0) return (layer + 1) % t_.full_attention_interval != 0;
    return purely_recurrent(model_);
  }
  [[nodiscard]] std::uint64_t kv_heads(std::uint32_t layer) const {
    if (layer + t_.shared_kv_layers >= t_.layers) return 0;
    if (layer < t_.attention_by_layer.size() && !t_.attention_by_layer[layer]) return 0;
    if (t_.attention_by_layer.empty() && keeps_state(layer)) return 0;
    return layer < t_.kv_heads_by_layer.size() ? t_.kv_heads_by_layer[layer] : t_.kv_heads;
  }
  [[nodiscard]] bool windowed(std::uint32_t layer) const {
    if (t_.sliding_window == 0) return false;
    if (layer < t_.sliding_window_by_layer.size()) return t_.sliding_window_by_layer[layer];
    return period_ > 1 && (layer + 1) % period_ != 0;
  }
  // There is a window, but not which layers have it: all are counted as if none had.
  [[nodiscard]] bool pattern_unknown() const {
    return t_.sliding_window > 0 && t_.sliding_window_by_layer.empty() && period_ == 0;
  }

 private:
  const ModelFacts& model_;
  const TransformerFacts& t_;
  std::uint32_t period_ = 0;
};

// One row of a cache of `type`.
Amount row_bytes(std::string_view type, std::uint64_t elements) {
  const GgmlType* known = find_ggml_type(type);
  return Amount(round_up(elements, known->block) / known->block) * known->bytes;
}

Amount state_bytes(const TransformerFacts& t) {
  Amount numbers = 0;
  if (t.wkv_head_size > 0) {
    numbers = Amount(t.embedding_length) * (Amount(std::max(t.token_shift_count, 2u)) + t.wkv_head_size);
  } else if (t.short_conv_length > 0) {
    numbers = Amount(t.embedding_length) * (t.short_conv_length - 1);
  } else if (t.ssm_inner_size > 0) {
    const std::uint64_t window = t.ssm_conv_kernel > 0 ? t.ssm_conv_kernel - 1 : 0;
    const Amount around = Amount(2) * std::max(t.ssm_groups, 1u) * t.ssm_state_size;
    numbers = window * (around + t.ssm_inner_size) + Amount(t.ssm_state_size) * t.ssm_inner_size;
  }
  return numbers * 4;
}

}  // namespace

std::uint64_t slot_context(const TransformerFacts& t, const RunOptions& options) {
  const std::uint64_t each =
      options.context > 0 ? (std::uint64_t{options.context} + options.slots - 1) / options.slots : t.context_length;
  return std::max(round_up(each, kCacheStep), kCacheStep);
}

std::uint64_t llama_weights(const ModelFacts& model, const RunOptions& options) {
  std::uint64_t bytes = model.tensor_bytes;
  if (!options.repack) return bytes;
  constexpr std::array<std::string_view, 5> kAnywhere{"Q4_0", "Q4_K", "Q2_K", "IQ4_NL", "MXFP4"};
  constexpr std::array<std::string_view, 3> kOnArm{"Q8_0", "Q5_K", "Q6_K"};
  std::uint64_t copied = 0;
  for (const auto& [type, totals] : model.tensor_types) {
    if (std::ranges::find(kAnywhere, type) != kAnywhere.end() ||
        (options.arm && std::ranges::find(kOnArm, type) != kOnArm.end()))
      copied += totals.bytes;
  }
  return bytes + copied;
}

Part llama_cache(const ModelFacts& model, const RunOptions& options) {
  const TransformerFacts& t = *model.transformer;
  Part part;
  if (!t.causal) return part;  // an encoder keeps nothing
  const Layers layers(model);
  const std::uint64_t slot = slot_context(t, options);
  const std::uint64_t window = std::min(slot, round_up(std::uint64_t{t.sliding_window} + options.batch, kCacheStep));
  Amount full_row = 0;
  Amount window_row = 0;
  Amount state = 0;
  for (std::uint32_t layer = 0; layer < t.layers; ++layer) {
    if (layers.keeps_state(layer)) state += state_bytes(t);
    const std::uint64_t heads = layers.kv_heads(layer);
    if (heads == 0) continue;
    const bool windowed = layers.windowed(layer);
    const std::uint32_t key = windowed && t.swa_key_length > 0 ? t.swa_key_length : t.key_length;
    const std::uint32_t value = windowed && t.swa_value_length > 0 ? t.swa_value_length : t.value_length;
    (windowed ? window_row : full_row) +=
        row_bytes(options.key_type, heads * key) + row_bytes(options.value_type, heads * value);
  }
  if (layers.pattern_unknown()) part.unknown = "which layers see a window only";
  if (purely_recurrent(model) && state.value() == 0) part.unknown = "the size of its recurrent state";
  const Amount kept = window_row * window + state;
  part.bytes = (options.slots * (full_row * slot + kept * (1 + std::uint64_t{options.checkpoints}))).value();
  return part;
}

Part llama_compute(const ModelFacts& model, const RunOptions& options) {
  const TransformerFacts& t = *model.transformer;
  Part part;
  const std::uint64_t slot = slot_context(t, options);
  const std::uint64_t batch = t.causal ? options.batch : std::min<std::uint64_t>(options.batch, slot);
  // Between layers live at most three vectors of the feed-forward's width and five of the model's or its heads' width.
  const std::uint64_t width = std::max<std::uint64_t>(
      {t.embedding_length, std::uint64_t{t.heads} * std::max(t.key_length, t.value_length), t.ssm_inner_size});
  std::uint64_t inner = t.feed_forward_length;
  Amount per_token = 0;
  if (t.experts_used > 0) {
    inner = std::max(inner, std::uint64_t{t.experts_used} * std::max(t.expert_feed_forward_length, 1u));
    per_token = Amount(t.experts_used) * t.embedding_length * 4 * 2;
    part.unknown = "how its experts share memory";
  }
  per_token += Amount(4) * (Amount(3) * inner + Amount(5) * width);
  if (t.ssm_inner_size > 0 || t.wkv_head_size > 0) {
    per_token += Amount(24) * width;
    part.unknown = "what its recurrent layers compute with";
  }
  // The mask of who sees whom; without flash attention also every head's product of queries and keys.
  per_token += options.flash_attention ? Amount(slot) * 2 : Amount(slot) * 4 * (1 + std::uint64_t{t.heads});
  const std::uint64_t embeddings = t.causal ? 0 : batch * t.embedding_length * 4 * 2;
  // A row of logits a slot, twice, and the candidates sorted when a token is drawn.
  const std::uint64_t logits = t.causal ? std::uint64_t{options.slots} * t.vocabulary * (4 * 2 + 12) : 0;
  part.bytes = (batch * per_token + embeddings + logits + kMiB).value();
  return part;
}

Part projector_need(const ModelFacts& projector) {
  const ProjectorFacts& p = *projector.projector;
  const std::uint64_t side = p.patch_size > 0 ? std::max(p.image_size, 448u) / p.patch_size : 32;
  const std::uint64_t patches = std::min<std::uint64_t>(side * side, 16'384);
  const std::uint64_t per_patch =
      4 * (3 * std::uint64_t{p.feed_forward_length} + 8 * std::uint64_t{p.embedding_length} +
           2 * std::uint64_t{p.projection} + patches * (1 + std::uint64_t{p.heads}));
  return {projector.tensor_bytes + patches * per_patch + 16 * kMiB, "how large pictures are"};
}

std::uint64_t llama_program(const ModelFacts& model, const RunOptions& options) {
  const TransformerFacts& t = *model.transformer;
  const std::uint64_t token = t.tokenizer == "gpt2" ? kMergedToken : kToken;
  return kServer + t.vocabulary * token + options.threads * kThread;
}

}  // namespace hearth::models
