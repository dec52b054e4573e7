#include "fixtures.h"
#include "library_setup.h"

#include <cmath>
#include <cstring>
#include <numbers>

namespace hearth::media::testing {
namespace {

void append_le(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

// Tests log as the engine does.
[[maybe_unused]] const bool kReady = (set_up_libraries(512U << 20), true);

class Collect final : public AudioSink {
 public:
  explicit Collect(Decoded& into) : into_(into) {}
  Result<void> begin(std::optional<double> duration) override {
    into_.begun = true;
    into_.stated = duration;
    return {};
  }
  Result<void> samples(std::span<const std::int16_t> mono) override {
    into_.samples.insert(into_.samples.end(), mono.begin(), mono.end());
    return {};
  }

 private:
  Decoded& into_;
};

}  // namespace

std::vector<std::int16_t> sine(double hertz, int rate, double seconds) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::int16_t>(
        std::lround(10'000 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate)));
  return samples;
}

std::string as_bytes(const std::vector<std::int16_t>& samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(std::int16_t)};
}

std::string wav(const std::vector<std::int16_t>& samples, int rate, int channels, std::int64_t stated_data) {
  const std::string data = as_bytes(samples);
  const auto size = stated_data < 0 ? data.size() : static_cast<std::uint64_t>(stated_data);
  const auto hz = static_cast<std::uint64_t>(rate);
  const auto n = static_cast<std::uint64_t>(channels);
  std::string out = "RIFF";
  append_le(out, size + 36, 4);
  out += "WAVEfmt ";
  append_le(out, 16, 4);
  append_le(out, 1, 2);
  append_le(out, n, 2);
  append_le(out, hz, 4);
  append_le(out, hz * n * 2, 4);
  append_le(out, n * 2, 2);
  append_le(out, 16, 2);
  out += "data";
  append_le(out, size, 4);
  return out + data;
}

std::string encode(const std::vector<std::int16_t>& samples, const AudioEncodeRequest& request) {
  std::string out;
  auto encoder = AudioEncoder::create(request, [&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  if (!encoder) return {};
  constexpr std::size_t kPiece = 777;
  for (std::size_t at = 0; at < samples.size(); at += kPiece)
    if (!(*encoder)->add(std::span(samples).subspan(at, std::min(kPiece, samples.size() - at)))) return {};
  if (!(*encoder)->finish()) return {};
  return out;
}

Decoded decode(std::string file, const AudioDecodeRequest& request) {
  Decoded decoded;
  const kit::Body body = kit::Body::from_memory(std::move(file));
  Watch watch([] { return false; });
  Collect sink(decoded);
  decoded.result = decode_audio(body, request, watch, sink);
  return decoded;
}

double pitch(const std::vector<std::int16_t>& samples, int rate) {
  // The edges of a lossy codec ring: look at the middle.
  const std::size_t from = samples.size() / 4;
  const std::size_t to = samples.size() * 3 / 4;
  int crossings = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  for (std::size_t i = from + 1; i < to; ++i) {
    if (samples[i - 1] < 0 && samples[i] >= 0) {
      if (crossings++ == 0) first = i;
      last = i;
    }
  }
  return crossings < 2 ? 0 : (crossings - 1) * static_cast<double>(rate) / static_cast<double>(last - first);
}

double loudness(const std::vector<std::int16_t>& samples) {
  double sum = 0;
  for (const std::int16_t s : samples) sum += static_cast<double>(s) * s;
  return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

std::string code_of(const Result<void>& result) {
  return result ? "" : result.error().code().message();
}

}  // namespace hearth::media::testing
