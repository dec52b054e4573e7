// The `usage` of a chat completion, and of a response. Private to this room.
#pragma once

#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/dialects/chat.h>

namespace hearth::dialects {

// What is no number says nothing.
Decoded<void> read_chat_usage(json::Value& value, Usage& usage);
// The same of a response.
Decoded<void> read_response_usage(json::Value& value, Usage& usage);
// llama.cpp's `timings`, which say the same where there is no usage.
Decoded<void> read_timings(json::Value& value, Usage& usage);
void write_chat_usage(json::Writer& w, const Usage& usage);

}  // namespace hearth::dialects
