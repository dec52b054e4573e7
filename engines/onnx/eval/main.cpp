// What real models find in real data, through the programs as they are: hearth-media gives frames and sound,
// hearth-onnx runs in the root that tools/engine-sdk unpacked. Prints a line "what|data|measure|value" a figure;
// tools/eval puts them in a table.
//
//   eval_onnx DATA HEARTH_MEDIA HEARTH_ONNX ROOT
//
// DATA is HEARTH_EVAL_DIR: models/ and media/ in it, what is not there is left out. Pictures come from Debian's
// opencv-doc.
#include "../../../tools/eval_embeddings/sts.h"

#include <hearth/core/file.h>
#include <hearth/kit/frames.h>
#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>

namespace {

using namespace hearth;  // NOLINT(google-build-using-namespace): a program of one file
namespace fs = std::filesystem;
namespace json = boost::json;
using kit::testing::Answer;
using kit::testing::Client;
using kit::testing::EngineProcess;

constexpr std::size_t kMostBytes = 256U << 20U;
constexpr std::string_view kPictures = "/usr/share/doc/opencv-doc/examples/data/";
constexpr std::string_view kMorePictures = "/usr/share/doc/opencv-doc/opencv4/html/";

std::string post(const EngineProcess& engine, const std::string& target, std::string_view body) {
  const Answer answer = Client(engine.socket()).request("POST", target, body);
  if (answer.status != 200)
    throw std::runtime_error(fmt::format("{}: {} {}", target, answer.status, answer.body.substr(0, 400)));
  return answer.body;
}

void row(std::string_view what, std::string_view data, std::string_view measure, std::string_view value) {
  fmt::print("{}|{}|{}|{}\n", what, data, measure, value);
  std::fflush(stdout);
}

class Evaluation {
 public:
  Evaluation(fs::path data, const std::string& media, std::string onnx, std::string root)
      : data_(std::move(data)), onnx_(std::move(onnx)), root_(std::move(root)), media_(media, {}) {}

  void run() {
    people();
    faces("models/face/version-RFB-320.onnx", "RFB-320");
    faces("models/face/yunet_n_320_320.onnx", "YuNet");
    lines();
    speech();
    embeddings();
  }

 private:
  [[nodiscard]] bool has(std::string_view file) const { return fs::exists(data_ / file); }

  EngineProcess start(const std::string& task, std::string_view model, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--task", task, "--model", (data_ / model).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {onnx_, arguments, kit::testing::in_root(root_, {fs::path(onnx_).parent_path().string(), data_.string()})};
  }

  // Each frame as a request's body, with its header.
  [[nodiscard]] std::vector<kit::Frame> frames(const fs::path& file, const std::string& query) const {
    const auto bytes = read_file(file, kMostBytes);
    if (!bytes) throw std::runtime_error(bytes.error().describe());
    const std::string stream = post(media_, "/v1/frames" + query, *bytes);
    std::size_t at = 0;
    std::vector<kit::Frame> all;
    const auto more = [&](std::span<char> into) -> Result<std::size_t> {
      const std::size_t n = std::min(into.size(), stream.size() - at);
      std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), n, into.begin());
      at += n;
      return n;
    };
    while (at < stream.size()) {
      auto frame = kit::read_frame(more, 40'000'000);
      if (!frame) throw std::runtime_error(frame.error().describe());
      all.push_back(std::move(*frame));
    }
    return all;
  }

  static std::string body_of(const kit::Frame& frame) { return kit::encode_frame_header(frame.header) + frame.pixels; }

  static std::size_t found(const EngineProcess& engine, const std::string& query, const kit::Frame& frame) {
    return json::parse(post(engine, "/v1/detect" + query, body_of(frame))).at("detections").as_array().size();
  }

  void people() const {
    const std::string_view model = "models/detect/FastestDet.onnx";
    const fs::path video = data_ / "media/video/one-by-one-person-detection.mp4";
    if (!has(model) || !fs::exists(video)) return;
    // Looked at by eye: the frames (one every 4 s) with a person; in two more only some hair is seen in a corner.
    const std::set<std::size_t> with_person{2,  3,  4,  6,  7,  8,  9,  10, 11, 13, 14, 15,
                                            16, 17, 19, 20, 21, 24, 25, 26, 27, 28, 29, 31};
    const EngineProcess engine = start("detection", model);
    const auto all = frames(video, "?every=4&max_frames=32");
    std::size_t right = 0;
    std::size_t invented = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::size_t seen = found(engine, "?labels=person", all[i]);
      const std::size_t there = with_person.contains(i) ? 1 : 0;
      right += std::min(seen, there);
      invented += seen - std::min(seen, there);
    }
    row("detection, FastestDet (1 MB)",
        fmt::format("one-by-one-person-detection.mp4, {} frames, 24 with one person", all.size()),
        "people found; invented", fmt::format("{} of 24; {}", right, invented));
  }

  void faces(std::string_view model, std::string_view name) const {
    struct Picture {
      std::string file;
      std::size_t turned_to_camera;
      std::size_t turned_away;
    };
    const std::vector<Picture> pictures{{std::string(kPictures) + "messi5.jpg", 1, 0},
                                        {std::string(kPictures) + "basketball1.png", 1, 1},
                                        {std::string(kPictures) + "basketball2.png", 1, 1},
                                        {std::string(kMorePictures) + "julia_facedetect_sample.jpg", 1, 0},
                                        {std::string(kPictures) + "building.jpg", 0, 0},
                                        {std::string(kPictures) + "home.jpg", 0, 0}};
    if (!has(model) || !fs::exists(pictures.front().file)) return;
    const EngineProcess engine = start("face", model);
    std::size_t front = 0;
    std::size_t away = 0;
    std::size_t invented = 0;
    for (const Picture& p : pictures) {
      const std::size_t seen = found(engine, "", frames(p.file, "").front());
      const std::size_t first = std::min(seen, p.turned_to_camera);
      const std::size_t second = std::min(seen - first, p.turned_away);
      front += first;
      away += second;
      invented += seen - first - second;
    }
    row(fmt::format("faces, {}", name), "six pictures of opencv-doc: 4 faces turned to the camera, 2 turned away",
        "found of those; of these; invented", fmt::format("{} of 4; {} of 2; {}", front, away, invented));
  }

  // The page turned by quarters, clockwise.
  static kit::Frame turned(const kit::Frame& frame, int quarters) {
    kit::Frame out = frame;
    for (; quarters > 0; --quarters) {
      const kit::Frame before = out;
      const std::size_t width = before.header.height;
      out.header.width = before.header.height;
      out.header.height = before.header.width;
      for (std::size_t y = 0; y < out.header.height; ++y)
        for (std::size_t x = 0; x < width; ++x)
          for (std::size_t c = 0; c < out.header.channels; ++c)
            out.pixels[(y * width + x) * out.header.channels + c] =
                before.pixels[((before.header.height - 1 - x) * before.header.width + y) * out.header.channels + c];
    }
    return out;
  }

  void lines() const {
    const std::string_view model = "models/ocr/ch_PP-OCRv3_det_infer.onnx";
    const fs::path page = data_ / "media/ocr/phototest.tif";
    const fs::path classifier = data_ / "models/ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx";
    if (!has(model) || !fs::exists(page) || !fs::exists(classifier)) return;
    const EngineProcess engine = start("ocr", model, {"--classifier", classifier.string()});
    const kit::Frame upright = frames(page, "").front();
    std::size_t all = 0;
    std::size_t right = 0;
    for (int quarters = 0; quarters < 4; ++quarters) {
      const json::value answer = json::parse(post(engine, "/v1/ocr/lines", body_of(turned(upright, quarters))));
      for (const json::value& line : answer.at("lines").as_array()) {
        ++all;
        const auto corner = [&](std::size_t i, std::size_t axis) {
          return line.at("corners").at(i).at(axis).to_number<double>();
        };
        const double degrees = std::atan2(corner(1, 1) - corner(0, 1), corner(1, 0) - corner(0, 0)) * 57.29578;
        if (std::abs(std::remainder(degrees - quarters * 90, 360.0)) < 10) ++right;
      }
    }
    row("lines of text, PP-OCRv3 detector and classifier",
        "phototest.tif, 8 lines, the page as it is and turned by 90°, 180°, 270°",
        "lines found of 32; of them set upright", fmt::format("{}; {}", all, right));
  }

  void speech() const {
    const std::string_view model = "models/vad/silero_vad.onnx";
    if (!has(model)) return;
    const EngineProcess engine = start("vad", model);
    for (const char* name : {"jfk.wav", "silero_test.opus"}) {
      const fs::path file = data_ / "media/audio" / name;
      if (!fs::exists(file)) continue;
      const std::string pcm = post(media_, "/v1/audio/decode?rate=16000", read_file(file, kMostBytes).value_or(""));
      const json::value answer = json::parse(post(engine, "/v1/audio/vad", pcm));
      std::string stretches;
      for (const json::value& s : answer.at("speech").as_array())
        stretches += fmt::format("{}{:.2f} to {:.2f}", stretches.empty() ? "" : ", ", s.at("start").to_number<double>(),
                                 s.at("end").to_number<double>());
      row("voice activity, Silero", fmt::format("{}, {:.1f} s", name, answer.at("duration").to_number<double>()),
          "seconds with speech", stretches.empty() ? "none" : stretches);
    }
  }

  void embeddings() const {
    const std::string_view model = "models/embedding/all-minilm-l6-v2/model.onnx";
    const fs::path csv = data_ / "eval/stsb-en-test.csv";
    if (!has(model) || !fs::exists(csv)) return;
    const auto pairs = eval::read_pairs(csv);
    if (!pairs) throw std::runtime_error(pairs.error().describe());
    const EngineProcess engine = start("embedding", model, {"--max-tokens", "256", "--threads", "2"});
    std::vector<double> cosines;
    std::vector<double> scores;
    for (const eval::Pair& pair : *pairs) {
      const json::value answer = json::parse(
          post(engine, "/v1/embeddings", json::serialize(json::value{{"input", json::array{pair.left, pair.right}}})));
      const auto& a = answer.at("data").at(0).at("embedding").as_array();
      const auto& b = answer.at("data").at(1).at("embedding").as_array();
      double sum = 0;
      for (std::size_t d = 0; d < a.size(); ++d) sum += a[d].to_number<double>() * b[d].to_number<double>();
      cosines.push_back(sum);
      scores.push_back(pair.score);
    }
    row("embeddings, all-MiniLM-L6-v2 (90 MB)", "STS-B, test", "Spearman's rank correlation with people's judgements",
        fmt::format("{:.4f}", eval::spearman(cosines, scores)));
  }

  fs::path data_;
  std::string onnx_;
  std::string root_;
  EngineProcess media_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: eval_onnx DATA HEARTH_MEDIA HEARTH_ONNX ROOT\n");
    return 2;
  }
  try {
    Evaluation(argv[1], argv[2], argv[3], argv[4]).run();
  } catch (const std::exception& e) {
    fmt::print(stderr, "eval_onnx: {}\n", e.what());
    return 1;
  }
  return 0;
}
