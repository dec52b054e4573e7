// The OpenAPI document lists exactly the error codes and types that there are, each under its status, and holds
// together.
#include <hearth/dialects/error_codes.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace hearth::dialects {
namespace {

namespace json = boost::json;

json::value document() {
  std::ifstream file(HEARTH_OPENAPI);
  return json::parse(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
}

std::set<std::string> strings(const json::value& array) {
  std::set<std::string> all;
  for (const json::value& item : array.as_array()) all.emplace(item.as_string());
  return all;
}

TEST(OpenApi, ListsEveryErrorCodeAndNoOther) {
  const json::value api = document();
  const json::value& error = api.at_pointer("/components/schemas/Error/properties/error/properties");
  std::set<std::string> codes;
  std::set<std::string> types;
  for (const ApiCodeInfo& info : api_codes()) {
    codes.emplace(info.code);
    types.emplace(info.type);
  }
  EXPECT_EQ(strings(error.at_pointer("/code/enum")), codes);
  EXPECT_EQ(strings(error.at_pointer("/type/enum")), types);
}

TEST(OpenApi, ExplainsEachCodeUnderItsStatus) {
  const json::value api = document();
  for (const ApiCodeInfo& info : api_codes()) {
    const json::value& response = api.at_pointer(fmt::format("/components/responses/Error{}", info.status));
    const std::string text(response.at("description").as_string());
    EXPECT_NE(text.find(fmt::format("`{}`: {}", info.code, info.meaning)), std::string::npos) << info.code;
  }
}

// A schema that allows anything proves nothing.
void expect_no_bare_objects(const json::value& value, const std::string& where) {
  if (const json::object* object = value.if_object()) {
    const json::value* type = object->if_contains("type");
    if (type != nullptr && type->is_string() && type->get_string() == "object") {
      EXPECT_TRUE(object->contains("properties")) << where;
    }
    for (const auto& [key, item] : *object) expect_no_bare_objects(item, where + "/" + std::string(key));
  } else if (const json::array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) expect_no_bare_objects((*array)[i], fmt::format("{}/{}", where, i));
  }
}

TEST(OpenApi, NoSchemaIsABareObject) {
  const json::value api = document();
  expect_no_bare_objects(api.at("components"), "components");
  expect_no_bare_objects(api.at("paths"), "paths");
}

void expect_references_lead_somewhere(const json::value& value, const json::value& api) {
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      if (key == "$ref") {
        const std::string_view to = item.as_string();
        boost::system::error_code none;
        EXPECT_TRUE(to.starts_with('#') && api.find_pointer(to.substr(1), none) != nullptr) << to;
      } else {
        expect_references_lead_somewhere(item, api);
      }
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) expect_references_lead_somewhere(item, api);
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const json::value api = document();
  expect_references_lead_somewhere(api, api);
}

// Of a key that is there twice each parser takes another value; simdjson shows both.
void expect_keys_once(const simdjson::dom::element& value, const std::string& where) {
  if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) {
    std::set<std::string> keys;
    for (const auto [key, item] : object) {
      EXPECT_TRUE(keys.emplace(key).second) << where << "/" << key;
      expect_keys_once(item, where + "/" + std::string(key));
    }
  } else if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) {
    for (const simdjson::dom::element item : array) expect_keys_once(item, where + "/-");
  }
}

TEST(OpenApi, NoKeyIsThereTwice) {
  simdjson::dom::parser parser;
  simdjson::dom::element api;
  ASSERT_EQ(parser.load(HEARTH_OPENAPI).get(api), simdjson::SUCCESS);
  expect_keys_once(api, "");
}

}  // namespace
}  // namespace hearth::dialects
