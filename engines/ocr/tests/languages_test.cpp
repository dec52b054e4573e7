#include "languages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hearth::ocr {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> parsed(std::string_view text) {
  auto names = parse_languages(text);
  return names ? *names : std::vector<std::string>{names.error().message()};
}

TEST(Languages, AreSplitAtPlusAndComma) {
  EXPECT_THAT(parsed("eng"), ElementsAre("eng"));
  EXPECT_THAT(parsed("eng+chi_sim"), ElementsAre("eng", "chi_sim"));
  EXPECT_THAT(parsed("eng,deu"), ElementsAre("eng", "deu"));
  EXPECT_THAT(parsed("eng+eng"), ElementsAre("eng"));
}

TEST(Languages, IsoCodesAreUnderstood) {
  EXPECT_THAT(parsed("en+zh-CN+de"), ElementsAre("eng", "chi_sim", "deu"));
}

TEST(Languages, NothingElsePasses) {
  for (const char* text : {"", "+", "eng+", "../../etc/passwd", "eng;rm", "ab/cd", "a b\n", "\xff", "eng++deu",
                           "abcdefghijklmnopqrstuvwxyz", "a+b+c+d+e+f+g"}) {
    const auto names = parse_languages(text);
    ASSERT_FALSE(names) << text;
    EXPECT_TRUE(names.error().is(Errc::invalid_argument));
  }
}

TEST(Languages, PackagesAreNamedAsDebianNamesThem) {
  EXPECT_EQ(package_of("chi_sim"), "tesseract-ocr-chi-sim");
  EXPECT_EQ(package_of("deu"), "tesseract-ocr-deu");
}

TEST(Languages, WhatIsInstalledIsWhatLiesInTheFolder) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "hearth_ocr_tessdata";
  std::filesystem::create_directories(folder);
  for (const char* name : {"eng.traineddata", "osd.traineddata", "deu.traineddata", "readme.txt"})
    std::ofstream(folder / name) << "x";
  EXPECT_THAT(installed_languages(folder), ElementsAre("deu", "eng"));
  EXPECT_TRUE(is_installed(folder, "deu"));
  EXPECT_FALSE(is_installed(folder, "osd"));
  EXPECT_FALSE(is_installed(folder, "fra"));
  EXPECT_FALSE(is_installed(folder, "../hearth_ocr_tessdata/eng"));
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(installed_languages(folder).empty());
}

}  // namespace
}  // namespace hearth::ocr
