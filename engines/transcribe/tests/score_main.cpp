// hearth-transcribe-score MODEL < LIST: word error rate and speed of the engine's own code on recordings.
// LIST has lines "FILE REFERENCE TEXT"; a FILE is 16 kHz mono s16le, raw or with a 44-byte WAV header.
#include "decoder.h"
#include "segmenter.h"
#include "text.h"

#include <hearth/core/edit_distance.h>
#include <hearth/core/file.h>

#include <fmt/format.h>

#include <cstring>
#include <ctime>
#include <iostream>
#include <sstream>

namespace {

using namespace hearth::transcribe;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<std::int16_t> load(const std::string& path) {
  constexpr std::size_t kLimit = 500 << 20;
  const auto bytes = hearth::read_file(path, kLimit);
  if (!bytes) return {};
  const std::size_t skip = bytes->starts_with("RIFF") ? 44 : 0;
  if (bytes->size() < skip) return {};
  std::vector<std::int16_t> samples((bytes->size() - skip) / 2);
  std::memcpy(samples.data(), bytes->data() + skip, samples.size() * 2);
  return samples;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: hearth-transcribe-score MODEL_FOLDER < LIST\n");
    return 2;
  }
  const double begin = cpu_seconds();
  auto decoder = Decoder::create(argv[1]);
  if (!decoder) {
    fmt::print(stderr, "{}\n", decoder.error().describe());
    return 1;
  }
  fmt::print("model loaded in {:.2f} s of CPU\n", cpu_seconds() - begin);
  hearth::EditCounts sum;
  double sum_cpu = 0;
  double sum_audio = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream fields(line);
    std::string path;
    std::string reference;
    fields >> path;
    std::getline(fields, reference);
    const auto samples = load(path);
    if (samples.empty()) {
      fmt::print(stderr, "cannot read {}\n", path);
      return 1;
    }
    const double start = cpu_seconds();
    Segmenter segmenter;
    segmenter.push(samples);
    segmenter.finish();
    std::string text;
    int segments = 0;
    while (const auto segment = segmenter.take()) {
      const auto words = (*decoder)->decode(segment->samples);
      if (!words) return 1;
      ++segments;
      if (!words->empty()) text += (text.empty() ? "" : " ") + sentence(*words);
    }
    const double cpu = cpu_seconds() - start;
    const double audio = static_cast<double>(samples.size()) / kSampleRate;
    const hearth::EditCounts errors = hearth::word_errors(reference, text);
    sum += errors;
    sum_cpu += cpu;
    sum_audio += audio;
    fmt::print("{:<44} {:5.1f} s  {} segments  WER {:5.1f} % ({}/{})  RTF {:.2f}  {}\n",
               path.substr(path.rfind('/') + 1), audio, segments, 100 * errors.rate(), errors.errors(),
               errors.reference, cpu / audio, text);
  }
  fmt::print("all: {:.1f} s  WER {:.1f} % ({}/{})  RTF {:.2f}\n", sum_audio, 100 * sum.rate(), sum.errors(),
             sum.reference, sum_cpu / sum_audio);
}
