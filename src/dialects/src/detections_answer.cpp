#include "src/json_reader.h"
#include "src/json_writer.h"
#include "src/pixel_box.h"

#include <hearth/dialects/detections.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

using json::Value;

constexpr std::int64_t kMaxPixels = 1'000'000;  // a side
constexpr int kScoreDigits = 4;
constexpr int kPixelDigits = 1;
constexpr int kTimeDigits = 3;

Decoded<Detection> read_detection(Value& value) {
  static constexpr std::array<std::string_view, 3> kFields{"label", "score", "box"};
  Detection detection;
  HEARTH_TRY_ASSIGN(const json::Fields fields,
                    value.each_field(kFields, [&](std::string_view name, Value field) -> Decoded<void> {
                      if (name == "label") {
                        HEARTH_TRY_ASSIGN(detection.label, field.string());
                      } else if (name == "score") {
                        HEARTH_TRY_ASSIGN(detection.score, field.number(0, 1));
                      } else {
                        HEARTH_TRY_ASSIGN(detection.box, read_pixel_box(field));
                      }
                      return {};
                    }));
  for (const std::string_view name : kFields) {
    HEARTH_TRY(fields.require(name));
  }
  return detection;
}

void write_image(json::Writer& w, const ImageDetections& image, std::size_t index) {
  w.begin_object();
  w.key("object").string("detections");
  w.key("index").number(index);
  if (image.time) w.key("time").rounded(*image.time, kTimeDigits);
  w.key("width").number(image.width).key("height").number(image.height);
  w.key("detections").begin_array();
  for (const Detection& d : image.detections) {
    w.begin_object().key("label").string(d.label).key("score").rounded(d.score, kScoreDigits);
    w.key("box").begin_object();
    w.key("x").rounded(d.box[0], kPixelDigits).key("y").rounded(d.box[1], kPixelDigits);
    w.key("width").rounded(d.box[2] - d.box[0], kPixelDigits);
    w.key("height").rounded(d.box[3] - d.box[1], kPixelDigits).end_object().end_object();
  }
  w.end_array();
  if (!image.annotated.empty()) w.key("annotated_image").string(image.annotated);
  w.end_object();
}

}  // namespace

Result<ImageDetections> decode_engine_detections(const JsonBody& body, const EngineDetectionsLimits& limits) {
  static constexpr std::array<std::string_view, 4> kFields{"width", "height", "detections", "annotated"};
  ImageDetections image;
  json::Document document(body);
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "annotated") {
      HEARTH_TRY_ASSIGN(image.annotated, value.string());
    } else if (name == "detections") {
      HEARTH_TRY(value.each_item(limits.max_detections, [&image](std::size_t, Value item) -> Decoded<void> {
        HEARTH_TRY_ASSIGN(Detection detection, read_detection(item));
        image.detections.push_back(std::move(detection));
        return {};
      }));
    } else {
      HEARTH_TRY_ASSIGN(const std::int64_t pixels, value.integer(0, kMaxPixels));
      (name == "width" ? image.width : image.height) = static_cast<std::uint32_t>(pixels);
    }
    return {};
  };
  const auto fields = document.each_field(kFields, read);
  if (!fields) return fail(json::engine_fault(fields.error(), "the vision engine's answer"));
  if (!fields->has("detections")) return fail(Errc::protocol_error, "The vision engine's answer has no `detections`.");
  return image;
}

void drop_below(ImageDetections& image, double min_score) {
  std::erase_if(image.detections, [min_score](const Detection& d) { return d.score < min_score; });
}

std::string encode_detections(std::span<const ImageDetections> images, std::string_view model, std::int64_t created) {
  json::Writer w;
  w.begin_object();
  w.key("object").string("list").key("created").number(created).key("model").string(model);
  w.key("data").begin_array();
  for (std::size_t i = 0; i < images.size(); ++i) write_image(w, images[i], i);
  w.end_array().end_object();
  return w.take();
}

}  // namespace hearth::dialects
