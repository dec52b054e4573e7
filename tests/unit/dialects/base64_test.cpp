#include "rejects.h"

#include <hearth/dialects/base64.h>

#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

std::string encode(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

TEST(Base64, knows_the_standards_examples) {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : rows) {
    EXPECT_EQ(encode(plain), encoded);
    EXPECT_EQ(*decode_base64(encoded), plain);
  }
}

TEST(Base64, is_strict) {
  for (const std::string_view bad : {"Z", "Zg", "Zg=", "Zm8", "=", "====", "Zg==Zg==", "Zg==x",
                                     "Z===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm-_", "Zg=v", "Zm9v%3D"}) {
    expect_rejected(decode_base64(bad), ApiCode::invalid_data_url, "", bad);
  }
}

RC_GTEST_PROP(Base64, decodes_what_it_encoded_in_any_pieces, (const std::string& bytes)) {
  const std::string encoded = encode(bytes);
  Base64Decoder decoder;
  std::string out;
  for (std::string_view rest = encoded; !rest.empty();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    RC_ASSERT(decoder.push(rest.substr(0, n), out).has_value());
    rest.remove_prefix(n);
  }
  RC_ASSERT(decoder.finish().has_value());
  RC_ASSERT(out == bytes);
}

}  // namespace
}  // namespace hearth::dialects
