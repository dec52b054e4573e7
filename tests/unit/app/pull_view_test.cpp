#include "pull_view.h"

#include "terminal.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

void tell(PullView& view, std::string_view text) {
  const auto event = json::parse(text);
  ASSERT_TRUE(event);
  view.take(*event);
}

TEST(PullView, ABarForEachFile) {
  PullView view;
  tell(view, R"({"event":"resolving","model":"tiny"})");
  ASSERT_EQ(view.lines(100).size(), 1U);
  tell(
      view,
      R"({"event":"resolved","model":"tiny","total":300,"files":[{"name":"a.gguf","bytes":200},{"name":"b.gguf","bytes":100}]})");
  tell(view, R"({"event":"progress","model":"tiny","file":"a.gguf","done":100,"total":200})");
  tell(view, R"({"event":"verifying","model":"tiny","file":"b.gguf"})");
  const auto lines = view.lines(100);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("a.gguf"), std::string::npos);
  EXPECT_NE(lines[0].find(" 50 %"), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find("checking"), std::string::npos) << lines[1];
  for (const std::string& line : view.lines(40)) EXPECT_LT(display_width(line), 40U);
}

TEST(PullView, TroubleIsShownAndForgotten) {
  PullView view;
  tell(view, R"({"event":"retrying","model":"tiny","file":"a","message":"the server is away","seconds":2.0})");
  EXPECT_EQ(view.lines(100).back(), "the server is away; trying again in 2 s");
  tell(view, R"({"event":"progress","model":"tiny","file":"a","done":1,"total":0})");
  ASSERT_EQ(view.lines(100).size(), 1U);
}

TEST(PullView, Endings) {
  PullView good;
  tell(
      good,
      R"({"event":"installed","model":"tiny","was_there":false,"task":"chat","bytes":1024,"licence":"cc-by-nc-4.0","commercial":false})");
  EXPECT_NE(good.ending().find("tiny is installed: chat, 1.0 KiB, licence cc-by-nc-4.0."), std::string::npos)
      << good.ending();
  EXPECT_NE(good.ending().find("commercial use"), std::string::npos);
  EXPECT_FALSE(good.failure());
  PullView there;
  tell(there, R"({"event":"installed","model":"tiny","was_there":true})");
  EXPECT_EQ(there.ending(), "tiny was installed already.");
  PullView bad;
  tell(bad, R"({"event":"failed","model":"tiny","code":"resource_exhausted","message":"the disk is full"})");
  ASSERT_TRUE(bad.failure());
  EXPECT_TRUE(bad.failure()->is(Errc::resource_exhausted));
}

TEST(PullView, WhatComesFromElsewhereCannotPaintTheTerminal) {
  PullView view;
  tell(view, R"({"event":"progress","model":"x","file":"a\u001b[2Jb","done":1,"total":2})");
  EXPECT_EQ(view.lines(100)[0].find('\033'), std::string::npos);
}

}  // namespace
}  // namespace hearth::tool
