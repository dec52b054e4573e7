// The program as the daemon meets it.
#include "scenes.h"

#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

namespace hearth::vision {
namespace {

namespace json = boost::json;
using namespace hearth::vision::testing;
using kit::testing::Answer;
using kit::testing::Client;
using kit::testing::EngineProcess;

std::string body_of(const kit::Frame& frame) {
  return kit::encode_frame_header(frame.header) + frame.pixels;
}

class VisionEngine : public ::testing::Test {
 protected:
  VisionEngine() : engine_(HEARTH_VISION_PROGRAM, {"--data", "/usr/share/opencv4", "--threads", "2"}) {
    EXPECT_TRUE(engine_.ready());
  }
  Answer detect(std::string_view query, std::string_view body) {
    return Client(engine_.socket()).request("POST", "/v1/detect" + std::string(query), body);
  }
  void expect_error(const Answer& answer, int status, std::string_view code, std::string_view param = {}) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const json::value error = json::parse(answer.body).at("error");
    EXPECT_EQ(error.at("code"), json::value(code));
    EXPECT_EQ(error.at("param"), param.empty() ? json::value(nullptr) : json::value(param));
    EXPECT_FALSE(error.at("message").as_string().empty());
  }

  EngineProcess engine_;
};

TEST_F(VisionEngine, SeesItsCanary) {
  std::ifstream file(HEARTH_VISION_CANARY, std::ios::binary);
  const std::string frame((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Answer answer = detect("?labels=person", frame);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("\"label\":\"person\""), std::string::npos);
  const json::value seen = json::parse(answer.body);
  EXPECT_EQ(seen.at("width").as_int64(), 110);
  EXPECT_EQ(seen.as_object().if_contains("annotated"), nullptr);
  EXPECT_EQ(seen.at("detections").at(0).at("box").as_array().size(), 4U);
}

TEST_F(VisionEngine, AnnotatesWhenAsked) {
  const Answer answer = detect("?annotate=1", body_of(figure(300, 250, 150, 60)));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(std::string_view(json::parse(answer.body).at("annotated").as_string()).starts_with("iVBORw0KGgo"));
}

TEST_F(VisionEngine, MinScoreIsKept) {
  EXPECT_TRUE(
      json::parse(detect("?min_score=1", body_of(figure(300, 250, 150, 60))).body).at("detections").as_array().empty());
  EXPECT_TRUE(json::parse(detect("", body_of(blank(200, 200, 5))).body).at("detections").as_array().empty());
}

TEST_F(VisionEngine, RefusesWhatItCannotDo) {
  const std::string frame = body_of(blank(40, 30, 255));
  expect_error(detect("?labels=cat", frame), 400, "unknown_label", "labels");
  EXPECT_NE(detect("?labels=cat", frame).body.find("person and face"), std::string::npos);
  expect_error(detect("?min_score=2", frame), 400, "invalid_value", "min_score");
  expect_error(detect("?min_score=nan", frame), 400, "invalid_value", "min_score");
  expect_error(detect("?annotate=yes", frame), 400, "invalid_value", "annotate");
  expect_error(detect("", ""), 400, "empty_file");
  expect_error(detect("", "no frame\n"), 400, "invalid_frame");
  expect_error(detect("", frame.substr(0, frame.size() - 1)), 400, "invalid_frame");
  expect_error(detect("", R"({"width":8000,"height":8000,"channels":1,"size":64000000})"
                          "\n"),
               413, "image_too_large");
  EXPECT_EQ(Client(engine_.socket()).request("GET", "/health").status, 200);
}

TEST_F(VisionEngine, AnswersMoreAtOnceThanItHasSlots) {
  const std::string frame = body_of(figure(200, 200, 100, 30));
  std::vector<std::thread> clients;
  std::vector<std::string> answers(6);
  for (std::string& answer : answers) clients.emplace_back([&] { answer = detect("?labels=person", frame).body; });
  for (std::thread& c : clients) c.join();
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers.front());
  EXPECT_NE(answers.front().find("person"), std::string::npos);
}

TEST_F(VisionEngine, WithoutItsModelsItSaysSo) {
  EngineProcess lost(HEARTH_VISION_PROGRAM, {"--data", "/nonexistent"});
  ASSERT_TRUE(lost.ready());
  const Answer answer = Client(lost.socket()).request("POST", "/v1/detect", body_of(blank(40, 30, 255)));
  expect_error(answer, 503, "failed_precondition");
  EXPECT_NE(answer.body.find("opencv-data"), std::string::npos);
}

TEST_F(VisionEngine, EndsOnTerminate) {
  engine_.send_signal(SIGTERM);
  EXPECT_EQ(engine_.wait_exit(), 0);
}

}  // namespace
}  // namespace hearth::vision
