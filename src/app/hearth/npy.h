// NumPy's .npy format, version 1.0: a header and the numbers.
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::tool {

// Always 128 bytes, whatever the counts, so that it can be written over when the number of rows is known.
// `<f4`, C order, shape (rows, columns).
std::string npy_header(std::uint64_t rows, std::uint64_t columns);
// Little-endian 32-bit floats.
std::string npy_row(const std::vector<float>& row);

}  // namespace hearth::tool
