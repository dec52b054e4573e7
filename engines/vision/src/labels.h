// The labels a request asks for. Pure.
#pragma once

#include "detection.h"

#include <hearth/core/error.h>

#include <string_view>
#include <vector>

namespace hearth::vision {

// "person,face"; empty is all there are. Each label once, in the order asked for. invalid_argument names the unknown
// one and those there are.
Result<std::vector<Label>> parse_labels(std::string_view text);

}  // namespace hearth::vision
