// Any bytes as a file with sound: it is probed, and what can be decoded is.
#include "audio_decode.h"
#include "library_setup.h"
#include "probe.h"

#include <hearth/core/clock.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace hearth;

constexpr double kMaxSeconds = 20;
constexpr int kRate = 8000;
constexpr std::size_t kMaxSamples = 20 * kRate;

class Check final : public media::AudioSink {
 public:
  Result<void> begin(std::optional<double> /*duration*/) override {
    if (begun_) std::abort();
    begun_ = true;
    return {};
  }
  Result<void> samples(std::span<const std::int16_t> mono) override {
    count_ += mono.size();
    if (!begun_ || mono.empty() || count_ > kMaxSamples) std::abort();
    return {};
  }

 private:
  bool begun_ = false;
  std::size_t count_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const bool once = [] {
    media::set_up_libraries(256U << 20);
    return true;
  }();
  const kit::Body body = kit::Body::from_memory(std::string(reinterpret_cast<const char*>(data), size));
  const Deadline deadline = Deadline::in(Seconds(2));
  media::Watch watch([&] { return deadline.passed(); });
  [[maybe_unused]] const auto probed = media::probe(body, watch);
  Check sink;
  const media::AudioDecodeRequest request{.rate = kRate, .max_seconds = kMaxSeconds};
  [[maybe_unused]] const auto decoded = media::decode_audio(body, request, watch, sink);
  return 0;
}
