#include "scenes.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include <algorithm>

namespace hearth::vision::testing {
namespace {

const std::string kSamples = "/usr/share/doc/opencv-doc/examples/data/";

kit::Frame frame_of(const cv::Mat& bgr) {
  kit::Frame frame;
  if (bgr.empty()) return frame;
  cv::Mat rgb;
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  frame.header.kind = "image";
  frame.header.total = 1;
  frame.header.width = static_cast<std::uint32_t>(rgb.cols);
  frame.header.height = static_cast<std::uint32_t>(rgb.rows);
  frame.header.channels = 3;
  frame.pixels.assign(reinterpret_cast<const char*>(rgb.data), rgb.total() * rgb.elemSize());
  return frame;
}

}  // namespace

kit::Frame blank(std::uint32_t width, std::uint32_t height, unsigned char value, std::uint32_t channels) {
  kit::Frame frame;
  frame.header.kind = "image";
  frame.header.total = 1;
  frame.header.width = width;
  frame.header.height = height;
  frame.header.channels = channels;
  frame.pixels.assign(frame.header.size(), static_cast<char>(value));
  return frame;
}

kit::Frame figure(std::uint32_t width, std::uint32_t height, int x, int top) {
  cv::Mat image(static_cast<int>(height), static_cast<int>(width), CV_8UC3, cv::Scalar::all(173));
  const cv::Scalar cloth = cv::Scalar::all(80);
  const auto at = [&](int dx, int y) { return cv::Point(x + dx, top + y); };
  cv::ellipse(image, at(0, 10), {11, 10}, 0, 0, 360, cv::Scalar::all(20), cv::FILLED, cv::LINE_AA);
  const std::vector<cv::Point> body{at(-13, 27), at(-6, 19), at(6, 19), at(13, 27), at(16, 74), at(-16, 74)};
  cv::fillConvexPoly(image, body, cloth, cv::LINE_AA);
  cv::line(image, at(-11, 31), at(-20, 74), cloth, 10, cv::LINE_AA);
  cv::line(image, at(11, 31), at(20, 74), cloth, 10, cv::LINE_AA);
  cv::line(image, at(-8, 70), at(-2, 131), cloth, 8, cv::LINE_AA);
  cv::line(image, at(8, 70), at(2, 131), cloth, 8, cv::LINE_AA);
  return frame_of(image);
}

kit::Frame sample_picture(const std::string& name) {
  return frame_of(cv::imread(kSamples + name));
}

std::vector<kit::Frame> street(const std::vector<int>& numbers) {
  std::vector<kit::Frame> frames;
  cv::VideoCapture video(kSamples + "vtest.avi");
  cv::Mat image;
  for (int n = 0; frames.size() < numbers.size() && video.grab(); ++n) {
    if (n != numbers[frames.size()]) continue;
    video.retrieve(image);
    frames.push_back(frame_of(image));
  }
  return frames;
}

}  // namespace hearth::vision::testing
