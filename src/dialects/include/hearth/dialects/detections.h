// POST /v1/images/detections: our own design, in the manner of OpenAI's image endpoints. JSON
//   {"model", "image": data URL, file id or {"url"} / {"file_id"}, "labels": ["person"], "min_score": 0.5, "annotate":
//   false, "max_frames": 1, "every": 1.0}
// or a form with the file `image` and the same fields; the answer
//   {"object":"list","created","model","data":[{"object":"detections","index","time"?,"width","height",
//     "detections":[{"label","score","box":{"x","y","width","height"}}],"annotated_image"?}]}
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/data_url.h>
#include <hearth/dialects/json_body.h>
#include <hearth/dialects/multipart.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

struct DetectionsLimits {
  std::size_t max_labels = 100;
  std::size_t max_label_bytes = 100;
  std::uint32_t max_frames = 1000;
  std::uint32_t max_annotated_frames = 50;  // their pictures are held in memory until the answer is whole
};

// Its data URL views into the body, or into `unescaped`; the body must outlive the request.
struct DetectionsRequest {
  std::string model;  // empty: the box's detector
  std::optional<DocumentSource>
      image;                        // always set by the JSON form; never by the multipart form (the file part is it)
  std::vector<std::string> labels;  // empty: all that the model knows
  double min_score = 0;             // 0 to 1; 0: the engine's own threshold
  bool annotate = false;            // also send the image back with the boxes drawn
  std::uint32_t max_frames = 1;     // of a video, or pages of a PDF
  double every = 1.0;               // seconds between two frames of a video
  std::shared_ptr<const std::string> unescaped;
};
Decoded<DetectionsRequest> decode_detections(const JsonBody& body, const DetectionsLimits& limits = {});
// The form's fields but for the file. `labels` may be repeated, with or without [], or hold a comma-separated list.
Decoded<DetectionsRequest> decode_detections_form(std::span<const FormField> fields,
                                                  const DetectionsLimits& limits = {});

struct Detection {
  std::string label;
  double score = 0;             // 0 to 1
  std::array<double, 4> box{};  // x0, y0, x1, y1 in pixels of the frame
};
struct ImageDetections {
  std::optional<double> time;  // seconds into the video; not set for an image
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<Detection> detections;
  std::string annotated;  // base64 PNG, as the engine sent it; empty: none
};

struct EngineDetectionsLimits {
  std::size_t max_detections = 10000;
};
// The vision engine's answer for one frame. protocol_error, too_large.
Result<ImageDetections> decode_engine_detections(const JsonBody& body, const EngineDetectionsLimits& limits = {});
// The client's threshold; the order stays.
void drop_below(ImageDetections& image, double min_score);

std::string encode_detections(std::span<const ImageDetections> images, std::string_view model, std::int64_t created);

}  // namespace hearth::dialects
