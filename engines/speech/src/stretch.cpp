#include "stretch.h"

#include <sonic.h>

#include <array>

namespace hearth::speech {

struct Stretch::Impl {
  sonicStream stream;

  bool drain(const Take& take) const {
    std::array<short, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): sonic fills it
    for (;;) {
      const int n = sonicReadShortFromStream(stream, buffer.data(), static_cast<int>(buffer.size()));
      if (n <= 0) return true;
      if (!take(std::span<const std::int16_t>(buffer.data(), static_cast<std::size_t>(n)))) return false;
    }
  }
};

Stretch::Stretch(int sample_rate, double speed) : impl_(std::make_unique<Impl>(sonicCreateStream(sample_rate, 1))) {
  if (impl_->stream != nullptr) sonicSetSpeed(impl_->stream, static_cast<float>(speed));
}

Stretch::~Stretch() {
  if (impl_->stream != nullptr) sonicDestroyStream(impl_->stream);
}

bool Stretch::push(std::span<const std::int16_t> samples, const Take& take) {
  if (impl_->stream == nullptr) return take(samples);
  // libsonic reads only, its signature is older than const.
  auto* const data = const_cast<std::int16_t*>(samples.data());
  sonicWriteShortToStream(impl_->stream, data, static_cast<int>(samples.size()));
  return impl_->drain(take);
}

bool Stretch::finish(const Take& take) {
  if (impl_->stream == nullptr) return true;
  sonicFlushStream(impl_->stream);
  return impl_->drain(take);
}

}  // namespace hearth::speech
