// Finds tables without rules: rows of short pieces of text that stand under each other. Pure.
#pragma once

#include "page.h"

#include <cstddef>
#include <vector>

namespace hearth::ocr {

// A run of words without a wide gap: a cell, or a whole line of prose.
struct Segment {
  std::vector<Word> words;
  Box box;
  std::size_t line = 0;  // index of the line it came from
};

struct Table {
  // rows[r][c]: nullptr for an empty cell. Pointers into the segments given.
  std::vector<std::vector<const Segment*>> rows;
  Box box;
};

std::vector<Segment> segments_of(const Lines& lines);
// Tables of at least three rows and two columns (or two rows and three columns); prose in columns is none.
std::vector<Table> find_tables(const std::vector<Segment>& segments);
std::string table_text(const Table& table);
std::string table_markdown(const Table& table);

}  // namespace hearth::ocr
