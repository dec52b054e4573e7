#include "voice.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace hearth::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "styles are read as they lie in memory");

constexpr int kRate = 24'000;
constexpr std::size_t kMostRows = 4096;

class Kokoro : public Voice {
 public:
  Kokoro(std::unique_ptr<Model> model, PhonemeIds ids, std::vector<KokoroStyle> styles)
      : model_(std::move(model)), ids_(std::move(ids)), styles_(std::move(styles)) {}

  [[nodiscard]] int sample_rate() const override { return kRate; }
  [[nodiscard]] std::size_t most_phonemes() const override { return kKokoroMost; }
  [[nodiscard]] std::vector<ListedVoice> list() const override {
    std::vector<ListedVoice> voices;
    for (const KokoroStyle& style : styles_) voices.push_back({style.name, {}});
    return voices;
  }

  [[nodiscard]] Result<std::vector<float>> speak(std::u32string_view phonemes, std::string_view voice,
                                                 double speed) const override {
    const auto style = voice.empty() ? styles_.begin() : std::ranges::find(styles_, voice, &KokoroStyle::name);
    if (style == styles_.end())
      return fail(Errc::invalid_argument, "there is no such voice in this model; GET /v1/voices lists them");
    const std::vector<std::int64_t> ids = kokoro_ids(phonemes, ids_);
    // A row for each length, without the zeros at both ends.
    const std::size_t row = std::min(ids.size() - 2, style->rows.size() / kKokoroStyleWidth - 1);
    const auto first = style->rows.begin() + static_cast<std::ptrdiff_t>(row * kKokoroStyleWidth);
    std::vector<Tensor> inputs;
    for (const Port& port : model_->inputs()) {
      if (port.name == "style") {
        inputs.push_back({.shape = {1, static_cast<std::int64_t>(kKokoroStyleWidth)},
                          .values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(kKokoroStyleWidth))});
      } else if (port.name == "speed") {
        inputs.push_back(speed_tensor(port, speed));
      } else {
        inputs.push_back({.shape = {1, static_cast<std::int64_t>(ids.size())}, .values = ids});
      }
    }
    HEARTH_TRY_ASSIGN(std::vector<Tensor> outputs, model_->run(inputs));
    if (outputs.empty()) return fail(Errc::corrupt, "the voice gave no sound");
    auto* sound = std::get_if<std::vector<float>>(&outputs[0].values);
    if (sound == nullptr) return fail(Errc::corrupt, "the voice gave no sound, but other numbers");
    return std::move(*sound);
  }

 private:
  // One kind of export takes whole numbers only: there, speeds are rounded.
  [[nodiscard]] static Tensor speed_tensor(const Port& port, double speed) {
    if (port.element == Element::int32)
      return {.shape = {1}, .values = std::vector{static_cast<std::int32_t>(std::max(std::lround(speed), 1L))}};
    return {.shape = {1}, .values = std::vector{static_cast<float>(speed)}};
  }

  std::unique_ptr<Model> model_;
  PhonemeIds ids_;
  std::vector<KokoroStyle> styles_;
};

}  // namespace

Result<KokoroStyle> parse_kokoro_style(std::string name, std::string_view bytes) {
  constexpr std::size_t kRowBytes = kKokoroStyleWidth * sizeof(float);
  if (bytes.empty() || bytes.size() % kRowBytes != 0 || bytes.size() > kMostRows * kRowBytes)
    return fail(Errc::invalid_argument,
                fmt::format("the voice {} is no table of rows of {} numbers; pull it again", name, kKokoroStyleWidth));
  KokoroStyle style{std::move(name), std::vector<float>(bytes.size() / sizeof(float))};
  std::memcpy(style.rows.data(), bytes.data(), bytes.size());
  if (!std::ranges::all_of(style.rows, [](float v) { return std::isfinite(v); }))
    return fail(Errc::invalid_argument,
                fmt::format("the voice {} has numbers that are none; pull it again", style.name));
  return style;
}

Result<std::unique_ptr<Voice>> make_kokoro(std::unique_ptr<Model> model, PhonemeIds ids,
                                           std::vector<KokoroStyle> styles) {
  const auto element = [&](std::string_view port) -> std::optional<Element> {
    const auto at = find_port(model->inputs(), port);
    if (!at) return std::nullopt;
    return model->inputs()[*at].element;
  };
  const bool tokens = element("tokens") == Element::int64 || element("input_ids") == Element::int64;
  const auto speed = element("speed");
  if (model->inputs().size() != 3 || !tokens || element("style") != Element::float32 ||
      (speed != Element::float32 && speed != Element::int32) || model->outputs().empty())
    return fail(Errc::unsupported,
                fmt::format("this is no Kokoro: its inputs are {}; wanted are tokens or input_ids, style and "
                            "speed",
                            to_text(model->inputs())));
  if (styles.empty())
    return fail(Errc::invalid_argument, "there is no voice for this model; pull one, or give its folder as --voices");
  return std::make_unique<Kokoro>(std::move(model), std::move(ids), std::move(styles));
}

}  // namespace hearth::onnx
