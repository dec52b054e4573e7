#include <hearth/core/log.h>
#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hearth {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  log::append_json_string(out, text);
  return out;
}

TEST(Log, EscapesWhatJsonForbids) {
  EXPECT_EQ(escaped("a\"b\\c\n\t\r"), R"("a\"b\\c\n\t\r")");
  EXPECT_EQ(escaped(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(escaped("\u00fc\u4f60"), "\"\u00fc\u4f60\"");
  EXPECT_EQ(escaped("a\xFF\xC3("), "\"a\uFFFD\uFFFD(\"");
}

TEST(Log, AnyBytesBecomeAJsonStringThatParses) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 256);
    const std::string json = escaped(bytes);
    boost::system::error_code ec;
    const auto value = boost::json::parse(json, ec);
    ASSERT_FALSE(ec) << json;
    if (is_utf8(bytes)) {
      EXPECT_EQ(value.as_string(), bytes);
    }
  }
}

TEST(Log, ALineIsOneJsonObjectInTheRing) {
  log::init(log::Level::info, log::Format::json);
  const auto before = log::recent(0, 1);
  const std::uint64_t seq = before.empty() ? 0 : before.back().seq;
  log::info("core.test", "two\nlines", {{"path", "/a\"b"}, {"n", 3}, {"ok", true}, {"ratio", 0.5}});
  log::debug("core.test", "not written");
  const auto lines = log::recent(seq, 10);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].json.find('\n'), std::string::npos);
  const auto object = boost::json::parse(lines[0].json).as_object();
  EXPECT_EQ(object.at("level").as_string(), "info");
  EXPECT_EQ(object.at("room").as_string(), "core.test");
  EXPECT_EQ(object.at("msg").as_string(), "two\nlines");
  EXPECT_EQ(object.at("path").as_string(), "/a\"b");
  EXPECT_EQ(object.at("n").as_int64(), 3);
  EXPECT_TRUE(object.at("ok").as_bool());
  EXPECT_EQ(object.at("ratio").as_double(), 0.5);
}

TEST(Log, TheNewestLinesAreKeptAndAHugeFieldIsCut) {
  log::init(log::Level::info, log::Format::json);
  log::info("core.test", "first");
  log::info("core.test", "second", {{"field", std::string(100'000, 'x')}});
  const auto lines = log::recent(0, 1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].json.find("second"), std::string::npos);
  EXPECT_LT(lines[0].json.size(), 20'000U);
  boost::system::error_code ec;
  boost::json::parse(lines[0].json, ec);
  EXPECT_FALSE(ec);
}

TEST(Log, LevelsHaveNames) {
  for (const auto level : {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error})
    EXPECT_EQ(log::parse_level(log::to_string(level), log::Level::info), level);
  EXPECT_EQ(log::parse_level("loud", log::Level::warn), log::Level::warn);
}

}  // namespace
}  // namespace hearth
