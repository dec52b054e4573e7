// Pictures that stand in a tool's text as base64, as the picture that they are.
#pragma once

#include "src/blobs.h"

#include <string>
#include <string_view>

namespace hearth::trim {

// Whether whoever reads pictures can be expected to take it: PNG or JPEG, whole, of a size that is taken.
bool is_sound_picture(const Blob& blob);
// As a block of Anthropic's dialect; `base64`: as it stands in the text.
std::string image_block(const Blob& blob);

}  // namespace hearth::trim
