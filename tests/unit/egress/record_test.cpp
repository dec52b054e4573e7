#include "any_record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::egress {
namespace {

RC_GTEST_PROP(Record, ComesBackAsItWas, ()) {
  const Record record{leaf_hash("before"), *any_entry()};
  const auto entry = encode(record.entry);
  RC_ASSERT(entry.has_value());
  const auto again = decode(join(record.previous, *entry));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == record);
}

// There is one way to write a record: whatever else can be read would be a second.
RC_GTEST_PROP(Record, WhatCanBeReadIsWrittenTheSameWay, ()) {
  std::string text = join(leaf_hash("before"), encode(*any_entry()).value());
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      text[at] = *rc::gen::arbitrary<char>();
      break;
    case 1:
      text.insert(at, 1, *rc::gen::elementOf(std::string("\"\\ 0,}{:u")));
      break;
    default:
      text.erase(at, 1);
  }
  const auto read = decode(text);
  if (!read) return;
  RC_ASSERT(join(read->previous, encode(read->entry).value()) == text);
}

TEST(Record, LooksLikeThis) {
  Begin begin;
  begin.time = WallTime(std::chrono::milliseconds(1'700'000'000'123));
  begin.call = "req_1";
  begin.who = "key_\"a\"\n";
  begin.data_class = DataClass::internal;
  begin.rule = "clouds";
  begin.destination = "api.example.com:443";
  begin.upstream = "example";
  begin.model = "模型";
  begin.bytes = 12;
  EXPECT_EQ(join({}, encode(begin).value()),
            R"({"v":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","kind":"begin",)"
            R"("time":1700000000123,"call":"req_1","who":"key_\"a\"\u000a","class":"internal","rule":"clouds",)"
            R"("purpose":"provider","to":"api.example.com:443","upstream":"example","model":"模型","bytes":12,)"
            R"("sha256":""})");
}

TEST(Record, WhatCannotBeWrittenIsRefused) {
  Begin begin;
  begin.model = std::string(kMaxText + 1, 'm');
  EXPECT_FALSE(encode(begin));
  begin.model = "\xFF";
  EXPECT_FALSE(encode(begin));
  begin.model = "m";
  begin.sha256 = "12";
  EXPECT_FALSE(encode(begin));
  begin.sha256.clear();
  begin.bytes = ~std::uint64_t{0};
  EXPECT_FALSE(encode(begin));
  begin.bytes = 1;
  begin.time = WallTime(std::chrono::seconds(-1));
  EXPECT_FALSE(encode(begin));
  begin.time = WallTime();
  EXPECT_TRUE(encode(begin));
}

RC_GTEST_PROP(Record, WhatIsSeenToBeWritableIsWritten, ()) {
  const auto number = rc::gen::oneOf(any_number(), rc::gen::arbitrary<std::uint64_t>());
  const auto milliseconds = *rc::gen::inRange<std::int64_t>(-1'000, 9'000'000'001'000);
  Complete complete;
  complete.time = WallTime(std::chrono::milliseconds(milliseconds));
  complete.sent = *number;
  complete.received = *number;
  complete.tokens_in = *number;
  complete.tokens_out = *number;
  RC_ASSERT(is_writable(complete) == encode(complete).has_value());
}

}  // namespace
}  // namespace hearth::egress
