#include "table.h"

#include "support/tiny_table.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>

namespace hearth::embed {
namespace {

using test::AlignedBytes;
using test::tiny_table;
using testing::HasSubstr;

SectionSpan& span_of(AlignedBytes& table, Section s) {
  return table.header().sections[static_cast<std::size_t>(s)];
}

template <typename T>
T* data_of(AlignedBytes& table, Section s) {
  return reinterpret_cast<T*>(table.bytes().data() + span_of(table, s).offset);
}

TEST(Table, ReadsASoundOne) {
  AlignedBytes bytes = tiny_table();
  const auto table = TableView::parse(bytes.bytes());
  ASSERT_TRUE(table) << table.error().describe();
  EXPECT_EQ(table->rows(), 7U);
  EXPECT_EQ(table->dims(), 8U);
  EXPECT_EQ(table->model(), "tiny");
  EXPECT_EQ(table->token(test::kEen), "##een");
  EXPECT_EQ(table->weights(test::kGr)[3], 1);
  EXPECT_FLOAT_EQ(table->scale(test::kGr), 4.0F);
}

TEST(Table, RefusesEveryTruncation) {
  AlignedBytes whole = tiny_table();
  const std::size_t size = whole.bytes().size();
  for (std::size_t length = 0; length < size; length += length < 600 ? 1 : 997) {
    AlignedBytes cut = tiny_table();
    cut.truncate(length);
    EXPECT_FALSE(TableView::parse(cut.bytes())) << length;
  }
}

TEST(Table, RefusesAChangedByteByItsChecksum) {
  AlignedBytes whole = tiny_table();
  for (std::size_t at = kChecksumEnd; at < whole.bytes().size(); at += 1013) {
    AlignedBytes changed = tiny_table();
    changed.bytes()[at] ^= std::byte{0x10};
    EXPECT_FALSE(TableView::parse(changed.bytes())) << at;
  }
  AlignedBytes changed = tiny_table();
  changed.bytes().back() ^= std::byte{1};
  const auto table = TableView::parse(changed.bytes());
  ASSERT_FALSE(table);
  EXPECT_TRUE(table.error().is(Errc::corrupt));
  EXPECT_THAT(table.error().describe(), HasSubstr("checksum"));
}

struct Damage {
  const char* reason;
  std::function<void(AlignedBytes&)> spoil;
};

// With a checksum that fits: what a writer with a bug, or somebody on purpose, could produce.
TEST(Table, RefusesWhatALookupCouldStumbleOver) {
  const std::vector<Damage> damages{
      {"begin like", [](AlignedBytes& t) { t.header().magic[0] = 'X'; }},
      {"format 2", [](AlignedBytes& t) { t.header().version = 2; }},
      {"should have", [](AlignedBytes& t) { t.header().file_bytes += 1; }},
      {"0 rows", [](AlignedBytes& t) { t.header().rows = 0; }},
      {"65535 rows", [](AlignedBytes& t) { t.header().rows = 65535; }},
      {"weights and scales", [](AlignedBytes& t) { t.header().rows = 8; }},
      {"dimensions", [](AlignedBytes& t) { t.header().dims = 0; }},
      {"dimensions", [](AlignedBytes& t) { t.header().dims = 0x10000; }},
      {"unknown token", [](AlignedBytes& t) { t.header().unknown_row = 7; }},
      {"longest word", [](AlignedBytes& t) { t.header().max_word_chars = 1001; }},
      {"name", [](AlignedBytes& t) { t.header().model.fill('x'); }},
      {"section weights", [](AlignedBytes& t) { span_of(t, Section::weights).offset = 0; }},
      {"section weights", [](AlignedBytes& t) { span_of(t, Section::weights).offset += 4; }},
      {"section strings", [](AlignedBytes& t) { span_of(t, Section::strings).bytes = 0xFFFFFFFF; }},
      {"section strings", [](AlignedBytes& t) { span_of(t, Section::strings).offset = 0xFFFFFFC0; }},
      {"section scales", [](AlignedBytes& t) { span_of(t, Section::scales).bytes -= 1; }},
      {"weights and scales", [](AlignedBytes& t) { span_of(t, Section::scales).bytes -= 4; }},
      {"scale is out of range", [](AlignedBytes& t) { data_of<float>(t, Section::scales)[2] = std::nanf(""); }},
      {"scale is out of range",
       [](AlignedBytes& t) { data_of<float>(t, Section::scales)[0] = std::numeric_limits<float>::infinity(); }},
      {"scale is out of range", [](AlignedBytes& t) { data_of<float>(t, Section::scales)[0] = 1e-40F; }},
      {"trie's size", [](AlignedBytes& t) { span_of(t, Section::trie_units).bytes -= 4; }},
      {"trie's size", [](AlignedBytes& t) { span_of(t, Section::trie_values).bytes -= 2; }},
      {"trie points", [](AlignedBytes& t) { data_of<std::uint32_t>(t, Section::trie_units)[256] = 0xFFFFFF00; }},
      {"trie's first", [](AlignedBytes& t) { data_of<std::uint32_t>(t, Section::trie_units)[0] = 'a'; }},
      {"trie names", [](AlignedBytes& t) { data_of<std::uint16_t>(t, Section::trie_values)[300] = 7; }},
      {"map's size", [](AlignedBytes& t) { span_of(t, Section::char_index).bytes -= 2; }},
      {"map's size", [](AlignedBytes& t) { span_of(t, Section::char_pages).bytes -= 2; }},
      {"map points", [](AlignedBytes& t) { data_of<std::uint16_t>(t, Section::char_index)[17407] = 3; }},
      {"map names", [](AlignedBytes& t) { data_of<std::uint16_t>(t, Section::char_pages)[5] = 0xFFFF; }},
      {"record", [](AlignedBytes& t) { data_of<CharRecord>(t, Section::char_records)[0].bytes = 13; }},
      {"record", [](AlignedBytes& t) { data_of<CharRecord>(t, Section::char_records)[0].chars = 0; }},
      {"offsets", [](AlignedBytes& t) { data_of<std::uint32_t>(t, Section::string_offsets)[3] = 1000; }},
      {"offsets", [](AlignedBytes& t) { data_of<std::uint32_t>(t, Section::string_offsets)[7] = 1000; }},
  };
  for (const Damage& damage : damages) {
    AlignedBytes bytes = tiny_table();
    damage.spoil(bytes);
    bytes.seal();
    const auto table = TableView::parse(bytes.bytes());
    ASSERT_FALSE(table) << damage.reason;
    EXPECT_TRUE(table.error().is(Errc::corrupt));
    EXPECT_THAT(table.error().describe(), HasSubstr(damage.reason));
  }
}

TEST(Table, SaysWhichFileIsMissingOrDamaged) {
  const auto missing = Table::open(testing::TempDir() + "no-such-table.bin");
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is(Errc::not_found));

  const std::string path = testing::TempDir() + "short-table.bin";
  std::ofstream(path) << "HEMBTAB";
  const auto damaged = Table::open(path);
  ASSERT_FALSE(damaged);
  EXPECT_TRUE(damaged.error().is(Errc::corrupt));
  EXPECT_THAT(damaged.error().describe(), HasSubstr("short-table.bin"));

  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_TRUE(Table::open(path).error().is(Errc::corrupt));
  EXPECT_TRUE(Table::open(testing::TempDir()).error().is(Errc::corrupt));
}

}  // namespace
}  // namespace hearth::embed
