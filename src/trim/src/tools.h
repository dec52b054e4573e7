// Tools that the model cannot call.
#pragma once

#include "src/edit.h"

#include <string_view>
#include <vector>

namespace hearth::trim {

// Those that stand there twice, byte for byte. With `may_prune` also those that the choice of a tool leaves out: all
// but the one that is named, or all, where none may be called and none ever was.
std::vector<Edit> prune_tools(std::string_view bytes, const Body& body, bool may_prune);

}  // namespace hearth::trim
