// Assertions on decoders' errors.
#pragma once

#include <hearth/dialects/api_error.h>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

// One row of a table of bad inputs.
struct Bad {
  std::string_view input;
  ApiCode code;
  std::string_view param = {};  // empty: none
};

template <typename T>
void expect_rejected(const Decoded<T>& result, ApiCode code, std::string_view param, std::string_view input) {
  const std::string shown(input.substr(0, 200));
  ASSERT_FALSE(result.has_value()) << shown;
  EXPECT_EQ(result.error().code, info(code).code) << shown << "\n" << result.error().message;
  EXPECT_EQ(result.error().status, info(code).status) << shown;
  EXPECT_EQ(result.error().param.value_or(""), param) << shown;
  EXPECT_FALSE(result.error().message.empty()) << shown;
}

}  // namespace hearth::dialects
