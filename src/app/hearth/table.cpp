#include "table.h"

#include <algorithm>

namespace hearth::tool {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeast = 8;  // a column that may shrink keeps this many

void append_cell(std::string& line, const Cell& cell, const Column& column, std::size_t width, bool last, bool colour) {
  const std::string text = cut(cell.text, width);
  const std::string padding(width - display_width(text), ' ');
  if (column.align == Align::right) line += padding;
  line += paint(text, cell.ink, colour);
  if (last) return;
  if (column.align == Align::left) line += padding;
  line += std::string(kGap, ' ');
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = printable(cell.text);
  row.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(std::size_t columns) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    out.push_back(width);
  }
  std::size_t total = kGap * (out.empty() ? 0 : out.size() - 1);
  for (const std::size_t w : out) total += w;
  // The widest column that may shrink gives up one at a time.
  while (columns > 0 && total > columns) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (columns_[i].shrink && out[i] > kLeast && (widest == nullptr || out[i] > *widest)) widest = &out[i];
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return out;
}

std::string Table::render(std::size_t columns, bool colour) const {
  const std::vector<std::size_t> width = widths(columns);
  std::string out;
  const auto append_row = [&](auto&& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      append_cell(line, cell_of(i), columns_[i], width[i], i + 1 == columns_.size(), colour);
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  append_row([&](std::size_t i) { return Cell(columns_[i].title, Ink::dim); });
  for (const auto& row : rows_) append_row([&](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace hearth::tool
