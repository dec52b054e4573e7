// Time is linear whatever the text: counted in bytes that are looked at again, not measured.
#include <hearth/privacy/detectors.h>
#include <hearth/privacy/redaction.h>

#include <gtest/gtest.h>

#include <string>

namespace hearth::privacy {
namespace {

constexpr std::size_t kMegabyte = 1'000'000;

std::string repeated(std::string_view unit, std::size_t size = kMegabyte) {
  std::string text;
  text.reserve(size + unit.size());
  while (text.size() < size) text += unit;
  return text;
}

const std::vector<std::string>& hostile_units() {
  static const std::vector<std::string> units{"1",
                                              "@",
                                              "a@a.",
                                              "a@",
                                              "1 ",
                                              "12-",
                                              "(1) ",
                                              "+1",
                                              "+4930",
                                              "a.",
                                              "eyJ.",
                                              "eyJhbGciOiJIUzI1NiJ9.eyJ",
                                              "-",
                                              "_",
                                              "sk-",
                                              "sk-a1b2c3d4e5f6-",
                                              ":",
                                              "=",
                                              "password:",
                                              "password=",
                                              "password is 1",
                                              "密码：",
                                              "://a:",
                                              "-----BEGIN PRIVATE KEY-----",
                                              "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                                              "DE89",
                                              "DE89 3704 0044 ",
                                              "AB12",
                                              "phone 1234567 ",
                                              "4111 1111 1111 1112 ",
                                              "4111111111111112 ",
                                              "%40",
                                              "a%40a.",
                                              "AKIA",
                                              "I",
                                              "AI",
                                              "\"",
                                              "\\",
                                              "{",
                                              "[\"",
                                              "1.1",
                                              "12345678A ",
                                              "RSSMRA85",
                                              "\xEF\xBC\x91",
                                              "\xE2\x80\x8B",
                                              "1\xE2\x80\x8B",
                                              "\xFF",
                                              "\xEF",
                                              "order 1234567890 ",
                                              "x1",
                                              "a_1",
                                              "123456789 ",
                                              "11111111111 "};
  return units;
}

TEST(LinearTest, NoTextMakesTheDetectorsLookAgainAndAgain) {
  const Detectors detectors;
  for (const std::string& unit : hostile_units()) {
    const Scan scan = detectors.scan(repeated(unit));
    EXPECT_LE(scan.work, 100 * kMegabyte) << unit;
  }
}

// Twice the text is twice the work, near enough: nothing grows faster.
TEST(LinearTest, WorkGrowsAsTheTextDoes) {
  const Detectors detectors;
  for (const std::string& unit : hostile_units()) {
    const std::size_t half = detectors.scan(repeated(unit, kMegabyte / 8)).work;
    const std::size_t whole = detectors.scan(repeated(unit, kMegabyte / 4)).work;
    EXPECT_LE(whole, 2 * half + half / 10 + 10'000) << unit;
  }
}

TEST(LinearTest, NorDoesABody) {
  const Detectors detectors;
  for (const std::string& unit : hostile_units()) {
    const BodyScan scan = detectors.scan_body("{\"content\":\"" + repeated(unit) + "\"}");
    EXPECT_LE(scan.work, 100 * kMegabyte) << unit;
  }
}

}  // namespace
}  // namespace hearth::privacy
