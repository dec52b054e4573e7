#include "handler.h"

#include <hearth/core/clock.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <page_json.h>

#include <cmath>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kTimeLimit{110};  // for one frame; less than the daemon waits

double rounded(float value, double steps) {
  return std::round(static_cast<double>(value) * steps) / steps;
}

void refuse(const Error& error, kit::Response& response) {
  if (error.is(Errc::deadline_exceeded)) return response.error(503, "ocr_timeout", error.message());
  if (error.is(Errc::failed_precondition)) return response.error(error);
  refuse_run(error, response);
}

// What both routes begin with: a place, a frame, the lines in it. `then` answers.
template <typename Then>
void with_lines(const OcrReader& reader, Slots& slots, kit::Request& request, kit::Response& response,
                const Then& then) {
  const Deadline deadline = Deadline::in(kTimeLimit);
  const Interrupt wanted = interrupt_of(request);
  const Interrupt interrupt = [&]() -> Result<void> {
    HEARTH_TRY(wanted());
    if (deadline.passed())
      return fail(Errc::deadline_exceeded,
                  fmt::format("reading this page took longer than {} s; send a smaller one", kTimeLimit.count()));
    return {};
  };
  const auto lease = slots.take(interrupt);
  if (!lease) return refuse(lease.error(), response);
  const auto frame = receive_frame(request, response);
  if (!frame) return;
  const PictureView view = view_of(*frame);
  const auto lines = reader.find_lines(view, interrupt);
  if (!lines) return refuse(lines.error(), response);
  then(view, *lines, interrupt);
}

}  // namespace

void answer_ocr(const OcrReader& reader, Slots& slots, kit::Request& request, kit::Response& response) {
  with_lines(reader, slots, request, response,
             [&](const PictureView& view, const std::vector<FoundLine>& lines, const Interrupt& interrupt) {
               const auto read = reader.read_lines(view, lines, interrupt);
               if (!read) return refuse(read.error(), response);
               response.json(200, ocr::to_json(to_page(*read, view.width, view.height), view.width, view.height));
             });
}

void answer_ocr_lines(const OcrReader& reader, Slots& slots, kit::Request& request, kit::Response& response) {
  with_lines(reader, slots, request, response,
             [&](const PictureView& view, const std::vector<FoundLine>& found, const Interrupt& /*interrupt*/) {
               json::array lines;
               for (const FoundLine& line : found) {
                 json::array corners;
                 for (const Point& p : line.quad.corners)
                   corners.push_back(json::array{rounded(p.x, 10), rounded(p.y, 10)});
                 lines.push_back({{"corners", std::move(corners)},
                                  {"score", rounded(line.score, 1e4)},
                                  {"turned", rounded(line.turned, 1e4)}});
               }
               response.json(200, {{"width", view.width}, {"height", view.height}, {"lines", std::move(lines)}});
             });
}

}  // namespace hearth::onnx
