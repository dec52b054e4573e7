// What a message of Anthropic's, or one event of its stream, says. Private to this room.
#pragma once

#include "src/json_writer.h"

#include <hearth/core/error.h>
#include <hearth/dialects/chat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

// A content block, whole or as it begins.
struct MessageBlock {
  std::string type;
  std::string text;
  std::string thinking;
  std::string signature;
  std::string data;  // of thinking that is not shown
  std::string id;
  std::string name;
  std::string input;  // JSON
};

// Token counts as they are told: what an event does not say stays what it was.
struct MessageCounts {
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> cache_read;
  std::optional<std::uint64_t> cache_creation;
  std::optional<std::uint64_t> cache_creation_1h;
  std::optional<std::uint64_t> output;
  std::optional<std::uint64_t> thinking;
};

struct MessageEvent {
  std::string type;  // "message" for a whole one
  std::int64_t index = 0;
  // Of the message.
  std::string id;
  std::string model;
  std::vector<MessageBlock> content;
  bool has_content = false;
  std::string stop_reason;
  MessageCounts counts;
  // Of a block that begins.
  MessageBlock block;
  // Of a delta.
  std::string delta_type;
  std::string text;  // of whatever kind delta_type says
  // Of an error.
  std::string error_type;
  std::string error_message;
};

// protocol_error.
Result<MessageEvent> decode_message_event(std::string_view text);
// Newer counts over older ones. Anthropic's are cumulative, and its cached tokens stand beside the input's.
void merge(Usage& usage, const MessageCounts& counts);
// The error that an `error` event tells.
Error message_error(const MessageEvent& event);
std::string_view finish_reason(std::string_view stop_reason);
// {"type":"thinking",…} or {"type":"redacted_thinking",…}, to come back as it is.
void write_thinking(json::Writer& w, const MessageBlock& block);

}  // namespace hearth::dialects
