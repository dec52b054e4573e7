#include "speech_model.h"

#include <hearth/core/log.h>

#include <fmt/format.h>
#include <ggml-backend.h>
#include <whisper.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

namespace hearth::whisper {
namespace {

// libwhisper tells of every step; what goes wrong is worth a line.
void log_line(ggml_log_level level, const char* text, void*) {
  if (level != GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_WARN) return;
  std::string_view line(text);
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (line.empty()) return;
  if (level == GGML_LOG_LEVEL_ERROR) {
    log::error("whisper", std::string(line));
  } else {
    log::warn("whisper", std::string(line));
  }
}

struct FreeVad {
  void operator()(whisper_vad_context* p) const { whisper_vad_free(p); }
};

}  // namespace

void prepare_libwhisper() {
  static std::once_flag once;
  std::call_once(once, [] {
    whisper_log_set(log_line, nullptr);
    ggml_log_set(log_line, nullptr);
    // Read when the backends are loaded. Threads that spin while they wait for each other lose a whole time slice, each
    // time, to any other process that computes: measured, four times slower on a busy machine.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    ggml_backend_load_all();
  });
}

struct SpeechModel::Impl {
  std::unique_ptr<whisper_vad_context, FreeVad> context;
};

SpeechModel::SpeechModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpeechModel::~SpeechModel() = default;

Result<std::unique_ptr<SpeechModel>> SpeechModel::load(const std::string& file) {
  prepare_libwhisper();
  whisper_vad_context_params params = whisper_vad_default_context_params();
  params.n_threads = 1;  // its network is tiny
  auto impl = std::make_unique<Impl>();
  impl->context.reset(whisper_vad_init_from_file_with_params(file.c_str(), params));
  if (!impl->context)
    return fail(Errc::failed_precondition, fmt::format("libwhisper cannot load the speech model {}", file));
  auto model = std::unique_ptr<SpeechModel>(new SpeechModel(std::move(impl)));
  model->begin();
  return model;
}

void SpeechModel::begin() {
  whisper_vad_reset_state(impl_->context.get());
}

Result<std::vector<float>> SpeechModel::speech(std::span<const float> samples) {
  whisper_vad_context* context = impl_->context.get();
  if (!whisper_vad_detect_speech_no_reset(context, samples.data(), static_cast<int>(samples.size())))
    return fail(Errc::internal, "libwhisper cannot tell where speech is; its log says more");
  const float* probabilities = whisper_vad_probs(context);
  return std::vector<float>(probabilities, probabilities + whisper_vad_n_probs(context));
}

}  // namespace hearth::whisper
