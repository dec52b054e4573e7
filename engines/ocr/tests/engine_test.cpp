// The program as the daemon meets it.
#include "languages.h"
#include "typeset.h"

#include <hearth/core/clock.h>
#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

namespace hearth::ocr {
namespace {

namespace json = boost::json;
using namespace hearth::ocr::testing;
using kit::testing::Answer;
using kit::testing::Client;
using kit::testing::EngineProcess;

std::string body_of(const kit::Frame& frame) {
  return kit::encode_frame_header(frame.header) + frame.pixels;
}

class OcrEngine : public ::testing::Test {
 protected:
  OcrEngine() : engine_(HEARTH_OCR_PROGRAM, {"--data", find_tessdata("").string(), "--threads", "2"}) {
    EXPECT_TRUE(engine_.ready());
  }

  Answer ask(std::string_view method, std::string_view target, std::string_view body = {}) {
    return Client(engine_.socket()).request(method, target, body);
  }
  void expect_error(const Answer& answer, int status, std::string_view code, std::string_view param = {}) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const json::value error = json::parse(answer.body).at("error");
    EXPECT_EQ(error.at("code"), json::value(code));
    EXPECT_FALSE(error.at("message").as_string().empty());
    EXPECT_EQ(error.at("param"), param.empty() ? json::value(nullptr) : json::value(param));
  }

  EngineProcess engine_;
};

TEST_F(OcrEngine, ReadsItsCanary) {
  std::ifstream file(HEARTH_OCR_CANARY, std::ios::binary);
  const std::string frame((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Answer answer = ask("POST", "/v1/ocr?languages=eng", frame);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value page = json::parse(answer.body);
  EXPECT_EQ(page.at("text").as_string(), "Hearth");
  EXPECT_EQ(page.at("markdown").as_string(), "Hearth");
  EXPECT_EQ(page.at("words").at(0).at("text").as_string(), "Hearth");
  EXPECT_EQ(page.at("words").at(0).at("box").as_array().size(), 4U);
  EXPECT_EQ(page.at("blocks").at(0).at("type").as_string(), "paragraph");
  EXPECT_GT(page.at("confidence").to_number<double>(), 0.8);
}

TEST_F(OcrEngine, ABlankPageIsNoError) {
  const Answer answer = ask("POST", "/v1/ocr", body_of(blank(400, 300, 255, 3)));
  ASSERT_EQ(answer.status, 200);
  const json::value page = json::parse(answer.body);
  EXPECT_EQ(page.at("text").as_string(), "");
  EXPECT_EQ(page.at("confidence").to_number<double>(), 0);
  EXPECT_EQ(page.at("width").as_int64(), 400);
}

TEST_F(OcrEngine, ListsLanguagesAndModels) {
  const json::value languages = json::parse(ask("GET", "/v1/languages").body);
  EXPECT_NE(json::serialize(languages).find("\"eng\""), std::string::npos);
  EXPECT_EQ(json::serialize(languages).find("osd"), std::string::npos);
  EXPECT_EQ(json::parse(ask("GET", "/v1/models").body).at("data").at(0).at("task").as_string(), "ocr");
}

TEST_F(OcrEngine, RefusesWhatItCannotRead) {
  const std::string frame = body_of(blank(40, 30, 255));
  expect_error(ask("POST", "/v1/ocr?languages=xyz", frame), 400, "language_not_installed", "languages");
  EXPECT_NE(ask("POST", "/v1/ocr?languages=xyz", frame).body.find("tesseract-ocr-xyz"), std::string::npos);
  expect_error(ask("POST", "/v1/ocr?languages=../x", frame), 400, "invalid_language", "languages");
  expect_error(ask("POST", "/v1/ocr?languages=eng"), 400, "empty_file");
  expect_error(ask("POST", "/v1/ocr?languages=eng", "no frame\n"), 400, "invalid_frame");
  expect_error(ask("POST", "/v1/ocr?languages=eng", frame.substr(0, frame.size() - 5)), 400, "invalid_frame");
  expect_error(ask("POST", "/v1/ocr?languages=eng",
                   R"({"width":8000,"height":8000,"channels":1,"size":64000000})"
                   "\n"),
               413, "image_too_large");
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

TEST_F(OcrEngine, ReadsMorePagesAtOnceThanItHasSlots) {
  const std::string frame = body_of(english_note(120).frame());
  std::vector<std::thread> clients;
  std::vector<std::string> texts(5);
  for (std::string& text : texts)
    clients.emplace_back([&] { text = Client(engine_.socket()).request("POST", "/v1/ocr", frame).body; });
  for (std::thread& c : clients) c.join();
  for (const std::string& text : texts) EXPECT_EQ(text, texts.front());
  EXPECT_NE(texts.front().find("harbour"), std::string::npos);
}

TEST_F(OcrEngine, StopsWorkingForAClientThatLeft) {
  const kit::Frame page = english_page(200).frame();
  const std::string body = body_of(page);
  {
    Client leaver(engine_.socket());
    leaver.send("POST /v1/ocr HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
                body);
  }
  // Busy falls to the one that asks once the page is given up; reading it whole takes seconds.
  const Deadline deadline = Deadline::in(std::chrono::seconds(100));
  std::int64_t busy = 1;
  while (busy > 0 && !deadline.passed())
    busy = json::parse(ask("GET", "/health").body).at("busy").to_number<std::int64_t>();
  EXPECT_EQ(busy, 0);
}

TEST_F(OcrEngine, EndsOnTerminate) {
  engine_.send_signal(SIGTERM);
  EXPECT_EQ(engine_.wait_exit(), 0);
}

}  // namespace
}  // namespace hearth::ocr
