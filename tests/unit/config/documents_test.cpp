#include "src/documents.h"

#include <hearth/config/config.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace hearth::config {
namespace {

using testing::HasSubstr;

TEST(Documents, EveryKeyIsDocumented) {
  const auto docs = documentation();
  EXPECT_GT(docs.size(), 25U);
  const std::string markdown = reference_markdown();
  for (const KeyDoc& doc : docs) {
    EXPECT_FALSE(doc.type.empty() || doc.fallback.empty() || doc.meaning.empty()) << doc.key;
    EXPECT_EQ(doc.meaning.back(), '.') << doc.key;
    EXPECT_THAT(markdown, HasSubstr("`" + doc.key + "`"));
  }
}

TEST(Documents, TheSampleIsValidAndChangesNothing) {
  const auto config = parse(sample_yaml(), "sample");
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(render(*config), render(Config{}));
}

TEST(Documents, TheSamplesCommentedKeysAreTheDefaults) {
  std::istringstream in(sample_yaml());
  std::string yaml;
  int keys = 0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t hash = line.find('#');
    const bool is_key =
        hash != std::string::npos && hash == 2 && line.size() > 3 && line[3] != ' ' && !line.ends_with(':');
    if (is_key) {
      line.erase(hash, 1);
      ++keys;
    }
    yaml += line + "\n";
  }
  EXPECT_GT(keys, 15);
  const auto config = parse(yaml, "sample");
  ASSERT_TRUE(config) << config.error().describe() << yaml;
  EXPECT_EQ(render(*config), render(Config{}));
}

}  // namespace
}  // namespace hearth::config
