// Any file with sound, as the media engine decodes it for the engines that listen: `eval_pcm FILE` writes s16le mono at
// 16 kHz to its standard output.
#include "audio_decode.h"
#include "library_setup.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <cstdio>

namespace {

class Output final : public hearth::media::AudioSink {
 public:
  hearth::Result<void> begin(std::optional<double>) override { return {}; }
  hearth::Result<void> samples(std::span<const std::int16_t> mono) override {
    if (std::fwrite(mono.data(), 2, mono.size(), stdout) == mono.size()) return {};
    return hearth::fail(hearth::Errc::io_error, "the samples cannot be written");
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: eval_pcm FILE >PCM\n", stderr);
    return 2;
  }
  constexpr std::size_t kMaxFile = 1U << 30U;
  auto bytes = hearth::read_file(argv[1], kMaxFile);
  if (!bytes) {
    fmt::print(stderr, "eval_pcm: {}\n", bytes.error().describe());
    return 1;
  }
  hearth::media::set_up_libraries(kMaxFile);
  hearth::media::Watch watch([] { return false; });
  Output output;
  const auto done = hearth::media::decode_audio(hearth::kit::Body::from_memory(std::move(*bytes)), {}, watch, output);
  if (done) return 0;
  fmt::print(stderr, "eval_pcm: {}: {}\n", argv[1], done.error().describe());
  return 1;
}
