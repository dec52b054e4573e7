#include "voice.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMost = 1000;  // phonemes at once: a very long sentence

class Piper : public Voice {
 public:
  Piper(std::unique_ptr<Model> model, PiperConfig config, std::string name)
      : model_(std::move(model)), config_(std::move(config)), name_(std::move(name)) {}

  [[nodiscard]] int sample_rate() const override { return config_.sample_rate; }
  [[nodiscard]] std::size_t most_phonemes() const override { return kMost; }
  [[nodiscard]] std::vector<ListedVoice> list() const override {
    std::vector<ListedVoice> voices{{name_, config_.language}};
    for (const auto& [speaker, id] : config_.speaker_ids) voices.push_back({speaker, config_.language});
    return voices;
  }

  [[nodiscard]] Result<std::vector<float>> speak(std::u32string_view phonemes, std::string_view voice,
                                                 double speed) const override {
    HEARTH_TRY_ASSIGN(const int speaker, speaker_of(voice));
    const std::vector<std::int64_t> ids = piper_ids(phonemes, config_.ids);
    std::vector<Tensor> inputs;
    for (const Port& port : model_->inputs()) {
      if (port.name == "input") {
        inputs.push_back({.shape = {1, static_cast<std::int64_t>(ids.size())}, .values = ids});
      } else if (port.name == "input_lengths") {
        inputs.push_back({.shape = {1}, .values = std::vector{static_cast<std::int64_t>(ids.size())}});
      } else if (port.name == "scales") {
        inputs.push_back(
            {.shape = {3},
             .values = std::vector{config_.noise, static_cast<float>(config_.length / speed), config_.noise_w}});
      } else {
        inputs.push_back({.shape = {1}, .values = std::vector{std::int64_t{speaker}}});
      }
    }
    HEARTH_TRY_ASSIGN(std::vector<Tensor> outputs, model_->run(inputs));
    if (outputs.empty()) return fail(Errc::corrupt, "the voice gave no sound");
    auto* sound = std::get_if<std::vector<float>>(&outputs[0].values);
    if (sound == nullptr) return fail(Errc::corrupt, "the voice gave no sound, but other numbers");
    return std::move(*sound);
  }

 private:
  [[nodiscard]] Result<int> speaker_of(std::string_view voice) const {
    if (voice.empty() || voice == name_) return 0;
    const auto at = config_.speaker_ids.find(std::string(voice));
    if (at != config_.speaker_ids.end()) return at->second;
    return fail(Errc::invalid_argument, "there is no such voice in this model; GET /v1/voices lists them");
  }

  std::unique_ptr<Model> model_;
  PiperConfig config_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<Voice>> make_piper(std::unique_ptr<Model> model, PiperConfig config, std::string name) {
  const auto fits = [&](std::string_view port, Element element) {
    const auto at = find_port(model->inputs(), port);
    return at && model->inputs()[*at].element == element;
  };
  const std::size_t inputs = config.speakers > 1 ? 4 : 3;
  if (model->inputs().size() != inputs || !fits("input", Element::int64) || !fits("input_lengths", Element::int64) ||
      !fits("scales", Element::float32) || (inputs == 4 && !fits("sid", Element::int64)) || model->outputs().empty())
    return fail(
        Errc::unsupported,
        fmt::format(
            "this is no Piper voice of {} speakers: its inputs are {}; wanted are input, input_lengths and scales"
            ", and sid for more than one speaker",
            config.speakers, to_text(model->inputs())));
  return std::make_unique<Piper>(std::move(model), std::move(config), std::move(name));
}

}  // namespace hearth::onnx
