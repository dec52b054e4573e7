#include "table.h"

#include "text.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace hearth::ocr {
namespace {

constexpr double kCellGap = 1.4;    // in heights of the words beside it; justified prose stays below
constexpr double kRowGap = 2.6;     // in heights: rows further apart belong to different things
constexpr double kFilled = 0.6;     // least share of cells with something in them
constexpr double kShortCell = 2.5;  // words; a column of such cells is no prose
constexpr double kProseCell = 4.5;  // words; columns that are all like this are prose in columns

using Row = std::vector<const Segment*>;

struct Column {
  int x0;
  int x1;
};

double words_in(const Segment& segment) {
  double count = 0;
  for (const Word& w : segment.words)
    count += is_unspaced(first_letter(w.text)) ? static_cast<double>(letter_count(w.text)) / 2 : 1;
  return count;
}

std::vector<Row> rows_of(const std::vector<Segment>& segments) {
  std::vector<const Segment*> sorted;
  sorted.reserve(segments.size());
  for (const Segment& s : segments) sorted.push_back(&s);
  std::ranges::sort(sorted, {}, [](const Segment* s) { return std::pair(s->box.middle_y(), s->box.x0); });
  std::vector<Row> rows;
  for (const Segment* s : sorted) {
    const bool same = !rows.empty() && shared_height(rows.back().front()->box, s->box) >= 0.5;
    if (same) {
      rows.back().push_back(s);
    } else {
      rows.push_back({s});
    }
  }
  for (Row& row : rows) std::ranges::sort(row, {}, [](const Segment* s) { return s->box.x0; });
  return rows;
}

Box box_of(const Row& row) {
  Box box;
  for (const Segment* s : row) box = joined(box, s->box);
  return box;
}

// Segments that overlap from above share a column.
std::vector<Column> columns_of(std::vector<Row>::const_iterator first, std::vector<Row>::const_iterator last) {
  std::vector<Column> spans;
  for (auto row = first; row != last; ++row)
    for (const Segment* s : *row) spans.push_back({s->box.x0, s->box.x1});
  std::ranges::sort(spans, {}, &Column::x0);
  std::vector<Column> columns;
  for (const Column& s : spans) {
    if (!columns.empty() && s.x0 < columns.back().x1) {
      columns.back().x1 = std::max(columns.back().x1, s.x1);
    } else {
      columns.push_back(s);
    }
  }
  return columns;
}

std::size_t column_at(const std::vector<Column>& columns, const Segment& segment) {
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (segment.box.x0 < columns[c].x1) return c;
  return columns.size() - 1;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// The grid if these rows make a table one can be sure of.
std::optional<Table> table_from(std::vector<Row>::const_iterator first, std::vector<Row>::const_iterator last) {
  const std::vector<Column> columns = columns_of(first, last);
  const auto rows = static_cast<std::size_t>(last - first);
  if (columns.size() < 2 || rows < 2 || (rows < 3 && columns.size() < 3)) return std::nullopt;
  Table table;
  std::vector<std::vector<double>> words(columns.size());
  std::size_t filled = 0;
  for (auto row = first; row != last; ++row) {
    std::vector<const Segment*> cells(columns.size(), nullptr);
    for (const Segment* s : *row) {
      const std::size_t c = column_at(columns, *s);
      if (cells[c] != nullptr) return std::nullopt;
      cells[c] = s;
      words[c].push_back(words_in(*s));
      table.box = joined(table.box, s->box);
      ++filled;
    }
    table.rows.push_back(std::move(cells));
  }
  if (static_cast<double>(filled) < kFilled * static_cast<double>(rows * columns.size())) return std::nullopt;
  std::size_t narrow = 0;
  std::size_t wide = 0;
  for (const auto& column : words) {
    const double usual = median(column);
    if (usual <= kShortCell) ++narrow;
    if (usual >= kProseCell) ++wide;
  }
  if (narrow == 0 || wide > 1 || wide >= narrow + 1) return std::nullopt;
  const bool numbered_list = std::ranges::all_of(table.rows, [](const auto& cells) {
    return cells[0] == nullptr || list_marker(line_text(cells[0]->words)) != Marker::none;
  });
  if (numbered_list) return std::nullopt;
  return table;
}

std::string cell_text(const Segment* cell) {
  if (cell == nullptr) return {};
  std::string text = line_text(cell->words);
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

}  // namespace

std::vector<Segment> segments_of(const Lines& lines) {
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Word* before = nullptr;
    for (const Word& word : lines[i].words) {
      const double height = before == nullptr ? 0 : std::max(before->box.height(), word.box.height());
      const bool apart =
          before != nullptr && word.box.x0 - before->box.x1 > kCellGap * std::max(height, lines[i].height);
      if (before == nullptr || apart) segments.push_back({{}, {}, i});
      segments.back().words.push_back(word);
      segments.back().box = joined(segments.back().box, word.box);
      before = &word;
    }
  }
  return segments;
}

std::vector<Table> find_tables(const std::vector<Segment>& segments) {
  const std::vector<Row> rows = rows_of(segments);
  std::vector<Table> tables;
  for (auto first = rows.begin(); first != rows.end();) {
    // The longest run of rows from here that is a table; rows with one piece only may stand inside, not at its ends.
    auto best = first;
    std::optional<Table> found;
    auto last = first;
    while (last != rows.end()) {
      if (last != first) {
        const Box above = box_of(*std::prev(last));
        const Box here = box_of(*last);
        if (here.y0 - above.y1 > kRowGap * std::max(above.height(), here.height())) break;
      }
      if (first->size() < 2) break;
      ++last;
      if (std::prev(last)->size() < 2) {
        if (last != rows.end() && last->size() < 2) break;
        continue;
      }
      if (auto table = table_from(first, last)) {
        found = std::move(table);
        best = last;
      } else if (found) {
        break;
      }
    }
    if (found) {
      tables.push_back(std::move(*found));
      first = best;
    } else {
      ++first;
    }
  }
  return tables;
}

std::string table_text(const Table& table) {
  std::string text;
  for (const auto& row : table.rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += '\t';
      if (row[c] != nullptr) line += line_text(row[c]->words);
    }
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::string table_markdown(const Table& table) {
  std::string text;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    if (r > 0) text += '\n';
    text += '|';
    for (const Segment* cell : table.rows[r]) text += " " + cell_text(cell) + " |";
    if (r > 0) continue;
    text += "\n|";
    for (std::size_t c = 0; c < table.rows[r].size(); ++c) text += " --- |";
  }
  return text;
}

}  // namespace hearth::ocr
