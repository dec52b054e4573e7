#include "decoder.h"

#include "segmenter.h"

#include <fmt/format.h>
#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace hearth::transcribe {
namespace {

namespace fs = std::filesystem;

constexpr double kFramesPerSecond = 100;

struct ConfigFree {
  void operator()(cmd_ln_t* c) const { cmd_ln_free_r(c); }
};
struct DecoderFree {
  void operator()(ps_decoder_t* d) const { ps_free(d); }
};

// Chosen on the five LibriVox clips of pocketsphinx-testdata and checked on recordings and synthetic speech that were
// not looked at while choosing; docs/quality.md has the figures.
//  - no second pass over a flat lexicon: with this model it costs a quarter of the time and makes more errors;
//  - a language weight for the best path that is nearer to the one of the search;
//  - the front end's own silence removal is off, as it would shift the words' times: the segmenter does it.
constexpr std::array<const char*, 6> kSettings{"-fwdflat", "no", "-bestpathlw", "8.0", "-remove_silence", "no"};

Result<void> check_model(const fs::path& model) {
  for (const char* file : {"en-us/mdef", "en-us/means", "en-us/feat.params", "en-us.lm.bin", "cmudict-en-us.dict"}) {
    std::error_code ec;
    if (fs::is_regular_file(model / file, ec)) continue;
    return fail(Errc::not_found,
                fmt::format("{} is not pocketsphinx's English model: {} is missing; install the package "
                            "pocketsphinx-en-us and give its folder with --data",
                            model.string(), file));
  }
  return {};
}

// "<sil>", "[NOISE]", "++BREATH++"
bool is_filler(std::string_view word) {
  return word.empty() || word.front() == '<' || word.front() == '[' || word.starts_with("++");
}

// "read(2)" → "read"
std::string_view without_variant(std::string_view word) {
  if (word.size() > 3 && word.back() == ')')
    if (const std::size_t open = word.rfind('('); open != std::string_view::npos && open > 0)
      return word.substr(0, open);
  return word;
}

bool has_digital_silence(std::span<const std::int16_t> samples) {
  for (; samples.size() >= kFrame; samples = samples.subspan(kFrame))
    if (std::ranges::all_of(samples.first(kFrame), [](std::int16_t s) { return s >= -2 && s <= 2; })) return true;
  return false;
}

// The front end takes logarithms, so digital silence, which synthetic and cut speech is full of, becomes a value that
// no microphone ever gave in training and spoils the segment's mean. This is the noise of a very quiet room (75 dB
// below full scale), the same one each time; a recording with a floor of its own is left alone.
std::vector<std::int16_t> with_room_noise(std::span<const std::int16_t> samples) {
  constexpr std::uint32_t kAmplitude = 10;
  std::vector<std::int16_t> out(samples.begin(), samples.end());
  if (!has_digital_silence(samples)) return out;
  std::uint32_t state = 1;
  for (std::int16_t& s : out) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' linear congruential generator
    const int noise = static_cast<int>((state >> 16U) % (2 * kAmplitude + 1)) - static_cast<int>(kAmplitude);
    s = static_cast<std::int16_t>(std::clamp(s + noise, -32768, 32767));
  }
  return out;
}

}  // namespace

struct Decoder::Impl {
  std::unique_ptr<ps_decoder_t, DecoderFree> decoder;

  [[nodiscard]] std::vector<Word> words() const {
    std::vector<Word> found;
    logmath_t* const scale = ps_get_logmath(decoder.get());
    for (ps_seg_t* seg = ps_seg_iter(decoder.get()); seg != nullptr; seg = ps_seg_next(seg)) {
      const char* const text = ps_seg_word(seg);
      if (text == nullptr || is_filler(text)) continue;
      int first = 0;
      int last = 0;
      ps_seg_frames(seg, &first, &last);
      const double probability = logmath_exp(scale, ps_seg_prob(seg, nullptr, nullptr, nullptr));
      found.push_back({std::string(without_variant(text)), first / kFramesPerSecond, (last + 1) / kFramesPerSecond,
                       std::clamp(probability, 0.0, 1.0)});
    }
    return found;
  }
};

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::~Decoder() = default;

Result<std::unique_ptr<Decoder>> Decoder::create(const fs::path& model) {
  HEARTH_TRY(check_model(model));
  err_set_logfp(nullptr);  // it writes hundreds of lines about itself
  std::vector<std::string> text{"hearth-transcribe",
                                "-hmm",
                                (model / "en-us").string(),
                                "-lm",
                                (model / "en-us.lm.bin").string(),
                                "-dict",
                                (model / "cmudict-en-us.dict").string()};
  text.insert(text.end(), kSettings.begin(), kSettings.end());
  std::vector<char*> arguments;
  for (std::string& s : text) arguments.push_back(s.data());
  const std::unique_ptr<cmd_ln_t, ConfigFree> config(
      cmd_ln_parse_r(nullptr, ps_args(), static_cast<int>(arguments.size()), arguments.data(), 1));
  if (!config) return fail(Errc::failed_precondition, "pocketsphinx does not understand its settings");
  auto impl = std::make_unique<Impl>();
  impl->decoder.reset(ps_init(config.get()));
  if (!impl->decoder)
    return fail(Errc::failed_precondition, fmt::format("pocketsphinx cannot load its model in {}", model.string()));
  return std::unique_ptr<Decoder>(new Decoder(std::move(impl)));
}

Result<std::vector<Word>> Decoder::decode(std::span<const std::int16_t> samples) {
  ps_decoder_t* const decoder = impl_->decoder.get();
  // Forgets the noise of the recording before, so that the same sound always gives the same words.
  if (ps_start_stream(decoder) < 0 || ps_start_utt(decoder) < 0)
    return fail(Errc::internal, "pocketsphinx cannot begin an utterance");
  // In one piece: only then the cepstral mean is the segment's own, as in training. In pieces it would be a running
  // mean that starts wrong, at a cost of some words in the first seconds.
  const std::vector<std::int16_t> sound = with_room_noise(samples);
  const int taken = ps_process_raw(decoder, sound.data(), sound.size(), 0, 1);
  if (ps_end_utt(decoder) < 0 || taken < 0) return fail(Errc::internal, "pocketsphinx failed on this sound");
  return impl_->words();
}

Result<std::unique_ptr<DecoderPool>> DecoderPool::create(fs::path model, int size) {
  std::unique_ptr<DecoderPool> pool(new DecoderPool(std::move(model), std::max(1, size)));
  HEARTH_TRY_ASSIGN(auto first, Decoder::create(pool->model_));
  pool->idle_.push_back(std::move(first));
  pool->made_ = 1;
  return pool;
}

Result<DecoderPool::Lease> DecoderPool::lend(const std::function<bool()>& give_up) {
  constexpr std::chrono::milliseconds kAskEvery{100};
  std::unique_lock lock(mutex_);
  while (idle_.empty()) {
    if (made_ < size_) {
      ++made_;
      lock.unlock();
      auto made = Decoder::create(model_);
      if (made) return Lease(*this, std::move(*made));
      lock.lock();
      --made_;
      return fail(std::move(made).error());
    }
    if (give_up()) return fail(Errc::cancelled, "nobody waits for the transcript");
    returned_.wait_for(lock, kAskEvery);
  }
  std::unique_ptr<Decoder> decoder = std::move(idle_.back());
  idle_.pop_back();
  return Lease(*this, std::move(decoder));
}

void DecoderPool::give_back(std::unique_ptr<Decoder> decoder) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(decoder));
  returned_.notify_one();
}

}  // namespace hearth::transcribe
