#include <hearth/gateway/call_log.h>

#include <gtest/gtest.h>

namespace hearth::gateway {
namespace {

std::string ids(const std::vector<CallStory>& stories) {
  std::string ids;
  for (const CallStory& story : stories) ids += story.id;
  return ids;
}

TEST(CallLog, KeepsTheLastOnes) {
  CallLog log(3);
  EXPECT_EQ(ids(log.last(10)), "");
  std::string newest_first;
  for (const char id : std::string("abcdefg")) {
    CallStory story;
    story.id = id;
    log.add(story);
    newest_first = (id + newest_first).substr(0, 3);
    EXPECT_EQ(ids(log.last(10)), newest_first);
    EXPECT_EQ(ids(log.last(2)), newest_first.substr(0, 2));
  }
  EXPECT_TRUE(log.find("e"));
  EXPECT_FALSE(log.find("d"));
}

}  // namespace
}  // namespace hearth::gateway
