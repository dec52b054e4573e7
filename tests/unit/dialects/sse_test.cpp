#include "sse_reference.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

std::vector<SseEvent> events_of(std::string_view text) {
  return parse_stream_pieces({text}, 1000).events;
}

TEST(Sse, reads_events_with_every_line_end) {
  for (const std::string_view text : {"data: a\ndata:b\n\n", "data: a\rdata:b\r\r", "data: a\r\ndata:b\r\n\r\n"}) {
    ASSERT_EQ(events_of(text).size(), 1U) << text;
    EXPECT_EQ(events_of(text)[0], (SseEvent{"message", "a\nb", ""}));
  }
}

TEST(Sse, reads_type_and_id_and_skips_comments_and_unknown_fields) {
  const auto events = events_of(": ping\n\nevent: delta\nid: 7\nwhat: x\ndata:  two spaces\n\ndata\n\n");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0], (SseEvent{"delta", " two spaces", "7"}));
  EXPECT_EQ(events[1], (SseEvent{"message", "", "7"}));
}

TEST(Sse, skips_a_byte_order_mark_once) {
  ASSERT_EQ(events_of("\xEF\xBB\xBF"
                      "data: x\n\n")
                .size(),
            1U);
  EXPECT_TRUE(events_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                        "data: x\n\n")
                  .empty());
}

TEST(Sse, an_event_without_data_is_none) {
  EXPECT_TRUE(events_of("event: x\n\nid: 3\n\n").empty());
}

TEST(Sse, knows_when_the_stream_was_cut) {
  SseParser parser;
  parser.feed("data: x\n\n");
  ASSERT_TRUE(parser.next()->has_value());
  ASSERT_FALSE(parser.next()->has_value());
  EXPECT_FALSE(parser.has_partial());
  parser.feed("data: half");
  ASSERT_FALSE(parser.next()->has_value());
  EXPECT_TRUE(parser.has_partial());
}

TEST(Sse, keeps_the_retry_value) {
  SseParser parser;
  parser.feed("retry: 1500\nretry: soon\n\n");
  ASSERT_FALSE(parser.next()->has_value());
  EXPECT_EQ(parser.retry_ms(), 1500);
}

TEST(Sse, bounds_an_event) {
  SseParser parser(10);
  parser.feed("data: 0123456789012345\n\n");
  auto event = parser.next();
  ASSERT_FALSE(event.has_value());
  EXPECT_TRUE(event.error().is(Errc::too_large));
  parser.feed("data: x\n\n");
  EXPECT_FALSE(parser.next().has_value());
}

TEST(Sse, comments_do_not_add_up) {
  SseParser parser(32);
  for (int i = 0; i < 100; ++i) {
    parser.feed(": still here\n");
    ASSERT_TRUE(parser.next().has_value());
  }
}

TEST(Sse, encodes_what_it_decodes) {
  EXPECT_EQ(encode_sse("{}"), "data: {}\n\n");
  EXPECT_EQ(encode_sse("a\r\nb\rc", "note"), "event: note\ndata: a\ndata: b\ndata: c\n\n");
  const auto events = events_of(encode_sse("a\n\nb", "t"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0], (SseEvent{"t", "a\n\nb", ""}));
}

// A stream made of the bytes that matter, cut anywhere.
RC_GTEST_PROP(Sse, any_split_gives_the_same_events, ()) {
  const auto tokens = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "data: ", "data", ":", "event: x", "id: 1", "\r", "\n", "\r\n", "\n\n", "é", "\xEF\xBB\xBF", " ", "abc"));
  std::string text;
  for (const auto& token : tokens) text += token;
  std::vector<std::string_view> pieces;
  for (std::string_view rest = text; !rest.empty();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    pieces.push_back(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  const WholeStream whole = parse_whole_stream(text, 40);
  RC_ASSERT(parse_stream_pieces({text}, 40) == whole);
  RC_ASSERT(parse_stream_pieces(pieces, 40) == whole);
}

}  // namespace
}  // namespace hearth::dialects
