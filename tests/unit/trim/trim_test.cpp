#include "conversations.h"

#include <gtest/gtest.h>

namespace hearth::trim {
namespace {

namespace json = boost::json;

const std::string kJson = "{\n    \"name\" : \"x\",\n" + std::string(600, ' ') + "    \"n\" : 1.50\n}";

TEST(TrimTest, OnlyTheTextsOfToolsChange) {
  const std::string body = with_result("run_command", R"({"command":"ip -j addr"})", kJson);
  const std::string out = trimmed(body);
  EXPECT_EQ(content_of(out, 2), R"({"name":"x","n":1.50})");
  const std::size_t at = body.find("\"{\\n");
  EXPECT_EQ(out.substr(0, at), body.substr(0, at));
  EXPECT_TRUE(out.ends_with(R"(}],"temperature":0.50})"));
}

TEST(TrimTest, FilesStayAsTheyAre) {
  for (const auto& [tool, arguments] : std::initializer_list<std::pair<const char*, const char*>>{
           {"read_file", R"({"path":"package.json"})"}, {"bash", R"({"command":"cat package.json"})"}, {"unknown", ""}})
    if (std::string_view(tool) != "unknown") {
      const std::string body = with_result(tool, arguments, kJson + "   \n\n\n\n");
      EXPECT_EQ(trimmed(body), body);
    }
}

TEST(TrimTest, WhatTheModelAndTheSystemSaidStays) {
  const std::string body = request_of({json::object{{"role", "system"}, {"content", kJson}},
                                       json::object{{"role", "user"}, {"content", "go \"tool"}},
                                       json::object{{"role", "assistant"}, {"content", kJson}},
                                       json::object{{"role", "user"}, {"content", "see: " + kJson}}});
  EXPECT_EQ(trimmed(body), body);
}

TEST(TrimTest, AMessageThatIsJsonIsMinified) {
  const std::string body = request_of({json::object{{"role", "user"}, {"content", kJson}}});
  EXPECT_EQ(content_of(trimmed(body), 0), R"({"name":"x","n":1.50})");
}

TEST(TrimTest, WhatWasShownIsReferredToAndOnlyBackwards) {
  json::array messages =
      json::parse(with_result("read_file", R"({"path":"a.cpp"})", source_lines(0, 30))).at("messages").as_array();
  const json::array again = messages;
  for (const json::value& message : again) messages.push_back(message);
  messages.push_back(json::object{{"role", "user"}, {"content", source_lines(0, 30)}});
  const std::string out = trimmed(request_of(messages));
  EXPECT_EQ(content_of(out, 2), source_lines(0, 30));
  EXPECT_EQ(content_of(out, 5), R"([the same text as the result above of read_file {"path":"a.cpp"}])");
  EXPECT_EQ(content_of(out, 6), content_of(out, 5));
}

TEST(TrimTest, WhereTheProviderTakesTextsAwayNothingIsReferredTo) {
  json::array messages =
      json::parse(with_result("read_file", R"({"path":"a.cpp"})", source_lines(0, 30))).at("messages").as_array();
  const json::array again = messages;
  for (const json::value& message : again) messages.push_back(message);
  std::string body = request_of(messages);
  body.insert(1, R"("context_management":{},)");
  EXPECT_EQ(trimmed(body), body);
}

std::string png(std::size_t size) {
  const auto chunk = [](std::string_view name, std::string_view data) {
    std::string out{'\0', '\0', static_cast<char>(data.size() >> 8U), static_cast<char>(data.size())};
    return out.append(name).append(data).append("crc!");
  };
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", "\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0"s) + chunk("IDAT", noise(size)) +
         chunk("IEND", "");
}

TEST(TrimTest, APictureInATextIsOneWhereResultsHavePictures) {
  const std::string text = "shot: data:image/png;base64," + base64(png(3000)) + " done";
  const json::array messages = json::parse(with_result("screenshot", "{}", text)).at("messages").as_array();
  const std::string theirs = message_request_of(messages);
  const json::value out = json::parse(trimmed(theirs, {.dialect = Dialect::anthropic}));
  const json::value& content = out.at("messages").at(2).at("content").at(0).at("content");
  ASSERT_EQ(content.as_array().size(), 2U);
  EXPECT_EQ(content.at(0).at("text").as_string(), "shot: [the picture 1 below] done");
  EXPECT_EQ(content.at(1).at("source").at("data").as_string(), base64(png(3000)));
  EXPECT_EQ(content.at(1).at("source").at("media_type").as_string(), "image/png");
  // Elsewhere, and where it is cut, there is a note.
  EXPECT_TRUE(content_of(trimmed(request_of(messages)), 2).starts_with("shot: [image/png, 3"));
  const std::string cut = message_request_of(
      json::parse(with_result("screenshot", "{}", "data:image/png;base64," + base64(png(3000).substr(0, 2400))))
          .at("messages")
          .as_array());
  EXPECT_FALSE(trimmed(cut, {.dialect = Dialect::anthropic}).contains("\"image\""));
}

TEST(TrimTest, OfOtherRequestsNothingIsRead) {
  for (const std::string& body :
       {std::string(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"), std::string("{"), std::string(),
        std::string(2000, '['), R"({"tool)" + std::string(2000, ' ')})
    EXPECT_FALSE(trim(body, {}).body);
}

TEST(TrimTest, EachStepCanBeOff) {
  const std::string body = with_result("run_command", R"({"command":"ip -j addr"})", kJson);
  EXPECT_EQ(trimmed(body, {.steps = Steps::all().remove(Step::json).remove(Step::whitespace)}), body);
  EXPECT_EQ(trimmed(body, {.steps = Steps()}), body);
}

TEST(TrimTest, TheReportSaysWhatEachStepSaved) {
  const Trimmed done = trim(with_result("run_command", R"({"command":"ip -j addr"})", kJson), {});
  EXPECT_EQ(done.of(Step::json).times, 1U);
  EXPECT_GT(done.of(Step::json).bytes_before, 600U);
  EXPECT_GT(done.tokens_saved, 0U);
  EXPECT_GT(done.bytes_saved, 600U);
  EXPECT_EQ(done.of(Step::logs).times, 0U);
}

}  // namespace
}  // namespace hearth::trim
