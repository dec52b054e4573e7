#include "resampler.h"

#include "errors.h"

namespace hearth::media {
namespace {

constexpr int kMaxChannels = 64;  // libswresample's own bound
constexpr int kMinRate = 1000;
constexpr int kMaxRate = 768'000;

}  // namespace

bool Resampler::is_set_up_for(const SampleLayout& layout) const {
  return swr_ && layout.rate == layout_.rate && layout.format == layout_.format &&
         av_channel_layout_compare(&layout.channels, &layout_.channels) == 0;
}

Result<void> Resampler::configure(const SampleLayout& layout) {
  if (layout.rate < kMinRate || layout.rate > kMaxRate || layout.channels.nb_channels < 1 ||
      layout.channels.nb_channels > kMaxChannels)
    return fail(MediaErrc::corrupt_media, "the sound's sample rate or number of channels is impossible");
  // A file may leave open where its channels belong; a custom map can't be mixed down, its count can.
  AVChannelLayout from{};
  if (layout.channels.order == AV_CHANNEL_ORDER_NATIVE)
    from = layout.channels;
  else
    av_channel_layout_default(&from, layout.channels.nb_channels);
  AVChannelLayout mono{};
  av_channel_layout_default(&mono, 1);
  SwrContext* swr = nullptr;
  int made = swr_alloc_set_opts2(&swr, &mono, out_format_, out_rate_, &from, layout.format, layout.rate, 0, nullptr);
  swr_.reset(swr);
  if (made >= 0) made = swr_init(swr);
  if (made < 0) return fail_av(made, "the sound cannot be converted to mono");
  layout_ = layout;
  return {};
}

Result<void> Resampler::run(const std::uint8_t* const* data, int samples, std::vector<std::uint8_t>& out) {
  const int room = swr_get_out_samples(swr_.get(), samples);
  if (room <= 0) return {};
  const auto width = static_cast<std::size_t>(av_get_bytes_per_sample(out_format_));
  const std::size_t before = out.size();
  out.resize(before + static_cast<std::size_t>(room) * width);
  std::uint8_t* into = out.data() + before;
  const int got = swr_convert(swr_.get(), &into, room, const_cast<const std::uint8_t**>(data), samples);
  out.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got) * width);
  if (got < 0) return fail_av(got, "the sound cannot be converted");
  return {};
}

Result<void> Resampler::convert(const SampleLayout& layout, const std::uint8_t* const* data, int samples,
                                std::vector<std::uint8_t>& out) {
  if (!is_set_up_for(layout)) {
    HEARTH_TRY(flush(out));
    HEARTH_TRY(configure(layout));
  }
  return run(data, samples, out);
}

Result<void> Resampler::flush(std::vector<std::uint8_t>& out) {
  if (!swr_) return {};
  return run(nullptr, 0, out);
}

}  // namespace hearth::media
