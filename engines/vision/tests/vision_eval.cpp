// What is found in frames of vtest.avi and in pictures of opencv-doc, with times. Not a test: figures for
// docs/quality.md. With a folder, annotated PNGs are written there.
//
//   vision_eval [FOLDER]
#include "../src/annotate.h"
#include "../src/detector.h"
#include "scenes.h"

#include <hearth/core/file.h>

#include <fmt/format.h>
#include <opencv2/core/utility.hpp>

#include <ctime>

using namespace hearth;
using namespace hearth::vision;

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  auto detector = Detector::create("/usr/share/opencv4");
  if (!detector) return 1;
  std::vector<std::pair<std::string, kit::Frame>> frames;
  const std::vector<int> numbers{40, 120, 200, 280, 360, 440, 520, 600, 680, 760};
  auto street = vision::testing::street(numbers);
  for (std::size_t i = 0; i < street.size(); ++i)
    frames.emplace_back(fmt::format("vtest-{:03}", numbers[i]), std::move(street[i]));
  for (const char* name : {"basketball1.png", "basketball2.png", "messi5.jpg", "building.jpg", "home.jpg", "board.jpg"})
    frames.emplace_back(name, vision::testing::sample_picture(name));
  for (int i = 2; i < argc; ++i) frames.emplace_back(argv[i], vision::testing::sample_picture(argv[i]));
  for (auto& [name, frame] : frames) {
    if (frame.pixels.empty()) continue;
    std::string line;
    std::vector<Detection> all;
    for (const Label label : {Label::person, Label::face}) {
      const std::clock_t start = std::clock();
      const auto found = (*detector)->detect(frame, {label}, 0.2, [] { return Result<void>(); });
      line += fmt::format(" {:.2f} s", static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
      if (!found) continue;
      for (const Detection& d : *found) {
        line += fmt::format(" {}{}@{},{}+{}", name_of(d.label)[0], static_cast<int>(d.score * 100), d.box.x0, d.box.y0,
                            d.box.x1 - d.box.x0);
        if (d.score >= 0.5) all.push_back(d);
      }
    }
    fmt::print("{} {}x{}{}\n", name, frame.header.width, frame.header.height, line);
    std::fflush(stdout);
    if (argc < 2) continue;
    std::string base = name.substr(name.find_last_of('/') + 1);
    if (const auto png = annotated_png(frame, all))
      static_cast<void>(write_file_atomic(fmt::format("{}/{}.png", argv[1], base), *png));
  }
  return 0;
}
