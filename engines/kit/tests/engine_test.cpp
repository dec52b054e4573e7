// The kit over a real socket, in a real process.
#include <hearth/core/clock.h>
#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

namespace hearth::kit::testing {
namespace {

namespace json = boost::json;

class KitEngine : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(engine_.ready()); }
  Answer get(std::string_view target) { return Client(engine_.socket()).request("GET", target); }
  static json::object object(const Answer& answer) { return json::parse(answer.body).as_object(); }
  static std::string code(const Answer& answer) {
    const json::object error = object(answer).at("error").as_object();
    EXPECT_EQ(error.size(), 4U) << answer.body;
    EXPECT_TRUE(error.contains("param") && error.contains("type") && error.contains("message"));
    return std::string(error.at("code").as_string());
  }

  EngineProcess engine_{HEARTH_KIT_TEST_ENGINE, {"--data", "/"}};
};

TEST_F(KitEngine, AnswersHealthAndModels) {
  const Answer health = get("/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(object(health).at("status").as_string(), "ok");
  const Answer models = get("/v1/models");
  const json::object model = object(models).at("data").as_array().at(0).as_object();
  EXPECT_EQ(model.at("id").as_string(), "test-model");
  EXPECT_EQ(model.at("object").as_string(), "model");
  EXPECT_EQ(model.at("task").as_string(), "media");
}

TEST_F(KitEngine, SendsWholeAndStreamedAnswersOnOneConnection) {
  Client client(engine_.socket());
  for (int round = 0; round < 3; ++round) {
    const Answer whole = client.request("GET", "/whole");
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, "hello");
    const Answer streamed = client.request("GET", "/stream");
    EXPECT_EQ(streamed.body, "012");
    EXPECT_TRUE(streamed.complete);
    EXPECT_EQ(streamed.headers.at("x-extra"), "yes");
    const Answer empty = client.request("GET", "/empty_stream");
    EXPECT_EQ(empty.status, 200);
    EXPECT_TRUE(empty.complete);
    const Answer events = client.request("GET", "/events");
    EXPECT_EQ(events.body, "data: {\"a\":1}\n\nevent: named\ndata: {\"b\":2}\n\n");
  }
}

TEST_F(KitEngine, AnswersPipelinedRequestsInOrder) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.send("GET /whole HTTP/1.1\r\nHost: e\r\n\r\nGET /stream HTTP/1.1\r\nHost: e\r\n\r\n"));
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_answer().body, "012");
}

TEST_F(KitEngine, ClosesWhenTheClientAsksForIt) {
  Client client(engine_.socket());
  EXPECT_EQ(client.request("GET", "/whole", {}, {{"Connection", "close"}}).body, "hello");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(KitEngine, WritesWhileItReads) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.begin_chunked("POST", "/echo"));
  for (int i = 0; i < 5; ++i) {
    const std::string piece = "piece " + std::to_string(i);
    ASSERT_TRUE(client.send_chunk(piece));
    if (i == 0) {
      EXPECT_EQ(client.read_head().status, 200);
    }
    EXPECT_EQ(client.read_chunk(), piece);
  }
  ASSERT_TRUE(client.send_chunk({}));
  EXPECT_EQ(client.read_chunk(), "");
  EXPECT_EQ(client.request("GET", "/whole").body, "hello");
}

TEST_F(KitEngine, EchoesMoreThanAllBuffersHold) {
  std::string body(8 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 7919);
  const Answer answer = Client(engine_.socket()).request("POST", "/echo", body);
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(answer.body == body);
}

TEST_F(KitEngine, SpoolsABodyOverTheMemoryLimitToScratch) {
  Client client(engine_.socket());
  const json::object small = object(client.request("POST", "/body", std::string(4 << 20, '\1')));
  EXPECT_TRUE(small.at("in_memory").as_bool());
  EXPECT_EQ(small.at("sum").to_number<std::uint64_t>(), 4U << 20);
  const json::object large = object(client.request("POST", "/body", std::string((4 << 20) + 1, '\1')));
  EXPECT_FALSE(large.at("in_memory").as_bool());
  EXPECT_EQ(large.at("size").to_number<std::uint64_t>(), (4U << 20) + 1);
  EXPECT_EQ(large.at("sum").to_number<std::uint64_t>(), (4U << 20) + 1);
  EXPECT_EQ(large.at("view_sum").to_number<std::uint64_t>(), (4U << 20) + 1);
  EXPECT_EQ(small.at("view_sum").to_number<std::uint64_t>(), 4U << 20);
  EXPECT_EQ(large.at("tail").to_number<int>(), 2);
  EXPECT_EQ(large.at("past").to_number<int>(), 0);
  const json::object nothing = object(client.request("POST", "/body"));
  EXPECT_EQ(nothing.at("size").to_number<int>(), 0);
  // The spool file has no name: nothing but the socket is left in scratch.
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(engine_.scratch())) ++files;
  EXPECT_EQ(files, 1);
}

TEST_F(KitEngine, RefusesABodyOverItsLimit) {
  const Answer answer = Client(engine_.socket()).request("POST", "/body", std::string((32 << 20) + 1, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(code(answer), "too_large");
  EXPECT_EQ(Client(engine_.socket()).request("POST", "/read_all", std::string(101, 'x')).status, 413);
  EXPECT_EQ(Client(engine_.socket()).request("POST", "/read_all", std::string(100, 'x')).body.size(), 100U);
}

TEST_F(KitEngine, AnEarlyErrorArrivesAlthoughTheBodyIsStillSent) {
  const Answer large = Client(engine_.socket()).request("POST", "/early", std::string(20 << 20, 'x'));
  EXPECT_EQ(large.status, 413);
  EXPECT_TRUE(large.complete);
  Client client(engine_.socket());  // a small rest is drained, and the connection goes on
  EXPECT_EQ(client.request("POST", "/early", std::string(100'000, 'x')).status, 413);
  EXPECT_EQ(client.request("GET", "/whole").body, "hello");
}

TEST_F(KitEngine, InvitesABodyThatWaitsForIt) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.send("POST /read_all HTTP/1.1\r\nHost: e\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_head().status, 100);
  ASSERT_TRUE(client.send("abc"));
  EXPECT_EQ(client.read_answer().body, "abc");
}

TEST_F(KitEngine, DecodesParameters) {
  Client client(engine_.socket());
  json::object o = object(client.request("GET", "/parameters?n=12.5&text=a%20b%2Bc%26", {}, {{"X-Thing", "value"}}));
  EXPECT_EQ(o.at("n").as_double(), 12.5);
  EXPECT_EQ(o.at("text").as_string(), "a b+c&");
  EXPECT_EQ(o.at("header").as_string(), "value");
  o = object(client.request("GET", "/parameters"));
  EXPECT_EQ(o.at("n").as_double(), 7);
  EXPECT_TRUE(o.at("text").is_null());
  for (const char* wrong : {"101", "-1", "x", "", "nan", "inf", "1e999", "5x", "5%00", "0x10", "%205"}) {
    const Answer answer = client.request("GET", std::string("/parameters?n=") + wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_EQ(code(answer), "invalid_argument") << wrong;
  }
}

TEST_F(KitEngine, AnswersWhatItDoesNotKnow) {
  Client client(engine_.socket());
  EXPECT_EQ(client.request("GET", "/nothing").status, 404);
  EXPECT_EQ(client.request("DELETE", "/whole").status, 404);
  EXPECT_EQ(code(client.request("GET", "/whole/")), "not_found");
  EXPECT_EQ(client.request("GET", "/whole").status, 200);
}

TEST_F(KitEngine, RefusesBadTargetsAndBrokenRequests) {
  for (const char* head : {"GET http://elsewhere/ HTTP/1.1\r\nHost: e\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: e\r\n\r\n",
                           "GET /%zz HTTP/1.1\r\nHost: e\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/7.0\r\n\r\n"}) {
    Client client(engine_.socket());
    ASSERT_TRUE(client.send(head));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 400) << head;
    EXPECT_EQ(code(answer), "invalid_request") << head;
    EXPECT_TRUE(client.closed_by_peer());
  }
  Client client(engine_.socket());
  client.send("GET /whole HTTP/1.1\r\nX-Long: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 400);
}

TEST_F(KitEngine, SurvivesHandlersThatFail) {
  Client client(engine_.socket());
  EXPECT_EQ(code(client.request("GET", "/throws")), "internal");
  EXPECT_EQ(client.request("GET", "/throws").status, 500);
  EXPECT_EQ(client.request("GET", "/throws_int").status, 500);
  EXPECT_EQ(client.request("GET", "/no_answer").status, 500);
  for (const char* path : {"/throws_midway", "/aborts"}) {
    Client cut(engine_.socket());
    const Answer answer = cut.request("GET", path);
    EXPECT_EQ(answer.body, "half") << path;
    EXPECT_FALSE(answer.complete) << path;
  }
  Client twice(engine_.socket());
  EXPECT_EQ(twice.request("GET", "/two_answers").body, "one");
  EXPECT_TRUE(twice.closed_by_peer());
  EXPECT_EQ(get("/whole").status, 200);
}

TEST_F(KitEngine, TellsAHandlerThatTheClientLeft) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.send("GET /until_abandoned HTTP/1.1\r\nHost: e\r\n\r\n"));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(client.read_chunk(), "working");
  EXPECT_EQ(get("/abandoned").body, "0");
  client.close();
  const Deadline patience = Deadline::in(Seconds(100));
  while (get("/abandoned").body != "1" && !patience.passed()) std::this_thread::yield();
  EXPECT_EQ(get("/abandoned").body, "1");
}

TEST_F(KitEngine, ABodyThatBreaksOffIsAnError) {
  Client client(engine_.socket());
  ASSERT_TRUE(client.begin_chunked("POST", "/echo"));
  ASSERT_TRUE(client.send_chunk("start"));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(client.read_chunk(), "start");
  ASSERT_TRUE(client.send("this is no chunk\r\n"));
  EXPECT_EQ(client.read_chunk(), std::nullopt);
  EXPECT_EQ(get("/whole").status, 200);
}

TEST_F(KitEngine, ServesManyConnectionsAtOnce) {
  constexpr int kConnections = 32;
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < kConnections; ++i) {
      clients.emplace_back([&, i] {
        const std::string body(200'000 + static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
        Client client(engine_.socket());
        for (int round = 0; round < 5; ++round)
          if (client.request("POST", "/echo", body).body == body) ++right;
      });
    }
  }
  EXPECT_EQ(right, kConnections * 5);
}

TEST_F(KitEngine, ClosesConnectionsOverItsBoundAndGoesOn) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 600; ++i) clients.push_back(std::make_unique<Client>(engine_.socket()));
  EXPECT_TRUE(clients.back()->closed_by_peer());
  EXPECT_EQ(clients.front()->request("GET", "/whole").body, "hello");
  clients.clear();
  const Deadline patience = Deadline::in(Seconds(100));
  while (get("/whole").status != 200 && !patience.passed()) std::this_thread::yield();
  EXPECT_EQ(get("/whole").body, "hello");
}

TEST_F(KitEngine, FinishesWhatIsInFlightAfterSigterm) {
  EngineProcess engine(HEARTH_KIT_TEST_ENGINE, {"--grace-ms=3600000"});
  ASSERT_TRUE(engine.ready());
  Client idle(engine.socket());
  EXPECT_EQ(idle.request("GET", "/whole").status, 200);
  Client busy(engine.socket());
  ASSERT_TRUE(busy.begin_chunked("POST", "/echo"));
  ASSERT_TRUE(busy.send_chunk("before"));
  EXPECT_EQ(busy.read_head().status, 200);
  EXPECT_EQ(busy.read_chunk(), "before");
  engine.send_signal(SIGTERM);
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_FALSE(Client(engine.socket()).connected());
  ASSERT_TRUE(busy.send_chunk("after"));
  EXPECT_EQ(busy.read_chunk(), "after");
  ASSERT_TRUE(busy.send_chunk({}));
  EXPECT_EQ(busy.read_chunk(), "");
  EXPECT_EQ(engine.wait_exit(), 0);
}

TEST_F(KitEngine, LeavesWorkThatDoesNotEndWithinTheGrace) {
  EngineProcess engine(HEARTH_KIT_TEST_ENGINE, {"--grace-ms=700"});
  ASSERT_TRUE(engine.ready());
  Client busy(engine.socket());
  ASSERT_TRUE(busy.send("GET /until_abandoned HTTP/1.1\r\nHost: e\r\n\r\n"));
  EXPECT_EQ(busy.read_head().status, 200);
  const SteadyTime begin = steady_now();
  engine.send_signal(SIGTERM);
  EXPECT_EQ(engine.wait_exit(), 0);
  EXPECT_GE(seconds_between(begin, steady_now()), 0.7);
}

TEST_F(KitEngine, EndsWithItsStandardInput) {
  EXPECT_TRUE(engine_.running());
  engine_.close_stdin();
  EXPECT_EQ(engine_.wait_exit(), 0);
  EXPECT_FALSE(std::filesystem::exists(engine_.socket()));
}

TEST(KitOptions, WrongArgumentsEndTheProcessWithTheUsage) {
  EngineProcess no_value(HEARTH_KIT_TEST_ENGINE, {"--threads"});
  EXPECT_EQ(no_value.wait_exit(), 2);
  EngineProcess no_number(HEARTH_KIT_TEST_ENGINE, {"--threads", "many"});
  EXPECT_EQ(no_number.wait_exit(), 2);
  EngineProcess help(HEARTH_KIT_TEST_ENGINE, {"--help"});
  EXPECT_EQ(help.wait_exit(), 0);
}

}  // namespace
}  // namespace hearth::kit::testing
