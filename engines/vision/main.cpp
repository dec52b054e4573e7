// hearth-vision: finds people and faces with OpenCV.
#include "src/handler.h"

#include <hearth/kit/engine.h>

#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>

int main(int argc, char** argv) {
  using namespace hearth;
  kit::Engine engine("vision", argc, argv);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  cv::setNumThreads(engine.options().threads);
  vision::Pool pool(engine.options().data.empty() ? "/usr/share/opencv4" : engine.options().data,
                    engine.options().threads);
  engine.model("opencv-hog-haar", "detection");
  engine.route("POST", "/v1/detect",
               [&](kit::Request& request, kit::Response& response) { vision::answer_detect(pool, request, response); });
  return engine.run();
}
