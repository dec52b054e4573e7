// BERT's uncased tokeniser over the embedding table: text to rows of it.
#pragma once

#include "table.h"
#include "wordpiece_algorithm.h"

namespace hearth::embed {

extern template class BasicWordPiece<TableView>;
using WordPiece = BasicWordPiece<TableView>;

}  // namespace hearth::embed
