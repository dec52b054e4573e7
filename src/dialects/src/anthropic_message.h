// One message of a Messages request as the messages of a chat completion that say the same. Private to this room.
#pragma once

#include "src/json_reader.h"

#include <string>
#include <vector>

namespace hearth::dialects::anthropic {

// `messages`: JSON objects are added, one or more: each result of a tool is a message of its own there.
Decoded<void> translate_message(json::Value& message, std::vector<std::string>& messages);

// A text, or an array of text blocks: `system`, and what a tool answered. Joined by empty lines.
Decoded<std::string> read_text_blocks(json::Value& value);

}  // namespace hearth::dialects::anthropic
