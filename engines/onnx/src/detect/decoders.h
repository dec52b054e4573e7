// From what a detector gives to what it found, one function for each family of models. Boxes are pixels of the model's
// input, joined where they overlap, strongest first. Pure; any numbers are safe, and outputs of another shape are
// refused with `corrupt`.
#pragma once

#include "../common/model.h"
#include "found.h"

#include <vector>

namespace hearth::onnx {

using Outputs = std::vector<Tensor>;

// FastestDet: one map [1, 5 + labels, rows, columns] with a box in each cell: objectness, the centre's offset (tanh),
// the sides (sigmoid, of the whole input), probabilities of the labels. The score is objectness^0.6 · probability^0.4.
Result<std::vector<Found>> decode_fastestdet(const Outputs& outputs, Size input, float least_score);

// YOLO. Centre and sides in pixels, then:
enum class YoloLayout {
  objectness,     // [1, boxes, 5 + labels]: v5 to v7; score = objectness · best label
  classes_first,  // [1, 4 + labels, boxes]: v8, v9, v11; score = best label
  classes_last,   // [1, boxes, 4 + labels]: the same, transposed by the exporter
  finished,       // [1, boxes, 6]: corners, score, label; v10 and exports with the joining inside
};
// Which one an output of this shape is for this many labels; unsupported (with what is known) if none.
Result<YoloLayout> yolo_layout(const Shape& shape, std::size_t labels);
Result<std::vector<Found>> decode_yolo(const Outputs& outputs, std::size_t labels, float least_score);

// SSD with its joining inside, as TensorFlow's are exported: boxes [1, n, 4] (top, left, bottom, right of 0 to 1),
// scores [1, n], classes [1, n] as floats or integers, perhaps the count [1].
struct SsdPorts {
  std::size_t boxes = 0;
  std::size_t scores = 0;
  std::size_t classes = 0;
  std::optional<std::size_t> count;
};
std::optional<SsdPorts> find_ssd(const std::vector<Port>& outputs);
Result<std::vector<Found>> decode_ssd(const Outputs& outputs, const SsdPorts& ports, Size input, float least_score);

// RFB-320 and slim-320 (Ultra-Light-Fast-Generic-Face-Detector): scores [1, n, 2] (background, face) and boxes [1, n,
// 4]: corners of 0 to 1, or offsets from prior boxes.
enum class RfbBoxes { corners, offsets };
struct Prior {
  float x = 0;  // centre and sides, of 0 to 1
  float y = 0;
  float width = 0;
  float height = 0;
};
std::vector<Prior> rfb_priors(Size input);
Result<std::vector<Found>> decode_rfb(const Tensor& scores, const Tensor& boxes, RfbBoxes kind, Size input,
                                      float least_score);

// YuNet: for each stride of 8, 16 and 32 the outputs cls_, obj_, bbox_ and kps_ with a row for each cell. The score is
// the square root of class · objectness.
struct YunetPorts {
  struct Level {
    int stride = 0;
    std::size_t cls = 0;
    std::size_t obj = 0;
    std::size_t bbox = 0;
    std::size_t kps = 0;
  };
  std::array<Level, 3> levels;
};
std::optional<YunetPorts> find_yunet(const std::vector<Port>& outputs);
Result<std::vector<Found>> decode_yunet(const Outputs& outputs, const YunetPorts& ports, Size input, float least_score);

}  // namespace hearth::onnx
