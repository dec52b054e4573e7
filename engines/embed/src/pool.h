// Adds table rows up: the one loop that does arithmetic.
#pragma once

#include "table.h"

#include <cstdint>
#include <span>

namespace hearth::embed {

// sum[d] += Σ scale(id) · weight(id)[d] over all ids. `sum` has the table's dims() floats; ids are below rows().
// Uses AVX2 with fused multiply-add where the processor has it; that rounds the last bit of a float differently.
void add_rows(const TableView& table, std::span<const std::uint16_t> ids, std::span<float> sum);

}  // namespace hearth::embed
