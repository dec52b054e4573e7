// Aligned columns for people.
#pragma once

#include "terminal.h"

#include <string>
#include <vector>

namespace hearth::tool {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  bool shrink = false;  // may be cut when the terminal is too narrow
};

struct Cell {
  std::string text;
  Ink ink = Ink::plain;
  Cell(std::string t, Ink i = Ink::plain) : text(std::move(t)), ink(i) {}  // NOLINT: a cell is a text
  Cell(const char* t) : text(t) {}                                         // NOLINT
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns; what comes from elsewhere is made printable here.
  void add(std::vector<Cell> row);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  // Every line ends with a newline. `columns` 0: as wide as it needs (a pipe cuts nothing).
  [[nodiscard]] std::string render(std::size_t columns, bool colour) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t columns) const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace hearth::tool
