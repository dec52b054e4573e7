// A detector or face finder: which family a model is of, its labels, and a frame through it.
#pragma once

#include "../common/model.h"
#include "decoders.h"
#include "labels.h"

#include <hearth/core/error.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

enum class Family { fastestdet, yolo, ssd, rfb, rfb_offsets, yunet };
std::string_view name_of(Family family);
// invalid_argument, with the names there are.
Result<Family> parse_family(std::string_view name);

struct DetectorOptions {
  std::string family;  // empty: what the model's outputs look like
  Labels labels;       // empty: the model's own, or what is usual for its family
};

class Detector {
 public:
  // unsupported (no family fits, or the model is not of the one asked for), invalid_argument (labels, family).
  static Result<std::unique_ptr<Detector>> create(std::unique_ptr<Model> model, const DetectorOptions& options);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] const Labels& labels() const { return labels_; }
  // The least score that is worth showing when a request does not say.
  [[nodiscard]] float usual_score() const;
  // Strongest first, boxes in the frame's pixels. Any thread, several at once. As Model::run, and corrupt when the
  // outputs are not what the family gives.
  [[nodiscard]] Result<std::vector<Found>> detect(const PictureView& frame, const std::vector<bool>& chosen,
                                                  float least_score) const;

 private:
  Detector() = default;
  [[nodiscard]] Result<Tensor> prepare(const PictureView& frame) const;
  [[nodiscard]] Result<std::vector<Found>> decode(const Outputs& outputs, float least_score) const;

  std::unique_ptr<Model> model_;
  Family family_ = Family::yolo;
  Labels labels_;
  Size input_;
  bool bytes_ = false;  // rows of bytes instead of planes of floats
  SsdPorts ssd_;
  YunetPorts yunet_;
  std::size_t scores_ = 0;  // RFB
  std::size_t boxes_ = 0;
};

}  // namespace hearth::onnx
