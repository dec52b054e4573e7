#include "tiny_model.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string_view>

namespace hearth::whisper::testing {
namespace {

constexpr int kState = 64;  // width of the whole network
constexpr int kContext = 1500;
constexpr int kTextContext = 448;
constexpr int kMels = 80;
constexpr int kBins = 201;
constexpr int kEnglish = 51'864;
constexpr int kMultilingual = 51'865;
constexpr std::array<std::string_view, 6> kWords{" Hello", " world", " dich", " ", "Hello", "world"};
constexpr float kLoud = 24;   // a position against the token before it
constexpr float kLouder = 3;  // the token that asks for a translation, against the position

class Writer {
 public:
  template <typename T>
  void number(T value) {
    std::array<char, sizeof(T)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(T));
    out_.append(bytes.data(), bytes.size());
  }
  void numbers(std::initializer_list<std::int32_t> values) {
    for (const std::int32_t v : values) number(v);
  }
  void text(std::string_view bytes) { out_ += bytes; }
  void zeros(std::size_t bytes) { out_.append(bytes, '\0'); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Small whole numbers and powers of two are all that is written.
std::uint16_t half(float value) {
  if (value == 0) return 0;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const auto exponent = static_cast<std::int32_t>((bits >> 23U) & 0xFFU) - 127 + 15;
  return static_cast<std::uint16_t>(sign | (static_cast<std::uint32_t>(exponent) << 10U) | ((bits >> 13U) & 0x3FFU));
}

// Each token's direction: ±1 in every dimension, as good as at right angles to all others.
float code(int token, int dimension) {
  std::uint64_t x =
      static_cast<std::uint64_t>(token) * 64 + static_cast<std::uint64_t>(dimension) + 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return ((x ^ (x >> 31U)) & 1U) != 0 ? 1.0F : -1.0F;
}

// libwhisper's tokens with a meaning of their own.
struct Special {
  explicit Special(bool multilingual)
      : eot(multilingual ? 50'257 : 50'256),
        sot(eot + 1),
        translate(multilingual ? 50'358 : 50'357),
        begin(multilingual ? 50'364 : 50'363) {}
  int eot;
  int sot;
  int translate;
  int begin;  // 0 s; 20 ms a token
  [[nodiscard]] int language(int number) const { return sot + 1 + number; }
  [[nodiscard]] int time(double seconds) const { return begin + static_cast<int>(std::lround(seconds * 50)); }
};

// Tokens below 256 are bytes, then come the words.
void say(std::string_view text, std::vector<int>& tokens) {
  while (!text.empty()) {
    int token = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      if (kWords[i].size() <= length || !text.starts_with(kWords[i])) continue;
      token = 256 + static_cast<int>(i);
      length = kWords[i].size();
    }
    tokens.push_back(token);
    text.remove_prefix(length);
  }
}

// The token that each position says.
std::vector<int> script(const TinyModel& model, const Special& special) {
  std::vector<int> tokens;
  // Position 0 holds the begin, 1 the language, 2 the task; the last of them says the first token.
  if (model.multilingual) tokens = {special.language(model.language), special.eot};
  for (const TinyModel::Saying& s : model.sayings) {
    tokens.push_back(special.time(s.start));
    say(s.text, tokens);
    tokens.push_back(special.time(s.end));
  }
  tokens.push_back(special.eot);
  return tokens;
}

void write_head(Writer& out, bool multilingual, int layers) {
  out.number(0x67676D6CU);
  out.numbers({multilingual ? kMultilingual : kEnglish, kContext, kState, 1, layers, kTextContext, kState, 1, layers,
               kMels, 1});
  out.numbers({kMels, kBins});
  for (int i = 0; i < kMels * kBins; ++i) out.number(i % kBins / 3 == i / kBins ? 0.5F : 0.0F);
}

void write_vocabulary(Writer& out) {
  out.number(static_cast<std::int32_t>(256 + kWords.size()));
  for (int byte = 0; byte < 256; ++byte) {
    out.number(1);
    out.text(std::string(1, static_cast<char>(byte)));
  }
  for (const std::string_view word : kWords) {
    // Tokens have to differ: the blank is there as a byte already.
    const std::string text = word == " " ? "<blank>" : std::string(word);
    out.number(static_cast<std::int32_t>(text.size()));
    out.text(text);
  }
}

void begin_tensor(Writer& out, std::string_view name, bool halves, std::initializer_list<std::int32_t> shape) {
  out.numbers({static_cast<std::int32_t>(shape.size()), static_cast<std::int32_t>(name.size()), halves ? 1 : 0});
  out.numbers(shape);
  out.text(name);
}

void zero_tensor(Writer& out, const std::string& name, bool halves, std::initializer_list<std::int32_t> shape) {
  begin_tensor(out, name, halves, shape);
  std::size_t values = 1;
  for (const std::int32_t n : shape) values *= static_cast<std::size_t>(n);
  out.zeros(values * (halves ? 2 : 4));
}

void norm(Writer& out, const std::string& name, float weight) {
  begin_tensor(out, name + ".weight", false, {kState});
  for (int i = 0; i < kState; ++i) out.number(weight);
  zero_tensor(out, name + ".bias", false, {kState});
}

void attention(Writer& out, const std::string& block, const std::string& name) {
  norm(out, block + name + "_ln", 1);
  for (const char* part : {".query", ".key", ".value", ".out"}) {
    zero_tensor(out, block + name + part + ".weight", true, {kState, kState});
    if (std::string_view(part) != ".key") zero_tensor(out, block + name + part + ".bias", false, {kState});
  }
}

void perceptron(Writer& out, const std::string& block) {
  norm(out, block + "mlp_ln", 1);
  zero_tensor(out, block + "mlp.0.weight", true, {kState, 4 * kState});
  zero_tensor(out, block + "mlp.0.bias", false, {4 * kState});
  zero_tensor(out, block + "mlp.2.weight", true, {4 * kState, kState});
  zero_tensor(out, block + "mlp.2.bias", false, {kState});
}

void write_encoder(Writer& out) {
  zero_tensor(out, "encoder.positional_embedding", false, {kState, kContext});
  zero_tensor(out, "encoder.conv1.weight", true, {3, kMels, kState});
  zero_tensor(out, "encoder.conv1.bias", false, {1, kState});
  zero_tensor(out, "encoder.conv2.weight", true, {3, kState, kState});
  zero_tensor(out, "encoder.conv2.bias", false, {1, kState});
  norm(out, "encoder.ln_post", 1);
  perceptron(out, "encoder.blocks.0.");
  attention(out, "encoder.blocks.0.", "attn");
}

void write_decoder(Writer& out, const TinyModel& model) {
  const Special special(model.multilingual);
  const std::vector<int> said = script(model, special);
  begin_tensor(out, "decoder.positional_embedding", false, {kState, kTextContext});
  for (int at = 0; at < kTextContext; ++at) {
    const int token = at < static_cast<int>(said.size()) ? said[static_cast<std::size_t>(at)] : special.eot;
    for (int d = 0; d < kState; ++d) out.number(kLoud * code(token, d));
  }
  const int vocabulary = model.multilingual ? kMultilingual : kEnglish;
  begin_tensor(out, "decoder.token_embedding.weight", true, {kState, vocabulary});
  const int late = special.time(model.translated_start);
  for (int token = 0; token < vocabulary; ++token) {
    const bool asks = model.multilingual && token == special.translate;
    for (int d = 0; d < kState; ++d) out.number(half(asks ? kLouder * kLoud * code(late, d) : code(token, d)));
  }
  norm(out, "decoder.ln", 1);
  perceptron(out, "decoder.blocks.0.");
  attention(out, "decoder.blocks.0.", "attn");
  attention(out, "decoder.blocks.0.", "cross_attn");
}

}  // namespace

std::string tiny_model(const TinyModel& model) {
  Writer out;
  write_head(out, model.multilingual, 1);
  write_vocabulary(out);
  write_encoder(out);
  write_decoder(out, model);
  return out.take();
}

std::string empty_model() {
  Writer out;
  write_head(out, false, 1);
  write_vocabulary(out);
  return out.take();
}

void write_model(const std::filesystem::path& file, const TinyModel& model) {
  std::ofstream out(file, std::ios::binary);
  const std::string bytes = tiny_model(model);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace hearth::whisper::testing
