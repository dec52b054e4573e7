#include "embedder.h"

#include "pool.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hearth::embed {
namespace {

double squared_length(std::span<const float> v) {
  return std::transform_reduce(v.begin(), v.end(), 0.0, std::plus<>(), [](float x) { return double{x} * double{x}; });
}

}  // namespace

Embedder::Embedder(const TableView& table) : table_(&table), tokenizer_(table), sum_(table.dims()) {}

std::size_t Embedder::embed(std::string_view text, std::span<Component> into) {
  ids_.clear();
  tokenizer_.tokenize(text, ids_);
  const std::size_t tokens = ids_.size();
  const std::span<float> kept(sum_.data(), into.size());
  std::ranges::fill(kept, 0.0F);
  add_rows(*table_, ids_, kept);
  double squared = squared_length(kept);
  if (tokens == 0 || squared == 0) {
    const auto unknown = static_cast<std::uint16_t>(table_->unknown_row());
    std::ranges::fill(kept, 0.0F);
    add_rows(*table_, {&unknown, 1}, kept);
    squared = squared_length(kept);
  }
  const bool usable = std::isfinite(squared) && squared > 0;
  if (!usable) {  // only a table without an unknown token's row gets here; the vector is a unit vector all the same
    std::ranges::fill(into, 0);
    into.front() = kUnit;
    return tokens;
  }
  const auto to_unit = static_cast<float>(kUnit / std::sqrt(squared));
  for (std::size_t d = 0; d < into.size(); ++d) {
    const float x = kept[d] * to_unit;
    into[d] = static_cast<Component>(x + std::copysign(0.5F, x));
  }
  return tokens;
}

}  // namespace hearth::embed
