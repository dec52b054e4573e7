// What the engine answers: POST /v1/detect.
#pragma once

#include "pool.h"

#include <hearth/kit/engine.h>

namespace hearth::vision {

void answer_detect(Pool& pool, kit::Request& request, kit::Response& response);

}  // namespace hearth::vision
