#include "ggml_types.h"
#include "gguf_metadata.h"
#include "gguf_tensors.h"
#include "readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <string_view>

namespace hearth::models {
namespace {

constexpr std::uint64_t kMaxHeader = 256 * 1024 * 1024;
constexpr std::uint32_t kMaxLayers = 4096;
constexpr std::uint32_t kMaxWidth = 1u << 24;  // of a layer, in numbers; and the largest vocabulary
constexpr std::uint64_t kMaxAlignment = 1u << 20;

Pooling pooling_of(const GgufMetadata& metadata, const std::string& key) {
  if (!metadata.find(key)) return Pooling::unspecified;
  constexpr std::array kByNumber{Pooling::none, Pooling::mean, Pooling::cls, Pooling::last, Pooling::rank};
  const std::uint32_t number = metadata.number(key);
  return number < kByNumber.size() ? kByNumber[number] : Pooling::unspecified;
}

TransformerFacts transformer_of(const GgufMetadata& m, const std::string& architecture) {
  const auto key = [&](std::string_view name) { return architecture + "." + std::string(name); };
  TransformerFacts t;
  t.context_length = m.number(key("context_length"));
  t.embedding_length = m.number(key("embedding_length"));
  t.feed_forward_length = m.largest(key("feed_forward_length"));
  t.layers = m.number(key("block_count"));
  t.heads = m.largest(key("attention.head_count"));
  t.kv_heads = m.largest(key("attention.head_count_kv"));
  if (const GgufValue* by_layer = m.find(key("attention.head_count_kv")); by_layer && !by_layer->numbers.empty())
    t.kv_heads_by_layer = by_layer->numbers;
  if (!m.find(key("attention.head_count_kv"))) t.kv_heads = t.heads;
  const std::uint32_t head = t.heads > 0 ? t.embedding_length / t.heads : 0;
  const auto or_else = [&](std::string_view name, std::uint32_t otherwise) {
    return m.find(key(name)) ? m.number(key(name)) : otherwise;
  };
  t.key_length = or_else("attention.key_length", head);
  t.value_length = or_else("attention.value_length", head);
  t.swa_key_length = m.number(key("attention.key_length_swa"));
  t.swa_value_length = m.number(key("attention.value_length_swa"));
  t.experts = m.number(key("expert_count"));
  t.experts_used = m.number(key("expert_used_count"));
  t.expert_feed_forward_length = m.number(key("expert_feed_forward_length"));
  t.sliding_window = m.number(key("attention.sliding_window"));
  if (const GgufValue* pattern = m.find(key("attention.sliding_window_pattern"))) {
    if (pattern->whole) t.sliding_window_period = m.number(key("attention.sliding_window_pattern"));
    for (const std::uint32_t windowed : pattern->numbers) t.sliding_window_by_layer.push_back(windowed != 0);
  }
  t.shared_kv_layers = m.number(key("attention.shared_kv_layers"));
  t.kv_lora_rank = m.number(key("attention.kv_lora_rank"));
  t.rope_dimensions = m.number(key("rope.dimension_count"));
  t.mla = m.find(key("attention.key_length_mla")) != nullptr;
  t.ssm_conv_kernel = m.number(key("ssm.conv_kernel"));
  t.ssm_inner_size = m.number(key("ssm.inner_size"));
  t.ssm_state_size = m.number(key("ssm.state_size"));
  t.ssm_groups = m.number(key("ssm.group_count"));
  t.ssm_time_step_rank = m.number(key("ssm.time_step_rank"));
  t.wkv_head_size = m.number(key("wkv.head_size"));
  t.token_shift_count = m.number(key("token_shift_count"));
  t.short_conv_length = m.number(key("shortconv.l_cache"));
  t.full_attention_interval = m.number(key("full_attention_interval"));
  t.pooling = pooling_of(m, key("pooling_type"));
  t.causal = m.flag(key("attention.causal"), true);
  if (const GgufValue* labels = m.find(key("classifier.output_labels")))
    t.classes = static_cast<std::uint32_t>(std::min<std::uint64_t>(labels->count, kMaxWidth));
  t.chat_template = m.any_with_prefix("tokenizer.chat_template");
  const GgufValue* main_template = m.find("tokenizer.chat_template");
  t.chat_template_tools =
      (main_template && main_template->mentions_tools) || m.find("tokenizer.chat_template.tool_use") != nullptr;
  t.tokenizer = m.text("tokenizer.ggml.model");
  t.vocabulary = m.number(key("vocab_size"));
  if (const GgufValue* tokens = m.find("tokenizer.ggml.tokens"))
    t.vocabulary = static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens->count, ~std::uint32_t{0}));
  return t;
}

Result<void> check_transformer(const TransformerFacts& t) {
  if (t.layers > kMaxLayers) return fail(Errc::corrupt, fmt::format("it claims to have {} layers", t.layers));
  for (const std::uint32_t width :
       {t.embedding_length, t.feed_forward_length, t.heads, t.kv_heads, t.key_length, t.value_length, t.swa_key_length,
        t.swa_value_length, t.vocabulary, t.kv_lora_rank, t.ssm_inner_size, t.ssm_state_size, t.ssm_groups,
        t.ssm_conv_kernel, t.wkv_head_size, t.token_shift_count, t.short_conv_length, t.experts}) {
    if (width > kMaxWidth) return fail(Errc::corrupt, fmt::format("it claims a size of {}, which is absurd", width));
  }
  return {};
}

ProjectorFacts projector_of(const GgufMetadata& m) {
  ProjectorFacts p;
  p.vision = m.flag("clip.has_vision_encoder", false);
  p.audio = m.flag("clip.has_audio_encoder", false);
  p.type = m.text("clip.projector_type");
  if (p.type.empty()) p.type = m.text(p.audio ? "clip.audio.projector_type" : "clip.vision.projector_type");
  const std::string part = p.vision || !p.audio ? "clip.vision." : "clip.audio.";
  p.image_size = m.number(part + "image_size");
  p.patch_size = m.number(part + "patch_size");
  p.embedding_length = m.number(part + "embedding_length");
  p.feed_forward_length = m.largest(part + "feed_forward_length");
  p.layers = m.number(part + "block_count");
  p.heads = m.largest(part + "attention.head_count");
  p.projection = m.number(part + "projection_dim");
  return p;
}

Result<std::uint32_t> read_version(ByteReader& reader) {
  const auto version = reader.number<std::uint32_t>();
  if (reader.failed()) return reader.failure();
  if (version == 1)
    return fail(Errc::unsupported,
                "it is GGUF of version 1, which no engine reads any more; get a newer file of this model");
  if (std::byteswap(version) == 2 || std::byteswap(version) == 3)
    return fail(Errc::unsupported, "it is a big-endian GGUF file; get the little-endian one");
  if (version != 2 && version != 3)
    return fail(Errc::unsupported, fmt::format("it is GGUF of version {}; versions 2 and 3 are read", version));
  return version;
}

std::string main_type(const ModelFacts& facts) {
  std::string name;
  std::uint64_t most = 0;
  for (const auto& [type, totals] : facts.tensor_types) {
    if (totals.elements > most) {
      most = totals.elements;
      name = type;
    }
  }
  return name;
}

}  // namespace

Result<ModelFacts> read_gguf(ByteSource& source) {
  ByteReader reader(source, 4, std::min(source.size(), kMaxHeader));
  ModelFacts facts;
  facts.format = Format::gguf;
  facts.file_bytes = source.size();
  HEARTH_TRY_ASSIGN(facts.format_version, read_version(reader));
  const auto tensors = reader.number<std::uint64_t>();
  const auto keys = reader.number<std::uint64_t>();
  if (tensors > kMaxGgufTensors) reader.fail_at(8, fmt::format("it claims to have {} tensors", tensors));
  if (keys > GgufMetadata::kMaxKeys) reader.fail_at(16, fmt::format("it claims to have {} keys", keys));
  if (reader.failed()) return reader.failure();

  const GgufMetadata metadata = GgufMetadata::read(reader, keys);
  if (reader.failed()) return reader.failure();
  facts.architecture = metadata.text("general.architecture");
  // Parts of a split model but the first have their tensors only.
  const bool later_part = metadata.number("split.count") > 1 && metadata.number("split.no") > 0;
  if (facts.architecture.empty() && !later_part)
    return fail(Errc::corrupt, "it does not name its architecture (general.architecture)");
  facts.name = metadata.text("general.name");
  facts.licence = metadata.text("general.license");
  facts.kind = metadata.text("general.type");
  if (const GgufValue* languages = metadata.find("general.languages")) facts.languages = languages->texts;
  if (facts.architecture == "clip") {
    facts.projector = projector_of(metadata);
  } else if (!facts.architecture.empty()) {
    facts.transformer = transformer_of(metadata, facts.architecture);
    HEARTH_TRY(check_transformer(*facts.transformer));
  }
  if (metadata.number("split.count") > 1) {
    facts.split =
        SplitFacts{metadata.number("split.no"), metadata.number("split.count"), metadata.number("split.tensors.count")};
    if (facts.split->index >= facts.split->count)
      return fail(Errc::corrupt, fmt::format("it claims to be part {} of {}", facts.split->index + std::uint64_t{1},
                                             facts.split->count));
  }
  std::uint64_t alignment = 32;
  if (const GgufValue* given = metadata.find("general.alignment")) {
    alignment = given->whole.value_or(0);
    if (!std::has_single_bit(alignment) || alignment < 8 || alignment > kMaxAlignment)
      return fail(Errc::corrupt, fmt::format("its alignment is {}, which is no power of two from 8 on", alignment));
  }
  HEARTH_TRY(read_gguf_tensors(reader, tensors, alignment, source.size(), facts));
  if (facts.tensors == 0 && !facts.split)
    return fail(Errc::unsupported, "it holds no weights, only a vocabulary; get the whole model");
  const std::string_view declared =
      metadata.find("general.file_type") ? file_type_name(metadata.number("general.file_type")) : std::string_view();
  facts.quantisation = declared.empty() ? main_type(facts) : std::string(declared);
  return facts;
}

}  // namespace hearth::models
