// What a chat completion, or one chunk of its stream, says: read in one place for every dialect that it is translated
// to. Private to this room.
#pragma once

#include <hearth/core/error.h>
#include <hearth/dialects/chat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::dialects {

struct ToolCallPart {
  std::int64_t index = 0;
  std::string id;
  std::string name;
  std::string arguments;  // a piece of JSON; of a whole answer, all of it
};

struct ChatDelta {
  std::string model;
  std::string reasoning;
  std::string content;
  std::string refusal;
  std::vector<ToolCallPart> tool_calls;
  std::string finish_reason;  // empty: it goes on
  bool has_choice = false;
  std::optional<std::string> error;  // the stream's own error event: its message
  bool has_usage = false;
  Usage usage;
  double prompt_ms = 0;  // llama.cpp's own clock: 0 where it is not told
  double completion_ms = 0;
};

// `text`: a JSON object with `choices`; of several choices, the first. protocol_error.
Result<ChatDelta> decode_chat_delta(std::string_view text);

}  // namespace hearth::dialects
