#include "detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::onnx {
namespace {

constexpr std::int64_t kSmallestSide = 16;
constexpr std::int64_t kLargestSide = 4096;

struct Recipe {
  Family family;
  std::string_view name;
  Fit fit;
  Normalisation normalisation;
  Size usual;  // where the model leaves its input's size open
  float usual_score;
};

// As the families were trained and their own examples prepare pictures.
constexpr std::array<Recipe, 6> kRecipes{{
    {Family::fastestdet,
     "fastestdet",
     Fit::stretch,
     {.bgr = true, .mean = {0, 0, 0}, .scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}, .fill = 0},
     {352, 352},
     0.5F},
    {Family::yolo,
     "yolo",
     Fit::centred,
     {.bgr = false, .mean = {0, 0, 0}, .scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}, .fill = 114},
     {640, 640},
     0.4F},
    {Family::ssd,
     "ssd",
     Fit::stretch,
     {.bgr = false, .mean = {127.5F, 127.5F, 127.5F}, .scale = {1 / 127.5F, 1 / 127.5F, 1 / 127.5F}, .fill = 0},
     {300, 300},
     0.5F},
    {Family::rfb,
     "rfb",
     Fit::stretch,
     {.bgr = false, .mean = {127, 127, 127}, .scale = {1 / 128.0F, 1 / 128.0F, 1 / 128.0F}, .fill = 127},
     {320, 240},
     0.7F},
    {Family::rfb_offsets,
     "rfb_offsets",
     Fit::stretch,
     {.bgr = false, .mean = {127, 127, 127}, .scale = {1 / 128.0F, 1 / 128.0F, 1 / 128.0F}, .fill = 127},
     {320, 240},
     0.7F},
    {Family::yunet,
     "yunet",
     Fit::top_left,
     {.bgr = true, .mean = {0, 0, 0}, .scale = {1, 1, 1}, .fill = 0},
     {320, 320},
     0.6F},
}};

const Recipe& recipe_of(Family family) {
  return *std::ranges::find(kRecipes, family, &Recipe::family);
}

bool is_face(Family family) {
  return family == Family::rfb || family == Family::rfb_offsets || family == Family::yunet;
}

std::optional<Family> guess(const Model& model) {
  const std::vector<Port>& outputs = model.outputs();
  if (find_yunet(outputs)) return Family::yunet;
  if (find_ssd(outputs)) return Family::ssd;
  if (outputs.size() == 2 && find_port(outputs, "scores") && find_port(outputs, "boxes")) return Family::rfb;
  if (outputs.size() == 1 && outputs[0].shape.size() == 4) return Family::fastestdet;
  if (!outputs.empty() && outputs[0].shape.size() == 3) return Family::yolo;
  return std::nullopt;
}

std::unexpected<Error> not_of(Family family, const Model& model) {
  return fail(Errc::unsupported, fmt::format("this model is no {}: its inputs are {}, its outputs {}", name_of(family),
                                             to_text(model.inputs()), to_text(model.outputs())));
}

Result<int> side(std::int64_t said, int usual) {
  if (said == -1) return usual;
  if (said < kSmallestSide || said > kLargestSide)
    return fail(Errc::unsupported, fmt::format("the model wants pictures {} pixels wide or high; {} to {} are possible",
                                               said, kSmallestSide, kLargestSide));
  return static_cast<int>(said);
}

Labels usual_labels(Family family, const Model& model) {
  if (is_face(family)) return {"face"};
  if (const auto said = model.metadata("names"))
    if (auto labels = parse_label_map(*said)) return std::move(*labels);
  return family == Family::ssd ? coco_labels_with_gaps() : coco_labels();
}

}  // namespace

std::string_view name_of(Family family) {
  return recipe_of(family).name;
}

Result<Family> parse_family(std::string_view name) {
  const auto* const at = std::ranges::find(kRecipes, name, &Recipe::name);
  if (at != kRecipes.end()) return at->family;
  std::string names;
  for (const Recipe& r : kRecipes) names += fmt::format("{}{}", names.empty() ? "" : ", ", r.name);
  return fail(Errc::invalid_argument, fmt::format("there is no family of detectors '{}'; there are {}", name, names));
}

Result<std::unique_ptr<Detector>> Detector::create(std::unique_ptr<Model> model, const DetectorOptions& options) {
  std::unique_ptr<Detector> made(new Detector);
  if (options.family.empty()) {
    const auto guessed = guess(*model);
    if (!guessed)
      return fail(Errc::unsupported, fmt::format("no family of detectors has the outputs {}; name one if you know it",
                                                 to_text(model->outputs())));
    made->family_ = *guessed;
  } else {
    HEARTH_TRY_ASSIGN(made->family_, parse_family(options.family));
  }
  const Recipe& recipe = recipe_of(made->family_);

  const std::vector<Port>& inputs = model->inputs();
  if (inputs.size() != 1 || inputs[0].shape.size() != 4) return not_of(made->family_, *model);
  const Port& input = inputs[0];
  made->bytes_ = input.element == Element::uint8;
  const Shape& shape = input.shape;
  const std::size_t channels = made->bytes_ ? 3 : 1;
  if ((!made->bytes_ && input.element != Element::float32) || (shape[channels] != 3 && shape[channels] != -1) ||
      (shape[0] != 1 && shape[0] != -1))
    return not_of(made->family_, *model);
  HEARTH_TRY_ASSIGN(made->input_.height, side(shape[made->bytes_ ? 1 : 2], recipe.usual.height));
  HEARTH_TRY_ASSIGN(made->input_.width, side(shape[made->bytes_ ? 2 : 3], recipe.usual.width));

  if (made->family_ == Family::yunet) {
    const auto ports = find_yunet(model->outputs());
    if (!ports) return not_of(made->family_, *model);
    made->yunet_ = *ports;
  } else if (made->family_ == Family::ssd) {
    const auto ports = find_ssd(model->outputs());
    if (!ports) return not_of(made->family_, *model);
    made->ssd_ = *ports;
  } else if (is_face(made->family_)) {
    const auto scores = find_port(model->outputs(), "scores");
    const auto boxes = find_port(model->outputs(), "boxes");
    if (!scores || !boxes) return not_of(made->family_, *model);
    made->scores_ = *scores;
    made->boxes_ = *boxes;
  }
  made->labels_ = options.labels.empty() ? usual_labels(made->family_, *model) : options.labels;
  made->model_ = std::move(model);
  return made;
}

float Detector::usual_score() const {
  return recipe_of(family_).usual_score;
}

Result<Tensor> Detector::prepare(const PictureView& frame) const {
  const Recipe& recipe = recipe_of(family_);
  if (bytes_)
    return Tensor{.shape = {1, input_.height, input_.width, 3}, .values = to_bytes(frame, input_, recipe.fit)};
  return Tensor{.shape = {1, 3, input_.height, input_.width},
                .values = to_planes(frame, input_, recipe.fit, recipe.normalisation)};
}

Result<std::vector<Found>> Detector::decode(const Outputs& outputs, float least_score) const {
  switch (family_) {
    case Family::fastestdet:
      return decode_fastestdet(outputs, input_, least_score);
    case Family::yolo:
      return decode_yolo(outputs, labels_.size(), least_score);
    case Family::ssd:
      return decode_ssd(outputs, ssd_, input_, least_score);
    case Family::rfb:
      return decode_rfb(outputs[scores_], outputs[boxes_], RfbBoxes::corners, input_, least_score);
    case Family::rfb_offsets:
      return decode_rfb(outputs[scores_], outputs[boxes_], RfbBoxes::offsets, input_, least_score);
    case Family::yunet:
      break;
  }
  return decode_yunet(outputs, yunet_, input_, least_score);
}

Result<std::vector<Found>> Detector::detect(const PictureView& frame, const std::vector<bool>& chosen,
                                            float least_score) const {
  std::vector<Tensor> inputs(1);
  HEARTH_TRY_ASSIGN(inputs[0], prepare(frame));
  HEARTH_TRY_ASSIGN(const Outputs outputs, model_->run(inputs));
  HEARTH_TRY_ASSIGN(std::vector<Found> found, decode(outputs, least_score));
  const Size size{frame.width, frame.height};
  found = to_frame(std::move(found), place(size, input_, recipe_of(family_).fit), size);
  // A label past the list has no name that could be asked for.
  std::erase_if(
      found, [&](const Found& f) { return f.label >= chosen.size() || !chosen[f.label] || labels_[f.label].empty(); });
  return found;
}

}  // namespace hearth::onnx
