#include "client.h"

#include "fake_box.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

FakeAnswer json_answer(int status, std::string body) {
  FakeAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

Request get(std::string path) {
  Request request;
  request.path = std::move(path);
  request.seconds = 100;  // against hanging only
  return request;
}

TEST(Client, SaysHowToStartWhenNothingListens) {
  Client client({"/nonexistent/run/hearth.sock", {}, {}});
  const auto answer = client.send(get("/healthz"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(Errc::unavailable));
  EXPECT_NE(answer.error().message().find("/nonexistent/run/hearth.sock"), std::string::npos);
  EXPECT_NE(answer.error().message().find("hearthd"), std::string::npos);
  EXPECT_NE(answer.error().message().find("make up"), std::string::npos);
}

TEST(Client, SaysWhatIsWrongWithAnAddress) {
  Client refused({{}, "http://127.0.0.1:1", {}});
  const auto nobody = refused.send(get("/healthz"));
  ASSERT_FALSE(nobody);
  EXPECT_TRUE(nobody.error().is(Errc::unavailable));
  EXPECT_NE(nobody.error().message().find("http://127.0.0.1:1"), std::string::npos);
  Client odd({{}, "gopher://box", {}});
  const auto scheme = odd.send(get("/"));
  ASSERT_FALSE(scheme);
  EXPECT_TRUE(scheme.error().is(Errc::invalid_argument));
}

TEST(Client, GetsAnAnswer) {
  FakeBox box([](const FakeRequest&) { return json_answer(200, R"({"ok":true})"); });
  Client client({box.socket(), {}, {}});
  const auto answer = client.send(get("/v1/models"));
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, R"({"ok":true})");
  EXPECT_EQ(box.requests().at(0).target, "/v1/models");
  EXPECT_EQ(box.requests().at(0).headers.find("Authorization"), std::string::npos);
}

TEST(Client, SendsTheKey) {
  FakeBox box([](const FakeRequest&) { return json_answer(200, "{}"); });
  Client client({box.socket(), {}, "secret"});
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_NE(box.requests().at(0).headers.find("Authorization: Bearer secret\r\n"), std::string::npos);
}

TEST(Client, ShowsTheErrorsSentenceAndKind) {
  const std::pair<int, Errc> expected[] = {
      {400, Errc::invalid_argument},    {401, Errc::unauthenticated},  {403, Errc::permission_denied},
      {404, Errc::not_found},           {409, Errc::already_exists},   {413, Errc::too_large},
      {429, Errc::resource_exhausted},  {500, Errc::internal},         {502, Errc::protocol_error},
      {503, Errc::failed_precondition}, {504, Errc::deadline_exceeded}};
  for (const auto& [status, kind] : expected) {
    const Error error =
        error_of_answer(status, R"({"error":{"message":"Do this instead.","type":"t","param":null,"code":"c"}})", {});
    EXPECT_TRUE(error.is(kind)) << status;
    EXPECT_TRUE(error.message().starts_with("Do this instead.")) << error.message();
  }
  EXPECT_NE(error_of_answer(503, "{}", "7").message().find("7 s"), std::string::npos);
  EXPECT_NE(error_of_answer(500, "<html>", {}).message().find("500"), std::string::npos);
}

TEST(Client, AnErrorInsideAStreamIsAnError) {
  const auto error = error_of_event(
      R"({"error":{"message":"The engine died.","type":"service_unavailable","param":null,"code":"engine_unavailable"}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message(), "The engine died.");
  EXPECT_FALSE(error_of_event(R"({"type":"transcript.text.delta","delta":"the word \"error\""})"));
}

TEST(Client, ABoxThatDiesMidwayIsNotReachable) {
  for (const auto manner : {FakeAnswer::Manner::cut_short, FakeAnswer::Manner::hang_up}) {
    FakeBox box([manner](const FakeRequest&) {
      FakeAnswer answer = json_answer(200, std::string(1000, 'x'));
      answer.manner = manner;
      return answer;
    });
    Client client({box.socket(), {}, {}});
    const auto answer = client.send(get("/"));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().is(Errc::unavailable)) << answer.error().describe();
    EXPECT_NE(answer.error().message().find("hearth logs"), std::string::npos);
  }
}

TEST(Client, ADeadlineIsKept) {
  FakeBox box([](const FakeRequest&) {
    FakeAnswer answer = json_answer(200, std::string(1000, 'x'));
    answer.manner = FakeAnswer::Manner::stall;
    return answer;
  });
  Client client({box.socket(), {}, {}});
  Request request = get("/slow");
  request.seconds = 0.2;
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(Errc::deadline_exceeded)) << answer.error().describe();
}

TEST(Client, StreamsAndStopsWhenTheReaderHadEnough) {
  FakeBox box([](const FakeRequest&) { return json_answer(200, std::string(1U << 20U, 'x')); });
  Client client({box.socket(), {}, {}});
  Request request = get("/");
  std::size_t seen = 0;
  request.on_data = [&](std::string_view data) -> Result<void> {
    seen += data.size();
    return seen > 1000 ? Result<void>(fail(Errc::io_error, "disk full")) : Result<void>();
  };
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "disk full");
}

TEST(Client, TheReaderOfAStreamNeverSeesAnErrorsBody) {
  FakeBox box([](const FakeRequest&) { return json_answer(400, R"({"error":{"message":"No sound."}})"); });
  Client client({box.socket(), {}, {}});
  Request request = get("/");
  bool called = false;
  request.on_data = [&](std::string_view) -> Result<void> {
    called = true;
    return {};
  };
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "No sound.");
  EXPECT_FALSE(called);
}

TEST(Client, SendsFormsWithTheirParts) {
  FakeBox box([](const FakeRequest&) { return json_answer(200, "{}"); });
  Client client({box.socket(), {}, {}});
  Request request;
  request.method = "POST";
  request.path = "/v1/audio/transcriptions";
  FormPart field;
  field.name = "model";
  field.value = "auto";
  FormPart bytes{FormPart::Kind::bytes, "file", std::string("a\0b", 3), "clip.wav"};
  request.form = {field, bytes};
  ASSERT_TRUE(client.send(request));
  const FakeRequest seen = box.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_NE(seen.body.find("name=\"model\"\r\n\r\nauto\r\n"), std::string::npos) << seen.body;
  EXPECT_NE(seen.body.find("name=\"file\"; filename=\"clip.wav\""), std::string::npos);
  EXPECT_NE(seen.body.find(std::string("a\0b", 3)), std::string::npos);
  EXPECT_EQ(seen.headers.find("Expect:"), std::string::npos);
}

}  // namespace
}  // namespace hearth::tool
