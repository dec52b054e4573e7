#include "gguf_tensors.h"

#include "ggml_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace hearth::models {
namespace {

constexpr std::uint64_t kMaxName = 63;  // ggml keeps 64 bytes, one for the end
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::uint32_t kMaxTypeNumber = 1023;

struct Place {
  std::uint64_t offset;
  std::uint64_t bytes;  // unknown_bytes: of a type that is not known here
  std::uint64_t at;     // where its info is
  std::uint64_t elements;
  std::uint32_t type;
};
constexpr std::uint64_t kUnknownBytes = ~std::uint64_t{0};

// "blk.12.attn_k.weight": 12, and the rest of the name.
std::optional<std::uint32_t> layer_of(std::string_view& name) {
  if (!name.starts_with("blk.")) return std::nullopt;
  std::string_view rest = name.substr(4);
  std::uint32_t layer = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '.') return std::nullopt;
  name = rest.substr(static_cast<std::size_t>(end - rest.data()) + 1);
  return layer;
}

void note_layer(std::string_view name, TransformerFacts& transformer, std::vector<bool>& joint) {
  const auto layer = layer_of(name);
  if (!layer || *layer >= transformer.layers) return;
  if (name.starts_with("ssm_") || name.starts_with("time_mix_") || name.starts_with("shortconv."))
    transformer.recurrent_by_layer[*layer] = true;
  if (name.starts_with("attn_k.") || name.starts_with("attn_v.") || name.starts_with("attn_kv_a_mqa.") ||
      name.starts_with("attn_kv_b."))
    transformer.attention_by_layer[*layer] = true;
  // One matrix for queries, keys and values: attention, unless the layer is a recurrent one.
  if (name.starts_with("attn_qkv.")) joint[*layer] = true;
}

class Tensors {
 public:
  Tensors(ByteReader& reader, ModelFacts& facts) : reader_(reader), facts_(facts) {
    if (TransformerFacts* t = transformer()) {
      t->recurrent_by_layer.assign(t->layers, false);
      t->attention_by_layer.assign(t->layers, false);
      joint_.assign(t->layers, false);
    }
  }

  void read_one(std::uint64_t alignment) {
    const std::uint64_t at = reader_.position();
    std::string name = reader_.text(reader_.number<std::uint64_t>(), kMaxName, "a tensor's name");
    const auto dimensions = reader_.number<std::uint32_t>();
    if (dimensions == 0 || dimensions > kMaxDimensions) {
      reader_.fail_at(at, fmt::format("tensor '{}' has {} dimensions", name, dimensions));
      return;
    }
    std::uint64_t elements = 1;
    std::uint64_t row = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      const auto size = reader_.number<std::uint64_t>();
      if (size == 0 || __builtin_mul_overflow(elements, size, &elements) || elements > (std::uint64_t{1} << 60)) {
        reader_.fail_at(at, fmt::format("tensor '{}' has an impossible size", name));
        return;
      }
      if (i == 0) row = size;
    }
    const auto type = reader_.number<std::uint32_t>();
    const auto offset = reader_.number<std::uint64_t>();
    if (reader_.failed()) return;
    const GgmlType* known = find_ggml_type(type);
    if (type > kMaxTypeNumber) {
      reader_.fail_at(at, fmt::format("tensor '{}' is of type {}, which there is not", name, type));
    } else if (known && row % known->block != 0) {
      reader_.fail_at(at,
                      fmt::format("tensor '{}' has rows of {} numbers, which {} cannot store", name, row, known->name));
    } else if (offset % alignment != 0) {
      reader_.fail_at(at, fmt::format("tensor '{}' does not begin at a multiple of {} bytes", name, alignment));
    }
    if (reader_.failed()) return;
    places_.push_back({offset, known ? elements / known->block * known->bytes : kUnknownBytes, at, elements, type});
    note_name(name, places_.back());
    if (!names_.insert(std::move(name)).second) reader_.fail_at(at, "two tensors have one name");
  }

  // Every tensor inside [0, room) and none over another. Of an unknown type it is taken to reach up to the next.
  void check_places(std::uint64_t data_at, std::uint64_t room) {
    std::ranges::sort(places_, {}, &Place::offset);
    std::uint64_t end = 0;
    for (const Place& place : places_)
      end = std::max(end, add(place.offset, place.bytes == kUnknownBytes ? 0 : place.bytes));
    for (std::size_t i = 0; i < places_.size() && !reader_.failed(); ++i) {
      Place& place = places_[i];
      const std::uint64_t next = i + 1 < places_.size() ? places_[i + 1].offset : std::max(room, place.offset);
      if (place.bytes == kUnknownBytes) place.bytes = next - place.offset;
      if (place.offset > room || place.bytes > room - place.offset) {
        reader_.fail_at(place.at, fmt::format("the file is cut off: it should be at least {} bytes long and is {}",
                                              add(data_at, end), data_at + room));
      } else if (place.offset + place.bytes > next) {
        reader_.fail_at(place.at, "a tensor lies over another");
      }
    }
  }

  void finish() {
    for (const Place& place : places_) {
      TensorTotals& totals = facts_.tensor_types[ggml_type_name(place.type)];
      ++totals.count;
      totals.elements += place.elements;
      totals.bytes += place.bytes;
      facts_.tensor_bytes += place.bytes;
      facts_.parameters += place.elements;
      facts_.largest_tensor = std::max(facts_.largest_tensor, place.bytes);
      if (place.at == embedding_at_) facts_.token_embedding = place.bytes;
    }
    facts_.tensors = places_.size();
    facts_.output_tied = facts_.token_embedding > 0 && !has_output_;
    TransformerFacts* t = transformer();
    if (!t) return;
    for (std::uint32_t layer = 0; layer < t->layers; ++layer) {
      if (joint_[layer] && !t->recurrent_by_layer[layer]) t->attention_by_layer[layer] = true;
    }
    if (std::ranges::none_of(t->recurrent_by_layer, [](bool b) { return b; })) {
      t->recurrent_by_layer.clear();
      t->attention_by_layer.clear();
    }
  }

 private:
  TransformerFacts* transformer() { return facts_.transformer ? &*facts_.transformer : nullptr; }
  static std::uint64_t add(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? ~std::uint64_t{0} : sum;
  }
  void note_name(std::string_view name, const Place& place) {
    if (name == "token_embd.weight") embedding_at_ = place.at;
    if (name == "output.weight") has_output_ = true;
    if (TransformerFacts* t = transformer()) note_layer(name, *t, joint_);
  }

  ByteReader& reader_;
  ModelFacts& facts_;
  std::vector<Place> places_;
  std::unordered_set<std::string> names_;
  std::vector<bool> joint_;
  std::uint64_t embedding_at_ = 0;
  bool has_output_ = false;
};

}  // namespace

Result<void> read_gguf_tensors(ByteReader& reader, std::uint64_t count, std::uint64_t alignment,
                               std::uint64_t file_size, ModelFacts& facts) {
  Tensors tensors(reader, facts);
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) tensors.read_one(alignment);
  if (reader.failed()) return reader.failure();
  const std::uint64_t data_at = (reader.position() + alignment - 1) / alignment * alignment;
  tensors.check_places(data_at, file_size > data_at ? file_size - data_at : 0);
  if (reader.failed()) return reader.failure();
  tensors.finish();
  return {};
}

}  // namespace hearth::models
