#include "wordpiece.h"

namespace hearth::embed {

template class BasicWordPiece<TableView>;

}  // namespace hearth::embed
