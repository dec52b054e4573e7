#include "handler.h"

#include "annotate.h"
#include "labels.h"

#include <hearth/kit/base64.h>

#include <boost/json.hpp>

#include <cmath>

namespace hearth::vision {
namespace {

namespace json = boost::json;

constexpr double kUsualScore = 0.5;

json::array detections_json(std::span<const Detection> detections) {
  json::array out;
  for (const Detection& d : detections)
    out.push_back({{"label", name_of(d.label)},
                   {"score", std::round(d.score * 1e4) / 1e4},
                   {"box", json::array{d.box.x0, d.box.y0, d.box.x1, d.box.y1}}});
  return out;
}

void refuse_frame(const Error& e, kit::Response& response) {
  switch (e.kind()) {
    case Errc::too_large:
      return response.error(413, "image_too_large", e.message());
    case Errc::not_found:
      return response.error(400, "empty_file", "the request has no frame; send one frame as the body");
    case Errc::protocol_error:
      return response.error(400, "invalid_frame", e.message());
    default:
      return response.error(e);
  }
}

}  // namespace

void answer_detect(Pool& pool, kit::Request& request, kit::Response& response) {
  const auto labels = parse_labels(request.query("labels").value_or(""));
  if (!labels) return response.error(400, "unknown_label", labels.error().message(), "labels");
  const auto min_score = request.number("min_score", kUsualScore, 0, 1);
  if (!min_score) return response.error(400, "invalid_value", min_score.error().message(), "min_score");
  const auto annotate = request.number("annotate", 0, 0, 1);
  if (!annotate) return response.error(400, "invalid_value", annotate.error().message(), "annotate");

  const auto interrupt = [&]() -> Result<void> {
    if (request.abandoned()) return fail(Errc::cancelled, "the client has left");
    return {};
  };
  // The slot is taken before the pixels are read, so that waiting requests hold no frames.
  const auto lease = pool.take(interrupt);
  if (!lease) return response.error(lease.error());
  const auto frame = kit::read_frame([&](std::span<char> into) { return request.read(into); }, kMostPixels);
  if (!frame) return refuse_frame(frame.error(), response);
  const auto found = (**lease).detect(*frame, *labels, *min_score, interrupt);
  if (!found) return response.error(found.error());
  json::object answer{
      {"width", frame->header.width}, {"height", frame->header.height}, {"detections", detections_json(*found)}};
  if (*annotate > 0) {
    const auto png = annotated_png(*frame, *found);
    if (!png) return response.error(png.error());
    answer["annotated"] = kit::base64(*png);
  }
  response.json(200, answer);
}

}  // namespace hearth::vision
