#include "npy.h"

#include <gtest/gtest.h>

#include <cstring>

namespace hearth::tool {
namespace {

TEST(NpyHeader, HasTheFixedSizeThatTheFormatWants) {
  for (const std::uint64_t rows : {0ULL, 1ULL, 1'000'000ULL, 18'446'744'073'709'551'615ULL}) {
    const std::string header = npy_header(rows, 256);
    ASSERT_EQ(header.size(), 128U);
    EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    EXPECT_EQ(static_cast<unsigned char>(header[8]) + 256 * static_cast<unsigned char>(header[9]), 118);
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST(NpyHeader, SaysTypeAndShape) {
  EXPECT_NE(npy_header(3, 4).find("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"), std::string::npos);
}

TEST(NpyRow, HoldsTheFloats) {
  const std::string row = npy_row({1.0F, -2.5F});
  ASSERT_EQ(row.size(), 8U);
  float second = 0;
  std::memcpy(&second, row.data() + 4, 4);
  EXPECT_EQ(second, -2.5F);
  EXPECT_EQ(row.substr(0, 4), std::string("\x00\x00\x80\x3f", 4)) << "1.0 in little-endian order";
}

}  // namespace
}  // namespace hearth::tool
