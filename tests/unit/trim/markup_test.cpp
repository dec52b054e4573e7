#include "src/markup.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth::trim {
namespace {

std::string markdown(const std::string& body) {
  return page_to_markdown("<!DOCTYPE html><html><head><style>p { color: red }</style></head><body>" + body +
                          "<!-- a comment --><script>alert(1 < 2)</script></body></html>")
      .value_or("(as it was)");
}

TEST(MarkupTest, TextsAndHeadings) {
  EXPECT_EQ(markdown("<h1>One</h1><p>Two  <b>three</b>\n four &amp; &lt;five&gt; &eacute;</p><h2> Six</h2>7<br>8"),
            "# One\n\nTwo **three** four & <five> é\n\n## Six\n\n7\n8");
}

TEST(MarkupTest, LinksAndPictures) {
  EXPECT_EQ(markdown("<a href='/x?a=1&amp;b=2'>here</a> <a href='#top'>up</a> <a href='javascript:f()'>f</a>"
                     "<img src='a.png' alt='A cat'><img src='b.png'>"),
            "[here](/x?a=1&b=2) up f![A cat](a.png)");
}

TEST(MarkupTest, Lists) {
  EXPECT_EQ(markdown("<ul><li>a</li><li>b<ol><li>c</li><li>d</li></ol></li><li>e</li></ul><p>f</p>"),
            "- a\n- b\n  1. c\n  2. d\n- e\n\nf");
}

TEST(MarkupTest, Tables) {
  EXPECT_EQ(markdown("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td></td></tr></table>"),
            "| a | b |\n|-|-|\n| 1 |  |");
  EXPECT_EQ(markdown("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>"), "a\n\nb\nc");
}

TEST(MarkupTest, CodeStaysAsItIs) {
  EXPECT_EQ(markdown("<p>Use <code>x  y</code>:</p><pre><code>  if (a &lt; b)\n\n    <span>c</span>;\n</code></pre>z"),
            "Use `x y`:\n\n```\n  if (a < b)\n\n    c;\n```\n\nz");
}

TEST(MarkupTest, WhatIsNoPageStays) {
  for (const char* text : {"", "plain", "<p>a part of a page</p>", "<?xml version=\"1.0\"?><rss><item>x</item></rss>",
                           "vector<int> html;"})
    EXPECT_FALSE(page_to_markdown(text)) << text;
}

TEST(MarkupTest, WhatIsNestedTooDeeplyStays) {
  std::string deep = "<html><body>";
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  EXPECT_FALSE(page_to_markdown(deep + "x"));
  std::string tables = "<html><body>";
  for (int i = 0; i < 100'000; ++i) tables += "<table><tr><td>";
  EXPECT_FALSE(page_to_markdown(tables + "x"));
}

}  // namespace
}  // namespace hearth::trim
