// Makes speech slower than espeak-ng can, without a deeper voice (libsonic). Owned by one synthesis; not shared.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace hearth::speech {

class Stretch {
 public:
  // `speed` below 1 is slower.
  Stretch(int sample_rate, double speed);
  ~Stretch();
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;

  using Take = std::function<bool(std::span<const std::int16_t>)>;
  // Puts samples in and hands on what is ready; false as soon as `take` says so.
  bool push(std::span<const std::int16_t> samples, const Take& take);
  // Hands on the rest.
  bool finish(const Take& take);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::speech
