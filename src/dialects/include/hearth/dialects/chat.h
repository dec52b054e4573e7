// POST /v1/chat/completions: as much of the body as is needed to find its model.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>

#include <cstddef>
#include <string>

namespace hearth::dialects {

struct ChatHead {
  std::string model;
  Span model_at;  // for splicing
  bool stream = false;
  std::size_t messages = 0;  // at least 1; each is an object
};

// The whole body is checked to be well-formed JSON; of its content only what ChatHead holds.
Decoded<ChatHead> decode_chat_head(const JsonBody& body);

}  // namespace hearth::dialects
