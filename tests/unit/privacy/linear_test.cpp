// Time is linear whatever the text: counted in bytes that are looked at again, not measured.
#include <hearth/privacy/detectors.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {
namespace {

constexpr std::size_t kMegabyte = 1'000'000;

std::string repeated(std::string_view unit, std::size_t size) {
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

// At most so many bytes are looked at again for each byte of a text.
constexpr std::size_t kAgain = 100;

TEST(LinearTest, NoTextMakesTheDetectorsLookAgainAndAgain) {
  for (const std::string_view unit : {"1", "@", "a@a.", "1 ", "password:", "-----BEGIN PRIVATE KEY-----"})
    EXPECT_LE(Detectors().scan(repeated(unit, kMegabyte)).work, kAgain * kMegabyte) << unit;
}

// Twice the text is twice the work, near enough: nothing grows faster.
TEST(LinearTest, WorkGrowsAsTheTextDoes) {
  constexpr std::size_t kSize = 50'000;
  for (const std::string& unit : hostile_units()) {
    const std::size_t half = Detectors().scan(repeated(unit, kSize)).work;
    const std::size_t whole = Detectors().scan(repeated(unit, 2 * kSize)).work;
    EXPECT_LE(whole, 2 * half + half / 10 + 1000) << unit;
    EXPECT_LE(whole, kAgain * 2 * kSize) << unit;
  }
}

TEST(LinearTest, NorDoesABodyTakeLonger) {
  constexpr std::size_t kSize = 100'000;
  for (const std::string& unit : hostile_units()) {
    const BodyScan scan = Detectors().scan_body("{\"content\":\"" + repeated(unit, kSize) + "\"}");
    EXPECT_LE(scan.work, kAgain * kSize) << unit;
  }
}

}  // namespace
}  // namespace hearth::privacy
