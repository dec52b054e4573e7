// Samples of any layout, format and rate in; mono at the wanted rate and format out.
#pragma once

#include "av.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <vector>

namespace hearth::media {

// What samples are like, before conversion.
struct SampleLayout {
  AVChannelLayout channels{};
  AVSampleFormat format = AV_SAMPLE_FMT_S16;
  int rate = 0;  // Hz
};

// One stream of samples; one thread.
class Resampler {
 public:
  Resampler(int out_rate, AVSampleFormat out_format) : out_rate_(out_rate), out_format_(out_format) {}
  // Converts `samples` sample frames at `data` (one pointer a plane) and appends mono samples to `out`, as bytes. The
  // layout may change between calls. corrupt_media for a layout that can't be.
  Result<void> convert(const SampleLayout& layout, const std::uint8_t* const* data, int samples,
                       std::vector<std::uint8_t>& out);
  // What the filter still holds.
  Result<void> flush(std::vector<std::uint8_t>& out);

 private:
  [[nodiscard]] bool is_set_up_for(const SampleLayout& layout) const;
  Result<void> configure(const SampleLayout& layout);
  Result<void> run(const std::uint8_t* const* data, int samples, std::vector<std::uint8_t>& out);

  int out_rate_;
  AVSampleFormat out_format_;
  AvSwr swr_;
  SampleLayout layout_;
};

}  // namespace hearth::media
