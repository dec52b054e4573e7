#include "rows.h"
#include "texts.h"

#include <hearth/core/file.h>
#include <hearth/dialects/base64.h>
#include <hearth/kit/frames.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::bench {
namespace {

constexpr const char* kVideo = "/usr/share/doc/opencv-doc/examples/data/vtest.avi";
constexpr std::size_t kMaxFile = 64U << 20U;
constexpr std::uint64_t kMaxPixels = 40'000'000;
constexpr std::size_t kPages = 2;
constexpr std::size_t kPageCharacters = 2900;
constexpr std::size_t kPictures = 8;

// One after the other and two at a time, of the engine alone and through the daemon.
struct Throughput {
  Samples alone, box, alone_two, box_two;  // requests a second
  Samples seconds;                         // of one request through the daemon
};

Result<double> rate(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections, Samples* seconds) {
  HEARTH_TRY_ASSIGN(const Loaded loaded, load_once(to, asks, connections));
  if (seconds != nullptr) seconds->add(loaded.seconds);
  return static_cast<double>(loaded.answered) / loaded.elapsed;
}

Result<Throughput> alternate(const Bench& bench, const LoneEngine& alone, const std::vector<Ask>& bare,
                             const std::vector<Ask>& full) {
  Throughput out;
  HEARTH_TRY(ask(bench.box.api(), full.front()));
  HEARTH_TRY(ask(alone.endpoint(), bare.front()));
  const int rounds = std::max(1, bench.rounds / 3);
  for (int round = 0; round < rounds; ++round) {
    HEARTH_TRY_ASSIGN(const double a, rate(alone.endpoint(), bare, 1, nullptr));
    HEARTH_TRY_ASSIGN(const double b, rate(bench.box.api(), full, 1, &out.seconds));
    HEARTH_TRY_ASSIGN(const double c, rate(alone.endpoint(), bare, 2, nullptr));
    HEARTH_TRY_ASSIGN(const double d, rate(bench.box.api(), full, 2, nullptr));
    out.alone.add(a);
    out.box.add(b);
    out.alone_two.add(c);
    out.box_two.add(d);
  }
  return out;
}

Result<std::string> frames(const net::Endpoint& media, std::string target, std::string body) {
  HEARTH_TRY_ASSIGN(Reply reply, ask(media, {std::move(target), "application/octet-stream", std::move(body), "POST"}));
  return std::move(reply.body);
}

}  // namespace

Ask ocr_ask(const std::string& pdf) {
  std::string body =
      R"({"model":"tesseract","document":{"type":"document_url","document_url":"data:application/pdf;base64,)";
  dialects::append_base64(body, pdf);
  return {"/v1/ocr", "application/json", body + "\"}}", "POST"};
}

Ask detection_ask(const Picture& picture) {
  return form("/v1/images/detections", "image", "frame.ppm", picture.ppm);
}

Result<std::vector<Picture>> pictures(const net::Endpoint& media, std::size_t count) {
  auto video = read_file(kVideo, kMaxFile);
  if (!video) return fail(Errc::failed_precondition, fmt::format("{} is missing: apt install opencv-doc", kVideo));
  HEARTH_TRY_ASSIGN(const std::string stream,
                    frames(media, fmt::format("/v1/frames?every=3&max_frames={}", count), std::move(*video)));
  std::string_view left = stream;
  std::vector<Picture> all;
  while (!left.empty()) {
    const std::size_t end = std::min(left.find('\n'), left.size() - 1);
    HEARTH_TRY_ASSIGN(const kit::FrameHeader header, kit::decode_frame_header(left.substr(0, end), kMaxPixels));
    const std::size_t size = end + 1 + header.size();
    if (size > left.size()) return fail(Errc::protocol_error, "the media engine's frame ends midway");
    all.push_back(
        {std::string(left.substr(0, size)), ppm(header.width, header.height, left.substr(end + 1, header.size()))});
    left.remove_prefix(size);
  }
  if (all.empty()) return fail(Errc::protocol_error, "the media engine found no frame in vtest.avi");
  return all;
}

Result<void> measure_ocr(const Bench& bench) {
  Report::progress("OCR");
  HEARTH_TRY_ASSIGN(const LoneEngine media, LoneEngine::start(bench.build, "media"));
  HEARTH_TRY_ASSIGN(const LoneEngine alone, LoneEngine::start(bench.build, "ocr"));
  HEARTH_TRY_ASSIGN(const std::string page, frames(media.endpoint(), "/v1/frames?dpi=200", a4_page(kPageCharacters)));
  const std::vector<Ask> bare(kPages, Ask{"/v1/ocr", std::string(kit::kFramesType), page, "POST"});
  HEARTH_TRY_ASSIGN(const Throughput t,
                    alternate(bench, alone, bare, std::vector<Ask>(kPages, ocr_ask(a4_page(kPageCharacters)))));
  bench.report.section("OCR");
  bench.report.table({"pages a minute", "one request at a time", "two at a time"});
  bench.report.row({"through hearthd (PDF in, drawn at 200 dpi)", show_count(t.box.median() * 60),
                    show_count(t.box_two.median() * 60)});
  bench.report.row(
      {"the engine alone (pixels in)", show_count(t.alone.median() * 60), show_count(t.alone_two.median() * 60)});
  bench.report.text(
      fmt::format("An A4 page with 2,900 characters of text; through hearthd it takes {} (median), which includes "
                  "drawing the PDF. The engine is allowed English and simplified Chinese, its default.",
                  show_time(t.seconds.median())));
  return {};
}

Result<void> measure_detection(const Bench& bench) {
  Report::progress("detection");
  HEARTH_TRY_ASSIGN(const LoneEngine media, LoneEngine::start(bench.build, "media"));
  HEARTH_TRY_ASSIGN(const LoneEngine alone, LoneEngine::start(bench.build, "vision"));
  HEARTH_TRY_ASSIGN(const std::vector<Picture> seen, pictures(media.endpoint(), kPictures));
  std::vector<Ask> bare;
  std::vector<Ask> full;
  for (const Picture& picture : seen) {
    bare.push_back({"/v1/detect", std::string(kit::kFramesType), picture.frame, "POST"});
    full.push_back(detection_ask(picture));
  }
  HEARTH_TRY_ASSIGN(const Throughput t, alternate(bench, alone, bare, full));
  bench.report.section("Detection of people and faces");
  bench.report.table({"pictures a second", "one request at a time", "two at a time"});
  bench.report.row({"through hearthd", show_count(t.box.median()), show_count(t.box_two.median())});
  bench.report.row({"the engine alone", show_count(t.alone.median()), show_count(t.alone_two.median())});
  bench.report.text(
      fmt::format("{} frames of opencv-doc's vtest.avi, 768 × 576 pixels, each a picture of its own.", seen.size()));
  return {};
}

}  // namespace hearth::bench
