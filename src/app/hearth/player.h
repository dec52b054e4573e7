// Plays sound through whatever the desktop has.
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>

namespace hearth::tool {

// Waits until it has been played. io_error: no player is installed (the message names the way out), or none could
// play.
Result<void> play_wav(std::string_view wav);

}  // namespace hearth::tool
