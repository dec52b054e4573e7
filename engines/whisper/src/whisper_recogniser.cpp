#include "whisper_recogniser.h"

#include "speech_model.h"

#include <hearth/core/clock.h>

#include <fmt/format.h>
#include <whisper.h>

#include <algorithm>
#include <exception>

namespace hearth::whisper {
namespace {

constexpr std::size_t kLeastSamples = 17'600;  // 1.1 s; shorter sound is padded, as the model makes little of it
constexpr int kMaxEncodings = 6;               // of one window: a model that moves on by a hair's breadth is stopped
constexpr std::chrono::milliseconds kAskEvery{50};

struct FreeContext {
  void operator()(whisper_context* p) const { whisper_free(p); }
};
struct FreeState {
  void operator()(whisper_state* p) const { whisper_free_state(p); }
};
using Context = std::unique_ptr<whisper_context, FreeContext>;
using State = std::unique_ptr<whisper_state, FreeState>;

// Asks the request's give_up now and then. libwhisper asks this before it encodes a window and after each step, which
// is the encoding of a window or the finding of one token.
class Patience {
 public:
  explicit Patience(const std::function<bool()>& give_up) : give_up_(give_up) {}
  static bool ended(void* self) { return static_cast<Patience*>(self)->ask(); }
  static bool may_encode(whisper_context*, whisper_state*, void* self) {
    auto* patience = static_cast<Patience*>(self);
    return !patience->ask() && patience->encodings_++ < kMaxEncodings;
  }
  [[nodiscard]] bool over() const { return over_; }

 private:
  bool ask() {
    const SteadyTime now = steady_now();
    if (over_ || now - asked_ < kAskEvery) return over_;
    asked_ = now;
    over_ = give_up_();
    return over_;
  }
  const std::function<bool()>& give_up_;
  SteadyTime asked_;
  bool over_ = false;
  int encodings_ = 0;
};

double seconds(std::int64_t centiseconds) {
  return static_cast<double>(std::max<std::int64_t>(centiseconds, 0)) / 100;
}

class WhisperRecogniser final : public Recogniser {
 public:
  // Without a speech model `speech` is nullptr.
  WhisperRecogniser(whisper_context* context, State state, std::unique_ptr<SpeechModel> speech)
      : context_(context), state_(std::move(state)), speech_(std::move(speech)) {}

  void begin() override {
    if (speech_) speech_->begin();
  }
  [[nodiscard]] bool tells_speech() const override { return speech_ != nullptr; }
  Result<std::vector<float>> speech(std::span<const float> samples) override { return speech_->speech(samples); }

  Result<WindowHeard> hear(const WindowJob& job) override {
    if (!state_) state_.reset(whisper_init_state(context_));
    if (!state_) return fail(Errc::failed_precondition, "there is not enough memory for another recording at a time");
    std::vector<float> samples(job.samples.begin(), job.samples.end());
    samples.resize(std::max(samples.size(), kLeastSamples));
    Patience patience(job.give_up);
    const whisper_full_params params = parameters(job, patience);
    int status = 0;
    try {
      status =
          whisper_full_with_state(context_, state_.get(), params, samples.data(), static_cast<int>(samples.size()));
    } catch (const std::exception& e) {
      state_.reset();
      return fail(Errc::internal, fmt::format("libwhisper failed on this sound: {}", e.what()));
    }
    if (status != 0) {
      // What was broken off is not built upon. With -7 libwhisper has freed the state itself.
      if (constexpr int kFreedState = -7; status == kFreedState) [[maybe_unused]]
        whisper_state* gone = state_.release();
      state_.reset();
      if (patience.over()) return fail(Errc::cancelled, "nobody waits for the transcript");
      return fail(Errc::internal,
                  fmt::format("libwhisper failed on this sound (status {}); its log says more", status));
    }
    if (patience.over()) return fail(Errc::cancelled, "nobody waits for the transcript");
    return result(job);
  }

 private:
  static whisper_full_params parameters(const WindowJob& job, Patience& patience) {
    whisper_full_params p = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    p.n_threads = job.threads;
    p.print_progress = p.print_realtime = p.print_timestamps = p.print_special = false;
    p.translate = job.task == Task::translate;
    p.language = job.language.empty() ? "auto" : job.language.c_str();
    p.token_timestamps = true;
    p.temperature = static_cast<float>(job.temperature);
    // One decoder, also at higher temperatures: more would make the state grow up to sevenfold in the middle of a
    // request.
    p.greedy.best_of = 1;
    p.no_context = job.forget;
    if (!job.prompt.empty()) {
      p.initial_prompt = job.prompt.c_str();
      p.carry_initial_prompt = true;
    }
    p.abort_callback = &Patience::ended;
    p.abort_callback_user_data = &patience;
    p.encoder_begin_callback = &Patience::may_encode;
    p.encoder_begin_callback_user_data = &patience;
    return p;
  }

  [[nodiscard]] WindowHeard result(const WindowJob& job) const {
    whisper_state* s = state_.get();
    WindowHeard heard;
    const char* language = whisper_lang_str(whisper_full_lang_id_from_state(s));
    heard.language = !job.language.empty() ? job.language : language != nullptr ? language : "en";
    const whisper_token first_special = whisper_token_eot(context_);
    for (int i = 0; i < whisper_full_n_segments_from_state(s); ++i) {
      Heard h;
      h.start = seconds(whisper_full_get_segment_t0_from_state(s, i));
      h.end = seconds(whisper_full_get_segment_t1_from_state(s, i));
      for (int j = 0; j < whisper_full_n_tokens_from_state(s, i); ++j) {
        const whisper_token_data data = whisper_full_get_token_data_from_state(s, i, j);
        if (data.id >= first_special) continue;
        h.tokens.push_back({whisper_token_to_str(context_, data.id), seconds(data.t0), seconds(data.t1), data.p});
        h.avg_logprob += data.plog;
      }
      if (h.tokens.empty()) continue;
      h.avg_logprob /= static_cast<double>(h.tokens.size());
      heard.segments.push_back(std::move(h));
    }
    return heard;
  }

  whisper_context* context_;
  State state_;
  std::unique_ptr<SpeechModel> speech_;
};

}  // namespace

struct WhisperModel::Impl {
  Files files;
  Context context;
};

WhisperModel::WhisperModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WhisperModel::~WhisperModel() = default;

Result<std::unique_ptr<WhisperModel>> WhisperModel::load(const Files& files) {
  prepare_libwhisper();
  whisper_context_params params = whisper_context_default_params();
  params.use_gpu = false;
  auto impl = std::make_unique<Impl>();
  impl->files = files;
  impl->context.reset(whisper_init_from_file_with_params_no_state(files.model.c_str(), params));
  if (!impl->context)
    return fail(
        Errc::failed_precondition,
        fmt::format("libwhisper cannot load the model {}; it may be damaged (`hearth pull` gets it anew), or there is "
                    "not enough memory for it",
                    files.model));
  return std::unique_ptr<WhisperModel>(new WhisperModel(std::move(impl)));
}

ModelFacts WhisperModel::facts(std::string id, int languages) const {
  ModelFacts facts;
  facts.id = std::move(id);
  facts.multilingual = whisper_is_multilingual(impl_->context.get()) != 0;
  for (int i = 0; i < languages && i <= whisper_lang_max_id(); ++i)
    facts.languages.push_back({whisper_lang_str(i), whisper_lang_str_full(i)});
  return facts;
}

Result<std::unique_ptr<Recogniser>> WhisperModel::recogniser() {
  std::unique_ptr<SpeechModel> speech;
  if (!impl_->files.vad.empty()) {
    HEARTH_TRY_ASSIGN(speech, SpeechModel::load(impl_->files.vad));
  }
  State state(whisper_init_state(impl_->context.get()));
  if (!state) return fail(Errc::failed_precondition, "there is not enough memory for another recording at a time");
  return std::unique_ptr<Recogniser>(
      std::make_unique<WhisperRecogniser>(impl_->context.get(), std::move(state), std::move(speech)));
}

}  // namespace hearth::whisper
