#include <hearth/dialects/api_error.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <set>

namespace hearth::dialects {
namespace {

TEST(ErrorCodes, are_unique_and_complete) {
  std::set<std::string_view> seen;
  for (const ApiCodeInfo& row : api_codes()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    EXPECT_GE(row.status, 400) << row.code;
    EXPECT_LT(row.status, 600) << row.code;
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.code;
    const auto found = find_api_code(row.code);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(info(*found).code, row.code);
  }
  EXPECT_FALSE(find_api_code("no_such_code").has_value());
}

TEST(ApiError, has_all_four_keys) {
  const auto error = boost::json::parse(encode(api_error(ApiCode::invalid_type, "Say \"why\".", "input[3]")));
  EXPECT_EQ(error, (boost::json::value{{"error",
                                        {{"message", "Say \"why\"."},
                                         {"type", "invalid_request_error"},
                                         {"param", "input[3]"},
                                         {"code", "invalid_type"}}}}));
  EXPECT_TRUE(boost::json::parse(encode(api_error(ApiCode::internal_error, "x"))).at("error").at("param").is_null());
  EXPECT_EQ(encode_event(api_error(ApiCode::internal_error, "x")).substr(0, 15), "data: {\"error\":");
}

TEST(ApiError, maps_every_kind_of_failure) {
  const std::pair<Errc, int> rows[] = {{Errc::cancelled, 499},         {Errc::deadline_exceeded, 504},
                                       {Errc::invalid_argument, 400},  {Errc::unsupported, 400},
                                       {Errc::too_large, 413},         {Errc::unauthenticated, 401},
                                       {Errc::permission_denied, 403}, {Errc::not_found, 404},
                                       {Errc::already_exists, 409},    {Errc::resource_exhausted, 429},
                                       {Errc::unavailable, 503},       {Errc::failed_precondition, 503},
                                       {Errc::io_error, 500},          {Errc::protocol_error, 502},
                                       {Errc::corrupt, 500},           {Errc::internal, 500}};
  for (const auto& [kind, status] : rows) EXPECT_EQ(to_api_error(Error(kind, "why")).status, status) << to_string(kind);
}

TEST(ApiError, keeps_the_sentence_but_not_of_internal_errors) {
  EXPECT_EQ(to_api_error(Error(Errc::not_found, "No such file.")).message, "No such file.");
  EXPECT_EQ(to_api_error(Error(Errc::internal, "secret")).message.find("secret"), std::string::npos);
}

TEST(ApiError, says_when_to_retry) {
  EXPECT_EQ(retry_after_header(to_api_error(Error(Errc::unavailable, "x"))), "1");
  EXPECT_EQ(retry_after_header(to_api_error(Error(Errc::not_found, "x"))), std::nullopt);
  ApiError error = api_error(ApiCode::queue_full, "x");
  error.retry_after = std::chrono::milliseconds(1200);
  EXPECT_EQ(retry_after_header(error), "2");
  error.retry_after = std::chrono::milliseconds(0);
  EXPECT_EQ(retry_after_header(error), "1");
}

TEST(ApiError, reads_an_engines_error_back) {
  const ApiError sent = api_error(ApiCode::encrypted_pdf, "The PDF needs a password.", "document");
  EXPECT_EQ(decode_error_body(400, encode(sent)), sent);
  const ApiError numeric = decode_error_body(418, R"({"error":{"code":418,"message":"tea"}})");
  EXPECT_EQ(numeric.code, "418");
  EXPECT_EQ(numeric.message, "tea");
  EXPECT_EQ(numeric.status, 418);
}

TEST(ApiError, tolerates_any_error_body) {
  for (const std::string_view body :
       {"", "<html>", "{}", "[]", R"({"error":"text"})", R"({"error":{"message":)", "\xFF"}) {
    const ApiError error = decode_error_body(503, body);
    EXPECT_EQ(error.status, 503) << body;
    EXPECT_EQ(error.code, "service_unavailable") << body;
    EXPECT_FALSE(error.message.empty());
  }
  EXPECT_EQ(decode_error_body(500, std::string(100'000, ' ')).code, "engine_error");
  const ApiError cut = decode_error_body(400, R"({"error":{"message":")" + std::string(5000, 'x') + R"("}})");
  EXPECT_LT(cut.message.size(), 2100U);
}

}  // namespace
}  // namespace hearth::dialects
