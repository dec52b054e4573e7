#include "ggml_types.h"
#include "readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace hearth::models {
namespace {

constexpr std::uint32_t kMaxSize = 1u << 20;  // of every count in the header; the vocabularies have some 52,000 entries
constexpr std::uint32_t kMaxPiece = 4096;
constexpr std::uint32_t kMaxTensors = 65'536;
constexpr std::uint32_t kMaxName = 128;
constexpr std::uint32_t kQuantisationVersion = 1000;  // file types carry it: 1000 × version + type
constexpr std::uint32_t kEnglishVocabulary = 51'864;  // one more and up: multilingual

std::uint32_t size(ByteReader& reader, std::string_view what) {
  const std::uint64_t at = reader.position();
  const auto value = reader.number<std::int32_t>();
  if (value < 0 || static_cast<std::uint32_t>(value) > kMaxSize) {
    reader.fail_at(at, fmt::format("{} would be {}", what, value));
    return 0;
  }
  return static_cast<std::uint32_t>(value);
}

// Tensors up to the end of the file: dimensions (none for a single number), name, then the data at once.
void read_tensors(ByteReader& reader, ModelFacts& facts) {
  while (!reader.failed() && !reader.at_end()) {
    const std::uint64_t at = reader.position();
    const auto dimensions = reader.number<std::int32_t>();
    const auto length = reader.number<std::int32_t>();
    const auto type = reader.number<std::uint32_t>();
    if (reader.failed()) return;
    if (dimensions < 0 || dimensions > 4 || length < 1 || length > static_cast<std::int32_t>(kMaxName)) {
      reader.fail_at(at, fmt::format("a tensor has {} dimensions and a name of {} bytes", dimensions, length));
      return;
    }
    std::uint64_t elements = 1;
    std::uint64_t row = 1;
    for (std::int32_t i = 0; i < dimensions; ++i) {
      const auto count = reader.number<std::int32_t>();
      if (count <= 0 || __builtin_mul_overflow(elements, static_cast<std::uint64_t>(count), &elements) ||
          elements > (std::uint64_t{1} << 48)) {
        reader.fail_at(at, "a tensor has an impossible size");
        return;
      }
      if (i == 0) row = static_cast<std::uint64_t>(count);
    }
    const std::string name = reader.text(static_cast<std::uint64_t>(length), kMaxName, "a tensor's name");
    const GgmlType* known = find_ggml_type(type);
    if (!known || row % known->block != 0) {
      reader.fail_at(at, fmt::format("tensor '{}' is of type {}, which cannot be", name, type));
      return;
    }
    const std::uint64_t bytes = elements / known->block * known->bytes;
    if (!reader.failed() && bytes > reader.remaining()) {
      reader.fail_at(at, fmt::format("the file is cut off: tensor '{}' should be {} bytes and {} are left", name, bytes,
                                     reader.remaining()));
      return;
    }
    reader.skip(bytes, name);
    if (reader.failed()) return;
    if (++facts.tensors > kMaxTensors) {
      reader.fail_at(at, "there are too many tensors");
      return;
    }
    TensorTotals& totals = facts.tensor_types[std::string(known->name)];
    ++totals.count;
    totals.elements += elements;
    totals.bytes += bytes;
    facts.parameters += elements;
    facts.tensor_bytes += bytes;
    facts.largest_tensor = std::max(facts.largest_tensor, bytes);
  }
}

std::string main_type(const ModelFacts& facts) {
  const auto most = std::ranges::max_element(facts.tensor_types, {}, [](const auto& t) { return t.second.elements; });
  return most == facts.tensor_types.end() ? std::string() : most->first;
}

// The voice detector: its name, its version, the sizes of its layers.
void read_detector(ByteReader& reader, std::uint32_t name_length, ModelFacts& facts) {
  facts.architecture = "silero-vad";
  facts.name = reader.text(name_length, 64, "the model's name");
  const std::uint32_t major = size(reader, "the version");
  const std::uint32_t minor = size(reader, "the version");
  const std::uint32_t patch = size(reader, "the version");
  facts.name += fmt::format(" {}.{}.{}", major, minor, patch);
  size(reader, "the window");
  size(reader, "the context");
  const std::uint32_t layers = size(reader, "the number of layers");
  if (layers > 64) reader.fail_here(fmt::format("it claims to have {} layers", layers));
  for (std::uint32_t i = 0; i < layers * 3 + 4 && !reader.failed(); ++i) size(reader, "a layer's size");
}

void read_recogniser(ByteReader& reader, std::uint32_t vocabulary, ModelFacts& facts, WhisperFacts& w) {
  facts.architecture = "whisper";
  w.vocabulary = vocabulary;
  w.multilingual = vocabulary > kEnglishVocabulary;
  w.audio_context = size(reader, "the audio context");
  w.audio_state = size(reader, "the audio state");
  w.audio_heads = size(reader, "the number of audio heads");
  w.audio_layers = size(reader, "the number of audio layers");
  w.text_context = size(reader, "the text context");
  w.text_state = size(reader, "the text state");
  w.text_heads = size(reader, "the number of text heads");
  w.text_layers = size(reader, "the number of text layers");
  w.mels = size(reader, "the number of mel bands");
  const std::uint32_t type = size(reader, "the file type") % kQuantisationVersion;
  const std::string_view named = file_type_name(type);
  facts.quantisation = std::string(named);
  const std::uint64_t filters_at = reader.position();
  const std::uint64_t bands = size(reader, "the mel filters' bands");
  const std::uint64_t bins = size(reader, "the mel filters' bins");
  if (bands * bins > kMaxSize) reader.fail_at(filters_at, fmt::format("the mel filters would be {} × {}", bands, bins));
  reader.skip(bands * bins * 4, "the mel filters");
  const std::uint32_t pieces = size(reader, "the vocabulary");
  for (std::uint32_t i = 0; i < pieces && !reader.failed(); ++i) {
    const std::uint64_t at = reader.position();
    const auto length = reader.number<std::uint32_t>();
    if (length > kMaxPiece) reader.fail_at(at, fmt::format("a word of the vocabulary would be {} bytes long", length));
    reader.skip(length, "a word of the vocabulary");
  }
}

}  // namespace

Result<ModelFacts> read_whisper(ByteSource& source) {
  ByteReader reader(source, 4, source.size());
  ModelFacts facts;
  facts.format = Format::whisper;
  facts.file_bytes = source.size();
  const std::uint32_t first = size(reader, "the vocabulary");
  // The detector's file goes on with its name; no vocabulary is as small.
  if (first > 0 && first <= 64) {
    read_detector(reader, first, facts);
    read_tensors(reader, facts);
    if (!reader.failed() && facts.tensors == 0) reader.fail_here("the file is cut off: it has no weights");
    if (reader.failed()) return reader.failure();
    facts.quantisation = main_type(facts);
    return facts;
  }
  WhisperFacts w;
  read_recogniser(reader, first, facts, w);
  read_tensors(reader, facts);
  const std::uint64_t expected = 11 + 15 * std::uint64_t{w.audio_layers} + 24 * std::uint64_t{w.text_layers};
  w.without_weights = facts.tensors == 0;
  if (!w.without_weights && facts.tensors != expected)
    reader.fail_here(fmt::format("the file is cut off: it has {} of {} tensors", facts.tensors, expected));
  if (reader.failed()) return reader.failure();
  if (facts.quantisation.empty()) facts.quantisation = main_type(facts);
  facts.whisper = w;
  return facts;
}

}  // namespace hearth::models
