// What all JSON decoders have in common, shown on the chat decoder, which looks at little and checks everything.
#include "rejects.h"
#include "src/json_text.h"

#include <hearth/dialects/chat.h>

#include <boost/json.hpp>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

std::string with_extra(std::string_view value) {
  return R"({"extra":)" + std::string(value) + R"(,"model":"m","messages":[{}]})";
}

Decoded<ForwardHead> decode(std::string_view text) {
  return decode_chat_head(JsonBody::copy_of(text));
}

TEST(Json, ignores_unknown_fields_of_every_kind) {
  for (const std::string_view value :
       {"null", "true", "-1.5e+3", "\"a\\u0000\\ud83d\\ude00\"", "[]", "{}", "[[{\"a\":[1,2]}]]"}) {
    EXPECT_TRUE(decode(with_extra(value)).has_value()) << value;
  }
}

TEST(Json, refuses_what_is_malformed_even_where_nobody_looks) {
  for (const std::string_view value :
       {"tru",        "nulll", "01",        "1.",       ".5",       "+1",      "1e",       "-",
        "NaN",        "'a'",   "[1,]",      "[,1]",     "[1 2]",    "{\"a\"}", "{\"a\":}", "{a:1}",
        "{\"a\":1,}", "[1}",   "{\"a\":1]", "\"a\tb\"", "\"a\nb\"", ""}) {
    expect_rejected(decode(with_extra(value)), ApiCode::invalid_json, "", "extra: " + std::string(value));
  }
}

TEST(Json, refuses_what_is_no_single_object) {
  const Bad rows[] = {
      {"", ApiCode::empty_body},
      {" \r\n\t ", ApiCode::empty_body},
      {"[]", ApiCode::invalid_json},
      {"\"text\"", ApiCode::invalid_json},
      {"17", ApiCode::invalid_json},
      {"null", ApiCode::invalid_json},
      {"{", ApiCode::invalid_json},
      {"}", ApiCode::invalid_json},
      {"{\"model\":\"m", ApiCode::invalid_json},
      {"{\"model\":\"m\",\"messages\":[{}]}{}", ApiCode::invalid_json},
      {"{\"model\":\"m\",\"messages\":[{}]}}", ApiCode::invalid_json},
      {"{\"model\":\"m\",\"messages\":[{}]} trailing", ApiCode::invalid_json},
      {"\xEF\xBB\xBF{\"model\":\"m\",\"messages\":[{}]}", ApiCode::invalid_json},
      {"{\"model\":\"\xFF\"}", ApiCode::invalid_utf8},
      {"{\"model\":\"\xED\xA0\x80\"}", ApiCode::invalid_utf8},
  };
  for (const Bad& row : rows) expect_rejected(decode(row.input), row.code, row.param, row.input);
  expect_rejected(decode(std::string_view("{\"model\":\"a\0b\"}", 15)), ApiCode::invalid_json, "", "NUL");
}

TEST(Json, refuses_a_value_with_a_colon_after_it) {
  for (const std::string_view value : {R"("x":1)", "1:2", "null:1", "[]:1", R"("x":"y":"z")"}) {
    expect_rejected(decode(with_extra(value)), ApiCode::invalid_json, "", value);
  }
  expect_rejected(decode(R"({"messages":[{}],"model":"m":1})"), ApiCode::invalid_json, "", "model");
  expect_rejected(decode(R"({"messages":[{}],"model":"m":"x"}})"), ApiCode::invalid_json, "", "model");
  expect_rejected(decode(R"({"model":"m","messages":[{},{"a":"b":1}]})"), ApiCode::invalid_json, "", "nested");
}

TEST(Json, refuses_escapes_that_do_not_exist) {
  for (const std::string_view text : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud800\u12")"}) {
    expect_rejected(decode(with_extra(text)), ApiCode::invalid_json, "extra", text);
  }
}

TEST(Json, refuses_half_a_surrogate_pair) {
  for (const std::string_view text : {"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\""}) {
    expect_rejected(decode(with_extra(text)), ApiCode::invalid_utf8, "extra", text);
  }
}

TEST(Json, bounds_nesting) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(decode(with_extra(nested(60))).has_value());
  expect_rejected(decode(with_extra(nested(70))), ApiCode::nesting_too_deep, "", "70 levels");
  expect_rejected(decode(with_extra(nested(1'000'000))), ApiCode::nesting_too_deep, "", "a million levels");
  expect_rejected(decode(std::string(1'000'000, '[')), ApiCode::invalid_json, "", "a million open brackets");
}

TEST(Json, a_field_that_counts_must_not_be_there_twice) {
  expect_rejected(decode(R"({"model":"a","model":"b","messages":[{}]})"), ApiCode::duplicate_field, "model", "plain");
  expect_rejected(decode(R"({"model":"a","mod\u0065l":"b","messages":[{}]})"), ApiCode::duplicate_field, "model",
                  "escaped");
  expect_rejected(decode(R"({"model":null,"model":"b","messages":[{}]})"), ApiCode::duplicate_field, "model", "null");
  EXPECT_TRUE(decode(R"({"x":1,"x":2,"model":"a","messages":[{}]})").has_value());
}

TEST(Json, body_may_borrow_padded_memory) {
  const std::string text = R"({"model":"m","messages":[{}]})";
  const std::string padded = text + std::string(kJsonPadding, '{');
  const JsonBody body = JsonBody::borrow_padded(std::string_view(padded).substr(0, text.size()));
  EXPECT_EQ(decode_chat_head(body)->model, "m");
}

TEST(Json, splices_a_string_where_the_old_one_was) {
  const JsonBody body = JsonBody::copy_of("{ \"messages\":[{}],\"model\" : \"old\\n\" , \"x\":1}");
  const auto head = decode_chat_head(body);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->model, "old\n");
  const SplicedBody spliced = splice_string(body.view(), head->model_at, "new \"one\"");
  EXPECT_EQ(spliced.join(), "{ \"messages\":[{}],\"model\" : \"new \\\"one\\\"\" , \"x\":1}");
  EXPECT_EQ(spliced.size(), spliced.join().size());
}

RC_GTEST_PROP(Json, numbers_agree_with_a_reference_parser, ()) {
  const auto text =
      *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('0', '1', '9', '-', '+', '.', 'e', 'E')));
  boost::json::error_code code;
  boost::json::parse(text, code);
  const bool ok = !code || code == boost::json::error::exponent_overflow;
  RC_ASSERT(json::is_number(text) == ok);
}

RC_GTEST_PROP(Json, unescapes_what_a_reference_serializer_escaped, (const std::string& raw)) {
  std::string ascii = raw;
  for (char& c : ascii) c = static_cast<char>(c & 0x7f);
  const std::string quoted = boost::json::serialize(boost::json::value(ascii));
  std::string out;
  RC_ASSERT(json::append_unescaped(out, std::string_view(quoted).substr(1, quoted.size() - 2)) == json::Unescape::ok);
  RC_ASSERT(out == ascii);
}

}  // namespace
}  // namespace hearth::dialects
