#include "src/origin.h"

#include <gtest/gtest.h>

namespace hearth::trim {
namespace {

TEST(OriginTest, WhatIsReadToBeEditedStaysAsItIs) {
  for (const auto& [name, arguments] : std::initializer_list<std::pair<const char*, const char*>>{
           {"read_file", R"({"path":"a.json"})"},
           {"Read", R"({"file_path":"a"})"},
           {"mcp__fs__readTextFile", R"({"path":"a"})"},
           {"str_replace_based_edit_tool", R"({"command":"view"})"},
           {"bash", R"({"command":"cat package.json"})"},
           {"bash", R"({"command":"cat a.json | head -20"})"},
           {"bash", R"({"command":"cd x\ncat b"})"},
           {"bash", R"({"command":"test -e a || cat b"})"},
           {"bash", R"({"command":"git diff HEAD~1"})"},
           {"bash", R"({"command":"git log -p -n 2"})"},
           {"bash", R"({"command":"git show HEAD:a.txt"})"},
           {"shell", R"({"command":["sed","-n","1,20p","x.c"]})"},
           {"get_html", R"({"url":"https://example.org"})"},
           {"", ""}})
    EXPECT_EQ(origin_of({name, arguments}), Origin::verbatim) << name;
}

TEST(OriginTest, WhatIsReadToBeKnownMayChange) {
  EXPECT_EQ(origin_of({"fetch_url", R"({"url":"https://example.org/a"})"}), Origin::page);
  EXPECT_EQ(origin_of({"WebFetch", R"({"url":"https://example.org/a","prompt":"what"})"}), Origin::page);
  EXPECT_EQ(origin_of({"bash", R"({"command":"curl -s https://example.org"})"}), Origin::page);
  EXPECT_EQ(origin_of({"bash", R"({"command":"cat /var/log/syslog"})"}), Origin::log);
  EXPECT_EQ(origin_of({"bash", R"({"command":"make -j2"})"}), Origin::report);
  EXPECT_EQ(origin_of({"bash", R"({"command":"ps aux | head -20"})"}), Origin::report);
  EXPECT_EQ(origin_of({"bash", R"({"command":"ip addr show"})"}), Origin::report);
  EXPECT_EQ(origin_of({"bash", R"({"command":"git log --stat"})"}), Origin::report);
  EXPECT_EQ(origin_of({"list_files", R"({"path":"."})"}), Origin::report);
  EXPECT_EQ(origin_of({"searchFiles", R"({"pattern":"x"})"}), Origin::report);
}

TEST(OriginTest, OnesOwnPagesAreLookedAtByTheirMaker) {
  EXPECT_EQ(origin_of({"bash", R"({"command":"curl -s http://localhost:3000/"})"}), Origin::report);
  EXPECT_EQ(origin_of({"fetch", R"({"url":"http://127.0.0.1:8080/"})"}), Origin::report);
}

}  // namespace
}  // namespace hearth::trim
