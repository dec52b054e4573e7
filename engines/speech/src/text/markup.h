// Takes out of a text what is for the eye only. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearth::speech {

// Without Markdown's marks (headings, emphasis, code, links, quotes, bullets, table lines), emoji, control characters
// and private-use code points (espeak-ng takes both for commands of its own). A heading or bullet that does not end a
// sentence gets a full stop, so that there is a pause. `text` is UTF-8. Linear time; a text without such things comes
// back as it was.
std::string without_markup(std::string_view text);

}  // namespace hearth::speech
