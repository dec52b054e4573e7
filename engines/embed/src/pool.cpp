#include "pool.h"

namespace hearth::embed {
namespace {

// Blocks keep the partial sums in registers across all rows: 64 floats fill half the registers of AVX2, all of SSE2's
// or half of NEON's.
constexpr std::size_t kBlock = 64;

// One body, compiled once for each instruction set; the compiler vectorises it (NEON on ARM, SSE2 on any x86-64).
[[gnu::always_inline]] inline void add_rows_body(const TableView& table, std::span<const std::uint16_t> ids,
                                                 std::span<float> sum) {
  const std::size_t dims = sum.size();
  std::size_t at = 0;
  for (; at + kBlock <= dims; at += kBlock) {
    float block[kBlock];
    for (std::size_t d = 0; d < kBlock; ++d) block[d] = sum[at + d];
    for (const std::uint16_t id : ids) {
      const std::int8_t* row = table.weights(id) + at;
      const float scale = table.scale(id);
      for (std::size_t d = 0; d < kBlock; ++d) block[d] += scale * static_cast<float>(row[d]);
    }
    for (std::size_t d = 0; d < kBlock; ++d) sum[at + d] = block[d];
  }
  if (at == dims) return;
  for (const std::uint16_t id : ids) {
    const std::int8_t* row = table.weights(id);
    const float scale = table.scale(id);
    for (std::size_t d = at; d < dims; ++d) sum[d] += scale * static_cast<float>(row[d]);
  }
}

using AddRows = void (*)(const TableView&, std::span<const std::uint16_t>, std::span<float>);

void add_rows_plain(const TableView& table, std::span<const std::uint16_t> ids, std::span<float> sum) {
  add_rows_body(table, ids, sum);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void add_rows_avx2(const TableView& table, std::span<const std::uint16_t> ids,
                                               std::span<float> sum) {
  add_rows_body(table, ids, sum);
}

AddRows choose() {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return add_rows_avx2;
  return add_rows_plain;
}
#else
AddRows choose() {
  return add_rows_plain;
}
#endif

}  // namespace

void add_rows(const TableView& table, std::span<const std::uint16_t> ids, std::span<float> sum) {
  static const AddRows chosen = choose();
  chosen(table, ids, sum);
}

}  // namespace hearth::embed
