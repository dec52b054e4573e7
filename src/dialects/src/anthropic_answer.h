// What whole answers and streams have in common. Private to this room.
#pragma once

#include "src/chat_delta.h"
#include "src/json_writer.h"

#include <hearth/dialects/anthropic.h>

namespace hearth::dialects::anthropic {

std::string_view stop_reason(std::string_view finish_reason);
void write_usage(json::Writer& w, const Usage& usage);

}  // namespace hearth::dialects::anthropic
