#include "gguf_writer.h"
#include "random.h"
#include "tiny_models.h"

#include <array>
#include <string>
#include <vector>

namespace hearth::fixtures {
namespace {

// A tensor as whisper.cpp's files keep it; `dimensions` the fastest first.
std::string tensor(std::string_view name, const std::vector<std::int32_t>& dimensions) {
  std::string out = little(static_cast<std::int32_t>(dimensions.size())) +
                    little(static_cast<std::int32_t>(name.size())) + little(std::int32_t{0});
  std::size_t elements = 1;
  for (const std::int32_t size : dimensions) {
    out += little(size);
    elements *= static_cast<std::size_t>(size);
  }
  out += name;
  Random random(1, name);
  for (std::size_t i = 0; i < elements; ++i) out += little(random.normal() * 0.1F);
  return out;
}

}  // namespace

std::string tiny_whisper(bool weights) {
  constexpr std::int32_t kState = 8;
  constexpr std::int32_t kMels = 4;
  constexpr std::int32_t kVocabulary = 51'865;
  std::string out = "lmgg";
  for (const std::int32_t size : {kVocabulary, 16, kState, 2, 0, 12, kState, 2, 0, kMels, 0}) out += little(size);
  out += little(kMels) + little(std::int32_t{3});
  for (int i = 0; i < kMels * 3; ++i) out += little(0.25F);
  constexpr std::array<std::string_view, 4> kPieces{"a", "b", " the", "<|endoftext|>"};
  out += little(static_cast<std::int32_t>(kPieces.size()));
  for (const std::string_view piece : kPieces)
    out += little(static_cast<std::uint32_t>(piece.size())) + std::string(piece);
  if (!weights) return out;
  out += tensor("encoder.positional_embedding", {kState, 16});
  out += tensor("encoder.conv1.weight", {3, kMels, kState}) + tensor("encoder.conv1.bias", {1, kState});
  out += tensor("encoder.conv2.weight", {3, kState, kState}) + tensor("encoder.conv2.bias", {1, kState});
  out += tensor("encoder.ln_post.weight", {kState}) + tensor("encoder.ln_post.bias", {kState});
  out += tensor("decoder.positional_embedding", {kState, 12});
  out += tensor("decoder.token_embedding.weight", {kState, 4});
  return out + tensor("decoder.ln.weight", {kState}) + tensor("decoder.ln.bias", {kState});
}

std::string tiny_detector() {
  std::string out = "lmgg" + little(std::int32_t{10}) + "silero-16k";
  for (const std::int32_t size : {6, 2, 0, 512, 64, 1, 5, 4, 3, 4, 4, 4, 1}) out += little(size);
  return out + tensor("_model.encoder.0.reparam_conv.weight", {3, 5, 4}) + tensor("_model.decoder.decoder.2.bias", {});
}

}  // namespace hearth::fixtures
