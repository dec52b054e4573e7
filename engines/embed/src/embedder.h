// A text's vector: the sum of its tokens' rows, brought to length one.
#pragma once

#include "table.h"
#include "wordpiece.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hearth::embed {

// A vector's components are multiples of one ten-millionth, held as that many tenths of a millionth: the float answer
// prints exactly these, the base64 answer carries the floats nearest to them, so both say the same.
using Component = std::int32_t;
inline constexpr std::int32_t kUnit = 10'000'000;

// One at a time: owns scratch space. Refers to the table, which must outlive it. One thread.
class Embedder {
 public:
  explicit Embedder(const TableView& table);

  // Writes `text`'s vector, of length one, into `into`; its size (1 to the table's dims()) says how many of the first
  // dimensions are kept. Every text has a vector: one without a known token gets the unknown token's. There is no
  // limit to a text's length: each token counts alike wherever it stands. Returns the number of tokens.
  std::size_t embed(std::string_view text, std::span<Component> into);

 private:
  const TableView* table_;
  WordPiece tokenizer_;
  std::vector<std::uint16_t> ids_;
  std::vector<float> sum_;
};

}  // namespace hearth::embed
