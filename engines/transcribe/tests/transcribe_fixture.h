// One pool for all tests of the program, as the model is slow to load; and recordings to hear.
#pragma once

#include "decoder.h"
#include "segmenter.h"

#include <hearth/core/file.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace hearth::transcribe {

inline DecoderPool& pool() {
  static const std::unique_ptr<DecoderPool> instance = [] {
    auto made = DecoderPool::create(POCKETSPHINX_MODEL, 2);
    if (!made) ADD_FAILURE() << made.error().describe();
    return made ? std::move(*made) : nullptr;
  }();
  return *instance;
}

// A recording of Debian's pocketsphinx-testdata: "goforward.raw", "librivox/….wav".
inline std::vector<std::int16_t> recording(const std::string& name) {
  const auto bytes = read_file(std::string(POCKETSPHINX_TESTDATA) + "/" + name, 10 << 20);
  if (!bytes) {
    ADD_FAILURE() << bytes.error().describe();
    return {};
  }
  const std::size_t skip = bytes->starts_with("RIFF") ? 44 : 0;
  std::vector<std::int16_t> samples((bytes->size() - skip) / 2);
  std::memcpy(samples.data(), bytes->data() + skip, samples.size() * 2);
  return samples;
}

inline std::vector<std::int16_t> silence(double seconds) {
  return std::vector<std::int16_t>(static_cast<std::size_t>(seconds * kSampleRate));
}

inline std::vector<std::int16_t> tone(double seconds, double hertz, double amplitude) {
  std::vector<std::int16_t> samples = silence(seconds);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] =
        static_cast<std::int16_t>(amplitude * std::sin(6.283185307 * hertz * static_cast<double>(i) / kSampleRate));
  return samples;
}

inline void append(std::vector<std::int16_t>& to, const std::vector<std::int16_t>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

inline std::vector<Segment> segments_of(const std::vector<std::int16_t>& samples, std::size_t at_once = 1000) {
  Segmenter s;
  std::vector<Segment> found;
  for (std::size_t i = 0; i < samples.size(); i += at_once) {
    s.push(std::span(samples).subspan(i, std::min(at_once, samples.size() - i)));
    while (auto segment = s.take()) found.push_back(std::move(*segment));
  }
  s.finish();
  while (auto segment = s.take()) found.push_back(std::move(*segment));
  return found;
}

}  // namespace hearth::transcribe
