// The headers of one part of a form. Private to this room.
#pragma once

#include <hearth/dialects/multipart.h>

namespace hearth::dialects {

// `block`: header lines separated by CRLF, without the empty line. invalid_multipart, invalid_utf8.
Decoded<PartBegin> parse_part_headers(std::string_view block);

}  // namespace hearth::dialects
