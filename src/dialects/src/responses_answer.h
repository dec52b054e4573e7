// A response and its items as JSON: whole answers and streams write the same. Private to this room.
#pragma once

#include "src/chat_delta.h"
#include "src/json_writer.h"

#include <hearth/dialects/responses.h>
#include <hearth/dialects/sse.h>

#include <optional>

namespace hearth::dialects::responses {

enum class Status { in_progress, completed, incomplete };

std::string reasoning_item(std::string_view id, std::string_view text, Status status);
std::string message_item(std::string_view id, std::string_view text, Status status);
std::string call_item(std::string_view id, const ToolCallPart& call, Status status);
// {"type":"output_text","text",…} or {"type":"reasoning_text","text"}
std::string text_part(bool reasoning, std::string_view text);

// `items`: finished ones. `usage`: nullptr: not known yet.
std::string response(const ResponseHead& head, Status status, const std::vector<std::string>& items,
                     const Usage* usage);
// The end of an answer that stopped for this reason.
Status status_of(std::string_view finish_reason);

}  // namespace hearth::dialects::responses
