#include "rejects.h"

#include <hearth/dialects/embeddings.h>

namespace hearth::dialects {
namespace {

TEST(Embeddings, reads_all_four_forms_of_input) {
  const auto input = [](std::string_view json) {
    const JsonBody body = JsonBody::copy_of(R"({"model":"m","input":)" + std::string(json) + "}");
    auto request = decode_embeddings(body);
    EXPECT_TRUE(request.has_value()) << json;
    return std::pair(request->input.index(), input_count(request->input));
  };
  EXPECT_EQ(input(R"("one")"), std::pair(std::size_t{0}, std::size_t{1}));
  EXPECT_EQ(input(R"(["a","b","c"])"), std::pair(std::size_t{1}, std::size_t{3}));
  EXPECT_EQ(input("[1, 2, 3]"), std::pair(std::size_t{2}, std::size_t{1}));
  EXPECT_EQ(input("[[1,2],[3]]"), std::pair(std::size_t{3}, std::size_t{2}));
}

TEST(Embeddings, texts_view_into_the_body) {
  const JsonBody body = JsonBody::copy_of(R"({"input":["plain" , "a\nb\u00e9\"","plain too"],"model":"m"})");
  const auto request = decode_embeddings(body);
  ASSERT_TRUE(request.has_value());
  const auto& texts = std::get<std::vector<std::string_view>>(request->input);
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0], "plain");
  EXPECT_EQ(texts[1], "a\nbé\"");
  EXPECT_EQ(texts[2], "plain too");
  const auto inside = [&](std::string_view text) {
    return text.data() >= body.view().data() && text.data() < body.view().data() + body.size();
  };
  EXPECT_TRUE(inside(texts[0]));
  EXPECT_FALSE(inside(texts[1]));
  EXPECT_TRUE(inside(texts[2]));
}

TEST(Embeddings, reads_the_options) {
  const JsonBody body = JsonBody::copy_of(
      R"({"model":"m","input":"a","encoding_format":"base64","dimensions":256,"user":"u","input_type":"query"})");
  const auto request = decode_embeddings(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->encoding_format, EncodingFormat::base64);
  EXPECT_EQ(request->dimensions, 256U);
  EXPECT_EQ(request->user, "u");
  const auto nulls = decode_embeddings(
      JsonBody::copy_of(R"({"model":"m","input":"a","encoding_format":null,"dimensions":null,"user":null})"));
  ASSERT_TRUE(nulls.has_value());
  EXPECT_FALSE(nulls->dimensions.has_value());
}

TEST(Embeddings, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"input":"a"})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "input"},
      {R"({"model":"m","input":null})", ApiCode::missing_required_parameter, "input"},
      {R"({"model":["m"],"input":"a"})", ApiCode::invalid_type, "model"},
      {R"({"model":"m","input":7})", ApiCode::invalid_type, "input"},
      {R"({"model":"m","input":{}})", ApiCode::invalid_type, "input"},
      {R"({"model":"m","input":""})", ApiCode::empty_string, "input"},
      {R"({"model":"m","input":[]})", ApiCode::empty_array, "input"},
      {R"({"model":"m","input":["a","b",""]})", ApiCode::empty_string, "input[2]"},
      {R"({"model":"m","input":["a",1]})", ApiCode::invalid_type, "input[1]"},
      {R"({"model":"m","input":["a","b","c",null]})", ApiCode::invalid_type, "input[3]"},
      {R"({"model":"m","input":[1,"a"]})", ApiCode::invalid_type, "input[1]"},
      {R"({"model":"m","input":[1.5]})", ApiCode::invalid_type, "input[0]"},
      {R"({"model":"m","input":[-1]})", ApiCode::invalid_value, "input[0]"},
      {R"({"model":"m","input":[99999999999999999999]})", ApiCode::invalid_value, "input[0]"},
      {R"({"model":"m","input":[[1],[]]})", ApiCode::empty_array, "input[1]"},
      {R"({"model":"m","input":[[1],[2,"x"]]})", ApiCode::invalid_type, "input[1][1]"},
      {R"({"model":"m","input":[{}]})", ApiCode::invalid_type, "input[0]"},
      {R"({"model":"m","input":["\ud800"]})", ApiCode::invalid_utf8, "input[0]"},
      {R"({"model":"m","input":"a","encoding_format":"int8"})", ApiCode::invalid_value, "encoding_format"},
      {R"({"model":"m","input":"a","encoding_format":1})", ApiCode::invalid_type, "encoding_format"},
      {R"({"model":"m","input":"a","dimensions":"256"})", ApiCode::invalid_type, "dimensions"},
      {R"({"model":"m","input":"a","dimensions":256.0})", ApiCode::invalid_type, "dimensions"},
      {R"({"model":"m","input":"a","dimensions":0})", ApiCode::invalid_value, "dimensions"},
      {R"({"model":"m","input":"a","user":1})", ApiCode::invalid_type, "user"},
      {R"({"model":"m","input":"a","input":"b"})", ApiCode::duplicate_field, "input"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_embeddings(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
}

TEST(Embeddings, has_limits) {
  EmbeddingsLimits limits;
  limits.max_inputs = 2;
  limits.max_text_bytes = 3;
  limits.max_tokens = 4;
  const Bad rows[] = {
      {R"({"model":"m","input":["a","b","c"]})", ApiCode::array_above_max_length, "input"},
      {R"({"model":"m","input":["a","bbbb"]})", ApiCode::string_above_max_length, "input[1]"},
      {R"({"model":"m","input":[1,2,3,4,5]})", ApiCode::array_above_max_length, "input"},
      {R"({"model":"m","input":[[1],[1,2,3,4,5]]})", ApiCode::array_above_max_length, "input[1]"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_embeddings(JsonBody::copy_of(row.input), limits), row.code, row.param, row.input);
  }
  EXPECT_TRUE(decode_embeddings(JsonBody::copy_of(R"({"model":"m","input":[1,2,3,4]})"), limits).has_value());
}

TEST(Embeddings, a_null_character_is_a_character) {
  const JsonBody body = JsonBody::copy_of(R"({"model":"m","input":"a\u0000b"})");
  const auto request = decode_embeddings(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(std::get<std::string_view>(request->input), std::string_view("a\0b", 3));
}

TEST(Embeddings, forwards_the_body_with_another_model) {
  const JsonBody body = JsonBody::copy_of(R"({"input":"x", "model" : "text-embedding-3-small","extra":[1, 2]})");
  const auto request = decode_embeddings(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(forward_embeddings(body, *request, "table").join(), R"({"input":"x", "model" : "table","extra":[1, 2]})");
}

TEST(Embeddings, reads_the_engines_answer) {
  const JsonBody body = JsonBody::copy_of(
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1e-3]}],"model":"table","usage":{"prompt_tokens":3,"total_tokens":4}})");
  const auto answer = decode_embeddings_answer(body);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->prompt_tokens, 3);
  EXPECT_EQ(answer->total_tokens, 4);
  EXPECT_EQ(body.view().substr(answer->model_at.offset, answer->model_at.length), "\"table\"");
  for (const std::string_view bad : {"", "{}", "[]", R"({"data":{}})", R"({"data":[],"model":1})", R"({"data":[)"}) {
    const auto broken = decode_embeddings_answer(JsonBody::copy_of(bad));
    ASSERT_FALSE(broken.has_value()) << bad;
    EXPECT_TRUE(broken.error().is(Errc::protocol_error));
  }
}

}  // namespace
}  // namespace hearth::dialects
