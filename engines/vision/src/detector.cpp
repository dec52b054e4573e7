#include "detector.h"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hearth::vision {
namespace {

// The longer side people are looked for at, in pixels; the smallest window is a twelfth of it.
constexpr double kPeopleSide = 1536;
constexpr double kFaceSide = 1024;
constexpr double kMostEnlarged = 2;
constexpr int kLeastSide = 24;   // pixels; smaller frames hold nothing these models know
constexpr int kSecondLook = 60;  // pixels a face is scaled to for the second model
constexpr double kPeopleStep = 1.05;
constexpr double kFaceStep = 1.1;
constexpr double kSamePerson = 0.45;
constexpr double kSameFace = 0.3;
// The people model's window has a margin of an eighth of its height above and below, and of a quarter at the sides.
constexpr double kMarginX = 0.15;
constexpr double kMarginY = 0.08;

struct Scaled {
  cv::Mat pixels;
  double factor = 1;
};

cv::Mat gray_of(const kit::Frame& frame) {
  const int width = static_cast<int>(frame.header.width);
  const int height = static_cast<int>(frame.header.height);
  // OpenCV takes a pointer to non-const; nothing writes through it.
  void* pixels = const_cast<char*>(frame.pixels.data());
  cv::Mat gray;
  if (frame.header.channels == 3) {
    cv::cvtColor(cv::Mat(height, width, CV_8UC3, pixels), gray, cv::COLOR_RGB2GRAY);
  } else {
    gray = cv::Mat(height, width, CV_8UC1, pixels);
  }
  return gray;
}

Scaled scaled(const cv::Mat& gray, double side) {
  const double factor = std::min(side / std::max(gray.cols, gray.rows), kMostEnlarged);
  Scaled out{gray, factor};
  const cv::Size size(std::max(1, static_cast<int>(std::lround(gray.cols * factor))),
                      std::max(1, static_cast<int>(std::lround(gray.rows * factor))));
  cv::resize(gray, out.pixels, size, 0, 0, factor < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  return out;
}

Box box_of(const cv::Rect& r, double factor) {
  const auto back = [&](int v) { return static_cast<int>(std::lround(v / factor)); };
  return {back(r.x), back(r.y), back(r.x + r.width), back(r.y + r.height)};
}

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace

// Fitted by eye to ten frames of a street scene; docs/quality.md has the figures on frames that were not used for it.
double person_score(double margin, int support) {
  return logistic(1.2 * margin + std::log(static_cast<double>(support)) - 3.6);
}

// On pictures with and without faces, windows that agree tell the two apart (dozens on a face, a handful elsewhere);
// the margin hardly does.
double face_score(double margin, int support, int agreeing) {
  return logistic(0.3 * std::clamp(margin, 0.0, 6.0) + 0.7 * std::log(static_cast<double>(support)) +
                  0.9 * std::log(1.0 + agreeing) - 5.0);
}

struct Detector::Impl {
  cv::HOGDescriptor people;
  cv::CascadeClassifier faces;
  cv::CascadeClassifier second;  // another model of a face, asked about what the first one found

  void find_people(const cv::Mat& gray, std::vector<Detection>& found) const {
    const Scaled at = scaled(gray, kPeopleSide);
    if (at.pixels.cols < people.winSize.width || at.pixels.rows < people.winSize.height) return;
    std::vector<cv::Rect> rects;
    std::vector<double> weights;
    people.detectMultiScale(at.pixels, rects, weights, 0, cv::Size(8, 8), cv::Size(0, 0), kPeopleStep, 0, false);
    std::vector<Window> windows;
    for (std::size_t i = 0; i < rects.size(); ++i) windows.push_back({box_of(rects[i], at.factor), weights[i]});
    for (const Peak& peak : strongest(std::move(windows), kSamePerson)) {
      const Box& b = peak.window.box;
      const int dx = static_cast<int>(std::lround((b.x1 - b.x0) * kMarginX));
      const int dy = static_cast<int>(std::lround((b.y1 - b.y0) * kMarginY));
      found.push_back({Label::person, person_score(peak.window.weight, peak.support),
                       clipped({b.x0 + dx, b.y0 + dy, b.x1 - dx, b.y1 - dy}, gray.cols, gray.rows)});
    }
  }

  void find_faces(const cv::Mat& gray, std::vector<Detection>& found) {
    const Scaled at = scaled(gray, kFaceSide);
    if (std::min(at.pixels.cols, at.pixels.rows) < kLeastSide) return;
    std::vector<cv::Rect> rects;
    std::vector<int> levels;
    std::vector<double> weights;
    // No grouping by OpenCV (0 neighbours): how many windows agree is part of the score.
    faces.detectMultiScale(at.pixels, rects, levels, weights, kFaceStep, 0, 0, cv::Size(24, 24), cv::Size(), true);
    const int stages = levels.empty() ? 0 : *std::ranges::max_element(levels);
    std::vector<Window> windows;
    for (std::size_t i = 0; i < rects.size(); ++i)
      if (levels[i] == stages) windows.push_back({box_of(rects[i], at.factor), weights[i]});
    for (const Peak& peak : strongest(std::move(windows), kSameFace)) {
      const double score = face_score(peak.window.weight, peak.support, agreeing(gray, peak.window.box));
      found.push_back({Label::face, score, clipped(peak.window.box, gray.cols, gray.rows)});
    }
  }

  // How many windows of the second model lie on this one's find.
  int agreeing(const cv::Mat& gray, const Box& box) {
    const int margin = (box.x1 - box.x0) / 2;
    const Box around =
        clipped({box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin}, gray.cols, gray.rows);
    const cv::Mat crop = gray(cv::Rect(around.x0, around.y0, around.x1 - around.x0, around.y1 - around.y0));
    const double factor = static_cast<double>(kSecondLook) / std::max(1, box.x1 - box.x0);
    cv::Mat at;
    cv::resize(crop, at, cv::Size(), factor, factor, factor < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    std::vector<cv::Rect> rects;
    second.detectMultiScale(at, rects, kFaceStep, 0, 0, cv::Size(kSecondLook / 2, kSecondLook / 2));
    const auto there = [&](const cv::Rect& r) {
      const Box b = box_of(r, factor);
      return overlap({b.x0 + around.x0, b.y0 + around.y0, b.x1 + around.x0, b.y1 + around.y0}, box) > kSameFace;
    };
    return static_cast<int>(std::ranges::count_if(rects, there));
  }
};

Detector::Detector() : impl_(std::make_unique<Impl>()) {}
Detector::~Detector() = default;

Result<std::unique_ptr<Detector>> Detector::create(const std::filesystem::path& data) {
  std::unique_ptr<Detector> detector(new Detector);
  try {
    detector->impl_->people.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
    for (auto [model, name] : {std::pair{&detector->impl_->faces, "haarcascade_frontalface_default.xml"},
                               std::pair{&detector->impl_->second, "haarcascade_frontalface_alt2.xml"}}) {
      const auto file = data / "haarcascades" / name;
      if (!model->load(file.string()))
        return fail(Errc::failed_precondition,
                    fmt::format("{} is missing or damaged; install it: apt-get install opencv-data", file.string()));
    }
  } catch (const std::exception& e) {
    return fail(Errc::failed_precondition,
                fmt::format("OpenCV cannot load its models from {}: {}", data.string(), e.what()));
  }
  return detector;
}

Result<std::vector<Detection>> Detector::detect(const kit::Frame& frame, const std::vector<Label>& labels,
                                                double min_score, const std::function<Result<void>()>& interrupt) {
  std::vector<Detection> found;
  try {
    const cv::Mat gray = gray_of(frame);
    for (const Label label : labels) {
      HEARTH_TRY(interrupt());
      if (label == Label::person) {
        impl_->find_people(gray, found);
      } else {
        impl_->find_faces(gray, found);
      }
    }
    HEARTH_TRY(interrupt());
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("OpenCV failed on this frame: {}", e.what()));
  }
  std::erase_if(found, [&](const Detection& d) { return d.score < min_score; });
  std::ranges::sort(found, std::ranges::greater{}, &Detection::score);
  return found;
}

}  // namespace hearth::vision
