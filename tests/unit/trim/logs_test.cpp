#include "src/logs.h"

#include "conversations.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::trim {
namespace {

TEST(LogsTest, OfARunTheFirstAndTheLastRemain) {
  const std::string text = "begin\n" + log_lines(40) + "end";
  const auto folded = fold_logs(text);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->starts_with("begin\n2026-11-27T18:00:00.000Z info"));
  EXPECT_TRUE(folded->contains("\n[38 more lines like this, with other numbers, until:]\n2026-11-27T18:00:39"));
  EXPECT_TRUE(folded->ends_with("\nend"));
  EXPECT_EQ(std::ranges::count(*folded, '\n'), 4);
}

TEST(LogsTest, GroupsOfLinesAreFolded) {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += fmt::format("12:00:{:02} worker {} began the job\n12:00:{:02} worker {} finished the job\n", i, i, i, i);
  const auto folded = fold_logs(text);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->contains("[36 more lines like these 2, with other numbers, until:]")) << *folded;
}

TEST(LogsTest, TroubleStays) {
  std::string text = log_lines(10);
  text += "2026-11-27T19:00:00Z info request served GET /x 200 in 1 us: connection refused\n";
  text += log_lines(10);
  const auto folded = fold_logs(text);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->contains("connection refused"));
  EXPECT_FALSE(fold_logs(log_lines(40, "failed with error 5")));
}

TEST(LogsTest, StatusesAreToldApart) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += fmt::format("10.0.0.{} - - [27/Nov/2026:18:00:{:02} +0000] \"GET /page HTTP/1.1\" {} {}\n", i, i,
                        i == 20 ? 503 : 200, 1000 + i);
  const auto folded = fold_logs(text);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->contains("\" 503 1020"));
}

TEST(LogsTest, StatusesInJsonAreToldApart) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += fmt::format("{{\"time\":\"2026-11-27T18:00:{:02}Z\",\"msg\":\"request\",\"status\":{},\"ms\":{}.5}}\n", i,
                        i == 20 ? 404 : 200, i);
  const auto folded = fold_logs(text);
  ASSERT_TRUE(folded);
  EXPECT_TRUE(folded->contains("\"status\":404"));
}

TEST(LogsTest, WhatIsNoLogStays) {
  std::string numbers;
  std::string prose;
  std::string series;
  for (int i = 0; i < 40; ++i) {
    numbers += fmt::format("{},{},{}\n", i, i * 3, i * 7);
    prose += fmt::format("entry number {} of the list\n", i);
    series += fmt::format("2026-11-27T18:00:{:02}Z,{}.5,{}\n", i, i, i * 7);
  }
  EXPECT_FALSE(fold_logs(numbers));
  EXPECT_FALSE(fold_logs(prose));
  EXPECT_FALSE(fold_logs(series));
}

RC_GTEST_PROP(LogsProperty, TwiceIsOnceAndItIsShorter, ()) {
  const std::string text = any_text() + log_lines(*rc::gen::inRange<std::size_t>(0, 20)) + any_text();
  const auto once = fold_logs(text);
  if (!once) return;
  RC_ASSERT(once->size() < text.size());
  RC_ASSERT(!fold_logs(*once));
}

}  // namespace
}  // namespace hearth::trim
