// Where speech is in a recording, as the engine tells it: for docs/quality.md (tools/eval).
//
//   eval_speech GGML-MODEL [ONNX-MODEL] <s16le, mono, 16 kHz
//
// Prints a line "START END" for each stretch of speech, in seconds. With Silero's model in its own format too, first a
// line "agreement SHARE DIFFERENCE": the share of the 32 ms chunks that both call the same, and the mean difference of
// their probabilities, with the weights run by ONNX Runtime instead of libwhisper.
#include "speech_model.h"
#include "windower.h"

#include <fmt/format.h>
#include <onnxruntime_c_api.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace hearth::whisper {
namespace {

std::vector<float> read_samples() {
  std::vector<float> samples;
  std::array<std::int16_t, 8192> part{};
  for (std::size_t n = 0; (n = std::fread(part.data(), 2, part.size(), stdin)) > 0;)
    for (std::size_t i = 0; i < n; ++i) samples.push_back(static_cast<float>(part.at(i)) / 32768.0F);
  samples.resize((samples.size() + kChunk - 1) / kChunk * kChunk);
  return samples;
}

// Silero's model in ONNX Runtime: chunk after chunk, with the 64 samples before each, and the state from one to the
// next.
class OnnxSilero {
 public:
  explicit OnnxSilero(const char* file) : api_(OrtGetApiBase()->GetApi(ORT_API_VERSION)) {
    if (api_ == nullptr) throw std::runtime_error("this ONNX Runtime is older than the headers");
    check(api_->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "eval", &environment_));
    check(api_->CreateSessionOptions(&options_));
    check(api_->SetIntraOpNumThreads(options_, 1));
    check(api_->CreateSession(environment_, file, options_, &session_));
    check(api_->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory_));
  }
  OnnxSilero(const OnnxSilero&) = delete;
  OnnxSilero& operator=(const OnnxSilero&) = delete;
  ~OnnxSilero() {
    api_->ReleaseMemoryInfo(memory_);
    api_->ReleaseSession(session_);
    api_->ReleaseSessionOptions(options_);
    api_->ReleaseEnv(environment_);
  }

  float speech(std::span<const float> chunk) {
    std::memmove(input_.data(), input_.data() + kChunk, kBefore * sizeof(float));
    std::memcpy(input_.data() + kBefore, chunk.data(), kChunk * sizeof(float));
    const std::array<std::int64_t, 2> input_shape{1, static_cast<std::int64_t>(input_.size())};
    const std::array<std::int64_t, 3> state_shape{2, 1, 128};
    std::int64_t rate = kSampleRate;
    std::array<OrtValue*, 3> in{};
    check(api_->CreateTensorWithDataAsOrtValue(memory_, input_.data(), sizeof input_, input_shape.data(), 2,
                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, in.data()));
    check(api_->CreateTensorWithDataAsOrtValue(memory_, state_.data(), sizeof state_, state_shape.data(), 3,
                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &in[1]));
    check(api_->CreateTensorWithDataAsOrtValue(memory_, &rate, sizeof rate, nullptr, 0,
                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, &in[2]));
    constexpr std::array kIn{"input", "state", "sr"};
    constexpr std::array kOut{"output", "stateN"};
    std::array<OrtValue*, 2> out{};
    check(api_->Run(session_, nullptr, kIn.data(), in.data(), in.size(), kOut.data(), out.size(), out.data()));
    float* probability = nullptr;
    float* state = nullptr;
    check(api_->GetTensorMutableData(out[0], reinterpret_cast<void**>(&probability)));
    check(api_->GetTensorMutableData(out[1], reinterpret_cast<void**>(&state)));
    const float result = *probability;
    std::memcpy(state_.data(), state, sizeof state_);
    for (OrtValue* value : in) api_->ReleaseValue(value);
    for (OrtValue* value : out) api_->ReleaseValue(value);
    return result;
  }

 private:
  void check(OrtStatus* status) const {
    if (status == nullptr) return;
    const std::string message = api_->GetErrorMessage(status);
    api_->ReleaseStatus(status);
    throw std::runtime_error(message);
  }

  static constexpr std::size_t kBefore = 64;
  const OrtApi* api_;
  OrtEnv* environment_ = nullptr;
  OrtSessionOptions* options_ = nullptr;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
  std::array<float, kBefore + kChunk> input_{};
  std::array<float, 2UL * 128> state_{};
};

void compare(const std::vector<float>& samples, const std::vector<float>& speech, const char* onnx) {
  OnnxSilero other(onnx);
  std::size_t same = 0;
  double difference = 0;
  for (std::size_t i = 0; i < speech.size(); ++i) {
    const float probability = other.speech(std::span(samples).subspan(i * kChunk, kChunk));
    same += (probability >= 0.5F) == (speech[i] >= 0.5F) ? 1 : 0;
    difference += std::abs(probability - speech[i]);
  }
  const double chunks = static_cast<double>(speech.size());
  fmt::print("agreement {:.4f} {:.4f}\n", static_cast<double>(same) / chunks, difference / chunks);
}

int run(const char* ggml, const char* onnx) {
  auto model = SpeechModel::load(ggml);
  if (!model) throw std::runtime_error(model.error().describe());
  const std::vector<float> samples = read_samples();
  // As the engine does: a second at a time.
  constexpr std::size_t kAtOnce = 32 * kChunk;
  std::vector<float> speech;
  Windower windower;
  std::vector<Window> windows;
  for (std::size_t at = 0; at < samples.size(); at += kAtOnce) {
    const auto part = std::span(samples).subspan(at, std::min(kAtOnce, samples.size() - at));
    const auto found = (*model)->speech(part);
    if (!found) throw std::runtime_error(found.error().describe());
    speech.insert(speech.end(), found->begin(), found->end());
    windower.push(part, *found, Supply::plenty);
    while (auto w = windower.take()) windows.push_back(std::move(*w));
  }
  windower.finish();
  while (auto w = windower.take()) windows.push_back(std::move(*w));
  if (onnx != nullptr) compare(samples, speech, onnx);
  for (const Window& w : windows) {
    const double start = static_cast<double>(w.start) / kSampleRate;
    for (const Stretch& s : w.speech) fmt::print("{:.2f} {:.2f}\n", start + s.start, start + s.end);
  }
  return 0;
}

}  // namespace
}  // namespace hearth::whisper

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: eval_speech GGML-MODEL [ONNX-MODEL] <PCM\n", stderr);
    return 2;
  }
  try {
    return hearth::whisper::run(argv[1], argc > 2 ? argv[2] : nullptr);
  } catch (const std::exception& e) {
    fmt::print(stderr, "eval_speech: {}\n", e.what());
    return 1;
  }
}
