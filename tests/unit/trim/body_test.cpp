#include "src/body.h"

#include "conversations.h"

#include <gtest/gtest.h>

namespace hearth::trim {
namespace {

std::optional<Body> read(std::string_view body) {
  std::string padded(body);
  padded.reserve(padded.size() + kPadding);
  return read_body(padded);
}

TEST(BodyTest, TextsAreFoundInBothDialects) {
  const std::string theirs =
      R"({"messages":[{"content":[{"type":"text","text":"ask"}],"role":"user"},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"t1","name":"ls","input":{"a" : 1}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"said"},{"type":"image"}],"tool_use_id":"t1"},{"type":"tool_result","tool_use_id":"t2","content":"more"}]}]})";
  const auto body = read(theirs);
  ASSERT_TRUE(body);
  ASSERT_EQ(body->texts.size(), 3U);
  const auto token = [&](std::size_t i) {
    return theirs.substr(body->texts[i].token.offset, body->texts[i].token.length);
  };
  EXPECT_EQ(token(0), R"("ask")");
  EXPECT_EQ(body->texts[0].speaker, Speaker::user);
  EXPECT_EQ(token(1), R"("said")");
  ASSERT_TRUE(body->texts[1].call);
  EXPECT_EQ(body->texts[1].call->name, "ls");
  EXPECT_EQ(body->texts[1].call->arguments, R"({"a" : 1})");
  ASSERT_TRUE(body->texts[1].block_end);
  EXPECT_EQ(theirs.substr(*body->texts[1].block_end, 2), ",{");
  EXPECT_EQ(token(2), R"("more")");
  EXPECT_FALSE(body->texts[2].call);
  EXPECT_FALSE(body->texts[2].block_end);
  EXPECT_EQ(body->messages.size(), 3U);
  EXPECT_TRUE(body->answered && body->called);
}

TEST(BodyTest, WhatCanBeReadInTwoWaysIsNotRead) {
  EXPECT_FALSE(read(R"({"messages":[{"role":"tool","role":"user","content":"a"}]})"));
  EXPECT_FALSE(read(R"({"messages":[],"messages":[]})"));
  EXPECT_FALSE(read(R"({"messages":[{"role":"tool","content":"a"}])"));
  EXPECT_FALSE(read(R"([])"));
  EXPECT_FALSE(read(""));
}

TEST(BodyTest, FieldsHaveTheirPlaces) {
  const std::string text = "{ \"a\" : 1 , \"messages\" : [ ] ,\"b\":\"x,}\" } ";
  const auto body = read(text);
  ASSERT_TRUE(body);
  ASSERT_EQ(body->fields.size(), 3U);
  EXPECT_EQ(text.substr(body->fields[0].span.offset, body->fields[0].span.length), "\"a\" : 1");
  EXPECT_EQ(text.substr(body->fields[1].span.offset, body->fields[1].span.length), "\"messages\" : [ ]");
  EXPECT_EQ(text.substr(body->fields[2].span.offset, body->fields[2].span.length), "\"b\":\"x,}\"");
}

}  // namespace
}  // namespace hearth::trim
