#include "service.h"

#include "response.h"
#include "support/real_tables.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sodium.h>

#include <cstring>
#include <fstream>

namespace hearth::embed {
namespace {

namespace json = boost::json;

struct Answer {
  std::string body;
  int pieces = 0;
  std::optional<Refusal> refusal;
  [[nodiscard]] json::value parsed() const { return json::parse(body); }
};

Answer ask(std::string body) {
  Service service(test::real_tables());
  Answer answer;
  const Sink sink{.whole = [&](std::string_view whole) -> Result<void> {
                    answer.body = whole;
                    return {};
                  },
                  .piece = [&](std::string_view piece) -> Result<void> {
                    answer.body += piece;
                    ++answer.pieces;
                    return {};
                  }};
  if (auto done = service.answer(body, sink); !done) answer.refusal = std::move(done.error());
  return answer;
}

std::vector<float> floats(const json::value& embedding) {
  std::vector<float> v;
  for (const auto& x : embedding.as_array()) v.push_back(static_cast<float>(x.to_number<double>()));
  return v;
}

std::vector<float> from_base64(const json::value& embedding) {
  const json::string& text = embedding.as_string();
  std::vector<unsigned char> bytes(text.size());
  std::size_t length = 0;
  EXPECT_EQ(sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length, nullptr,
                              sodium_base64_VARIANT_ORIGINAL),
            0);
  std::vector<float> v(length / 4);
  std::memcpy(v.data(), bytes.data(), length);
  return v;
}

TEST(Service, AnswersInOpenAisShape) {
  const Answer answer = ask(R"({"input":["Hello, world!","Bye"],"model":"text-embedding-3-small"})");
  const json::value v = answer.parsed();
  EXPECT_EQ(v.at("object").as_string(), "list");
  EXPECT_EQ(v.at("model").as_string(), "hearth-static-minilm-256");
  ASSERT_EQ(v.at("data").as_array().size(), 2U);
  EXPECT_EQ(v.at_pointer("/data/1/object").as_string(), "embedding");
  EXPECT_EQ(v.at_pointer("/data/1/index").as_int64(), 1);
  EXPECT_EQ(v.at_pointer("/data/0/embedding").as_array().size(), 256U);
  EXPECT_EQ(v.at_pointer("/usage/prompt_tokens").as_int64(), 5);  // hello , world ! bye
  EXPECT_EQ(v.at_pointer("/usage/total_tokens").as_int64(), 5);
  EXPECT_EQ(answer.pieces, 0);
}

TEST(Service, BothEncodingsSayTheSame) {
  for (const int dims : {1, 2, 3, 255, 256}) {
    const auto as_floats = ask(fmt::format(R"({{"input":"One and the same text","dimensions":{}}})", dims)).parsed();
    const auto as_base64 =
        ask(fmt::format(R"({{"input":"One and the same text","dimensions":{},"encoding_format":"base64"}})", dims))
            .parsed();
    const auto a = floats(as_floats.at_pointer("/data/0/embedding"));
    EXPECT_EQ(a.size(), static_cast<std::size_t>(dims));
    EXPECT_EQ(a, from_base64(as_base64.at_pointer("/data/0/embedding")));
  }
}

// What LangChain sends: cl100k_base ids of "hello world" and "tiktoken is great!", base64.
TEST(Service, TokenIdsAreTheirText) {
  const auto ids = ask(R"({"input":[[15339,1917],[83,1609,5963,374,2294,0]],"encoding_format":"base64"})").parsed();
  const auto text = ask(R"({"input":["hello world","tiktoken is great!"],"encoding_format":"base64"})").parsed();
  EXPECT_EQ(ids, text);
  const auto flat = ask(R"({"input":[15339,1917]})").parsed();
  EXPECT_EQ(flat, ask(R"({"input":"hello world"})").parsed());
  const Answer unknown = ask(R"({"input":[15339,100257]})");
  ASSERT_TRUE(unknown.refusal);
  EXPECT_EQ(unknown.refusal->param, "input");
  EXPECT_TRUE(unknown.body.empty());
}

// A character can be split between two ids, and a text between two lists: halves of characters are dropped.
TEST(Service, IdsThatAreHalfACharacterAreNoError) {
  EXPECT_FALSE(ask(R"({"input":[9468]})").refusal);
}

TEST(Service, LargeAnswersComeInPieces) {
  std::string body = R"({"input":["text 0")";
  for (int i = 1; i < 1000; ++i) body += fmt::format(R"(,"text {}")", i);
  const Answer answer = ask(body + "]}");
  EXPECT_GT(answer.pieces, 5);
  const json::value v = answer.parsed();
  ASSERT_EQ(v.at("data").as_array().size(), 1000U);
  for (std::size_t i = 0; i < 1000; ++i)
    EXPECT_EQ(v.at("data").as_array()[i].at("index").as_int64(), static_cast<std::int64_t>(i));
  const auto alone = ask(R"({"input":"text 7"})").parsed();
  EXPECT_EQ(v.at_pointer("/data/7/embedding"), alone.at_pointer("/data/0/embedding"));
}

TEST(Service, StopsWhenTheClientHasGone) {
  Service service(test::real_tables());
  std::string body = R"({"input":["a")";
  for (int i = 1; i < 5000; ++i) body += R"(,"a")";
  body += "]}";
  int pieces = 0;
  const Sink sink{.whole = [](std::string_view) -> Result<void> { return {}; },
                  .piece = [&](std::string_view) -> Result<void> {
                    ++pieces;
                    return fail(Errc::io_error, "gone");
                  }};
  EXPECT_TRUE(service.answer(body, sink));
  EXPECT_EQ(pieces, 1);
}

TEST(Service, NoTextIsCutOff) {
  std::string text = "The report is about winter tyres. ";
  std::string long_text;
  for (int i = 0; i < 400; ++i) long_text += text;
  const auto plain = ask(fmt::format(R"({{"input":"{}"}})", long_text)).parsed();
  EXPECT_EQ(plain.at_pointer("/usage/prompt_tokens").as_int64() % 400, 0);
  const auto with_end = ask(fmt::format(R"({{"input":"{}{}"}})", long_text, std::string("volcano "))).parsed();
  EXPECT_NE(plain.at_pointer("/data/0/embedding"), with_end.at_pointer("/data/0/embedding"));
}

TEST(Service, AnswersTheCanary) {
  std::ifstream file(HEARTH_EMBED_DATA "/canary.json");
  std::string line;
  std::getline(file, line);
  const auto canary = json::parse(line);
  const auto made =
      floats(ask(json::serialize(json::value{{"input", canary.at("input")}})).parsed().at_pointer("/data/0/embedding"));
  const auto& first = canary.at("first_components").as_array();
  ASSERT_EQ(first.size(), 8U);
  for (std::size_t d = 0; d < first.size(); ++d) EXPECT_NEAR(made[d], first[d].to_number<double>(), 1e-5);
}

TEST(Response, WritesEveryComponentExactly) {
  const std::vector<Component> vector{0, 1, -1, 1234567, -1234567, 9999999, -9999999, kUnit, -kUnit, 100, 5000000};
  std::string out;
  append_vector(out, 12, vector, Encoding::floats);
  EXPECT_EQ(out,
            R"(,{"object":"embedding","index":12,"embedding":[0.0000000,0.0000001,-0.0000001,0.1234567,-0.1234567,)"
            R"(0.9999999,-0.9999999,1.0000000,-1.0000000,0.0000100,0.5000000]})");
  EXPECT_LE(out.size(), vector_bytes(vector.size(), Encoding::floats));
}

}  // namespace
}  // namespace hearth::embed
