#include "handler.h"

#include "draw.h"

#include <hearth/kit/base64.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

double rounded(float value, double steps) {
  return std::round(static_cast<double>(value) * steps) / steps;
}

// Whole pixels, never empty, within the frame.
json::array box_json(const Box& box, int width, int height) {
  const int x0 = std::clamp(static_cast<int>(std::lround(box.x0)), 0, width - 1);
  const int y0 = std::clamp(static_cast<int>(std::lround(box.y0)), 0, height - 1);
  return {x0, y0, std::clamp(static_cast<int>(std::lround(box.x1)), x0 + 1, width),
          std::clamp(static_cast<int>(std::lround(box.y1)), y0 + 1, height)};
}

json::array found_json(const std::vector<Found>& found, const Labels& labels, const PictureView& frame) {
  json::array out;
  for (const Found& f : found) {
    json::object one{{"label", labels[f.label]},
                     {"score", rounded(f.score, 1e4)},
                     {"box", box_json(f.box, frame.width, frame.height)}};
    if (f.landmarks) {
      json::array points;
      for (const Point& p : *f.landmarks) points.push_back(json::array{rounded(p.x, 10), rounded(p.y, 10)});
      one["landmarks"] = std::move(points);
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

void answer_detect(const Detector& detector, Slots& slots, kit::Request& request, kit::Response& response) {
  const auto chosen = choose_labels(detector.labels(), request.query("labels").value_or(""));
  if (!chosen) return response.error(400, "unknown_label", chosen.error().message(), "labels");
  const auto min_score = request.number("min_score", static_cast<double>(detector.usual_score()), 0, 1);
  if (!min_score) return response.error(400, "invalid_value", min_score.error().message(), "min_score");
  const auto annotate = request.number("annotate", 0, 0, 1);
  if (!annotate) return response.error(400, "invalid_value", annotate.error().message(), "annotate");

  const auto lease = slots.take(interrupt_of(request));
  if (!lease) return response.error(lease.error());
  const auto frame = receive_frame(request, response);
  if (!frame) return;
  const PictureView view = view_of(*frame);
  const auto found = detector.detect(view, *chosen, static_cast<float>(*min_score));
  if (!found) return refuse_run(found.error(), response);
  json::object answer{
      {"width", view.width}, {"height", view.height}, {"detections", found_json(*found, detector.labels(), view)}};
  if (*annotate > 0) {
    const auto png = annotated_png(view, *found);
    if (!png) return response.error(png.error());
    answer["annotated"] = kit::base64(*png);
  }
  response.json(200, answer);
}

}  // namespace hearth::onnx
