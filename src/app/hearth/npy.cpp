#include "npy.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace hearth::tool {

static_assert(std::endian::native == std::endian::little, "npy rows are copied as they lie in memory");

std::string npy_header(std::uint64_t rows, std::uint64_t columns) {
  constexpr std::size_t kSize = 128;
  constexpr std::size_t kBeforeText = 10;
  std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  text.resize(kSize - kBeforeText - 1, ' ');
  text += '\n';
  std::string out = "\x93NUMPY";
  out += '\x01';
  out += '\x00';
  out += static_cast<char>(kSize - kBeforeText);
  out += '\x00';
  return out + text;
}

std::string npy_row(const std::vector<float>& row) {
  std::string out(row.size() * sizeof(float), '\0');
  std::memcpy(out.data(), row.data(), out.size());
  return out;
}

}  // namespace hearth::tool
