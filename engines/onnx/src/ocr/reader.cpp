#include "reader.h"

#include "crop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kHalf = 1 / 127.5F;
constexpr Normalisation kNormalised{
    .bgr = true, .mean = {127.5F, 127.5F, 127.5F}, .scale = {kHalf, kHalf, kHalf}, .fill = 127.5F};
constexpr float kSureTurned = 0.9F;
constexpr float kStandsUpright = 1.5F;  // a piece that much higher than wide is text that runs down or up
constexpr Size kClassified{192, 48};
constexpr int kNarrowestLine = 320;
constexpr int kWidestLine = 3200;   // longer pieces are squeezed
constexpr int kWidthStep = 32;      // widths are rounded up, so that the runtime sees few shapes
constexpr float kLeastRead = 0.5F;  // a piece read with less confidence is none

Result<void> check_ports(const Model& model, std::string_view what, std::size_t output_sides) {
  const auto& in = model.inputs();
  const auto& out = model.outputs();
  const bool fits = in.size() == 1 && in[0].element == Element::float32 && in[0].shape.size() == 4 &&
                    (in[0].shape[1] == 3 || in[0].shape[1] == -1) && !out.empty() &&
                    out[0].element == Element::float32 && (out[0].shape.size() == output_sides || out[0].shape.empty());
  if (fits) return {};
  return fail(Errc::unsupported,
              fmt::format("this is no PP-OCR {}: its inputs are {}, its outputs {}", what, to_text(in), to_text(out)));
}

// A cut-out laid left into the model's input, the rest gray.
Tensor tensor_of(const Crop& crop, Size input) {
  return {.shape = {1, 3, input.height, input.width},
          .values = to_planes(crop.view(), input, Fit::top_left, kNormalised)};
}

bool runs_down(const Quad& quad) {
  return std::abs(std::remainder(quad.angle(), 180.0)) > 45;
}

Result<std::span<const float>> first_output(const std::vector<Tensor>& outputs, const Shape& wanted,
                                            std::string_view what) {
  if (outputs.empty()) return fail(Errc::corrupt, "the model gave no output");
  return floats_of(outputs[0], wanted, what);
}

}  // namespace

void set_upright(std::vector<FoundLine>& lines) {
  // The lines of a page stand one way: where the classifier is unsure of one, the others that run along with it decide.
  double votes[2] = {0, 0};
  for (const FoundLine& line : lines)
    votes[runs_down(line.quad) ? 1 : 0] +=
        (static_cast<double>(line.turned) - 0.5) * static_cast<double>(line.quad.width());
  for (FoundLine& line : lines) {
    const bool sure = line.turned > kSureTurned || line.turned < 1 - kSureTurned;
    const bool turn = sure ? line.turned > kSureTurned : votes[runs_down(line.quad) ? 1 : 0] > 0;
    if (turn) line.quad = onnx::turned(line.quad, 2);
  }
}

Result<std::unique_ptr<OcrReader>> OcrReader::create(Models models) {
  HEARTH_TRY(check_ports(*models.detector, "detector", 4));
  if (models.classifier) {
    HEARTH_TRY(check_ports(*models.classifier, "classifier", 2));
  }
  std::unique_ptr<OcrReader> made(new OcrReader);
  if (models.recogniser) {
    HEARTH_TRY(check_ports(*models.recogniser, "recogniser", 3));
    if (models.dictionary.empty()) {
      const auto own = models.recogniser->metadata("character");
      if (!own)
        return fail(Errc::invalid_argument,
                    "the recogniser brings no dictionary; give the file that came with it as --dictionary");
      HEARTH_TRY_ASSIGN(models.dictionary, parse_dictionary(*own));
    }
    const std::int64_t height = models.recogniser->inputs()[0].shape[2];
    if (height > 0 && height <= 256) made->line_height_ = static_cast<int>(height);
  }
  made->models_ = std::move(models);
  return made;
}

Result<std::vector<FoundLine>> OcrReader::find_lines(const PictureView& frame, const Interrupt& interrupt) const {
  const Size input = detection_size({frame.width, frame.height});
  std::vector<TextBox> boxes;
  {
    std::vector<Tensor> inputs(1);
    inputs[0] = {.shape = {1, 3, input.height, input.width},
                 .values = to_planes(frame, input, Fit::stretch, kNormalised)};
    HEARTH_TRY_ASSIGN(const auto outputs, models_.detector->run(inputs));
    HEARTH_TRY_ASSIGN(const auto map, first_output(outputs, {1, 1, input.height, input.width}, "the map of text"));
    HEARTH_TRY_ASSIGN(boxes, text_boxes(map, input, {}));
  }
  std::vector<FoundLine> lines;
  const auto across = static_cast<float>(frame.width) / static_cast<float>(input.width);
  const auto down = static_cast<float>(frame.height) / static_cast<float>(input.height);
  for (const TextBox& box : boxes) {
    HEARTH_TRY(interrupt());
    FoundLine line{box.quad, box.score, 0};
    for (Point& p : line.quad.corners) p = {p.x * across, p.y * down};
    // Text that runs down: a reader begins at its upper right corner.
    if (line.quad.height() >= kStandsUpright * line.quad.width()) line.quad = onnx::turned(line.quad, 1);
    if (models_.classifier) {
      HEARTH_TRY_ASSIGN(line.turned, turned_probability(frame, line.quad));
    }
    lines.push_back(line);
  }
  set_upright(lines);
  return lines;
}

Result<float> OcrReader::turned_probability(const PictureView& frame, const Quad& quad) const {
  const Crop crop = cut_out(frame, quad, kClassified.height, kClassified.width);
  std::vector<Tensor> inputs;
  inputs.push_back(tensor_of(crop, kClassified));
  HEARTH_TRY_ASSIGN(const auto outputs, models_.classifier->run(inputs));
  HEARTH_TRY_ASSIGN(const auto two, first_output(outputs, {1, 2}, "which way up a line is"));
  return std::isfinite(two[1]) ? std::clamp(two[1], 0.0F, 1.0F) : 0.0F;
}

Result<ReadLine> OcrReader::read_line(const PictureView& frame, const Quad& quad) const {
  const Crop crop = cut_out(frame, quad, line_height_, kWidestLine);
  const Size input{std::max((crop.size.width + kWidthStep - 1) / kWidthStep * kWidthStep, kNarrowestLine),
                   line_height_};
  std::vector<Tensor> inputs;
  inputs.push_back(tensor_of(crop, input));
  HEARTH_TRY_ASSIGN(const auto outputs, models_.recogniser->run(inputs));
  HEARTH_TRY_ASSIGN(const auto values, first_output(outputs, {1, -1, -1}, "the characters"));
  const auto classes = static_cast<std::size_t>(outputs[0].shape[2]);
  if (classes == 0) return fail(Errc::corrupt, "the recogniser gave no classes");
  HEARTH_TRY_ASSIGN(auto read, read_ctc(values, classes, models_.dictionary));
  const double steps = static_cast<double>(outputs[0].shape[1]) * crop.size.width / input.width;
  float sum = 0;
  for (const ReadCharacter& c : read) sum += c.probability;
  if (read.empty() || sum / static_cast<float>(read.size()) < kLeastRead) read.clear();
  return ReadLine{quad, std::move(read), steps};
}

Result<std::vector<ReadLine>> OcrReader::read_lines(const PictureView& frame, const std::vector<FoundLine>& lines,
                                                    const Interrupt& interrupt) const {
  if (!models_.recogniser)
    return fail(Errc::failed_precondition,
                "there is no recogniser, so lines can be found but not read; install a PP-OCR model that has one");
  std::vector<ReadLine> read;
  for (const FoundLine& line : lines) {
    HEARTH_TRY(interrupt());
    HEARTH_TRY_ASSIGN(ReadLine one, read_line(frame, line.quad));
    read.push_back(std::move(one));
  }
  return read;
}

}  // namespace hearth::onnx
