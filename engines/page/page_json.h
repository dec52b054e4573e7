// A page as `POST /v1/ocr` answers it. docs/engine-protocol.md.
#pragma once

#include "page.h"

#include <boost/json/fwd.hpp>

namespace hearth::ocr {

// `width` and `height`: the frame's, as it was sent.
boost::json::value to_json(const Page& page, int width, int height);

}  // namespace hearth::ocr
