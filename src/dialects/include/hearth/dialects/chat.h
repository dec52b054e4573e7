// POST /v1/chat/completions, /v1/completions and /v1/rerank: as much of a body as is needed to find its model, and what
// an answer says of the tokens it took. The rest goes through as it is.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

// How a chat's messages begin and end: what tells one conversation from another, and whether a tool's result is what
// the model is to go on from.
struct Conversation {
  std::size_t opening = 0;  // a hash over what was said up to the first message of the user; of this process
  bool after_tool = false;
};

// What bounds the cost of a request's answer.
struct AnswerBounds {
  std::optional<std::uint64_t> max_output;  // tokens, as the request says
  std::uint64_t choices = 1;
  std::uint64_t images = 0;         // at least as many as there are
  std::uint64_t picture_bytes = 0;  // of the body, that are pictures and not text
};

// What is looked at to decide who answers a request, and what that may cost.
struct RequestFacts {
  Conversation conversation;
  AnswerBounds bounds;
  bool tools = false;
};

// Of any request that is forwarded to whoever has its model.
struct ForwardHead {
  std::string model;
  Span model_at;  // for splicing
  bool stream = false;
  bool include_usage = false;  // a stream that ends with the tokens it took
  RequestFacts facts = {};
};

// A request of another dialect as one that asks the same in OpenAI's; `head` lies in `body`.
struct TranslatedRequest {
  ForwardHead head;
  JsonBody body;
  Span model_was_at = {};  // in the request that was translated
};

// One pass. The whole body is checked to be well-formed JSON; of its content only what ForwardHead holds, and that what
// the endpoint cannot do without is there: `messages` (at least one; each is an object), `prompt`, `query` and
// `documents`. What bounds an answer without being a number bounds nothing: who answers will say what is wrong with it.
Decoded<ForwardHead> decode_chat_head(const JsonBody& body);
Decoded<ForwardHead> decode_completion_head(const JsonBody& body);
Decoded<ForwardHead> decode_rerank_head(const JsonBody& body);

// `body`, in OpenAI's dialect and never read so far, with its facts in its head.
TranslatedRequest with_facts(ForwardHead head, JsonBody body, Span model_was_at = {});

// What a call took, as it is priced.
struct Usage {
  std::uint64_t input_tokens = 0;           // the whole prompt
  std::uint64_t output_tokens = 0;          // reasoning included
  std::uint64_t cached_tokens = 0;          // of the input: read from the upstream's cache
  std::uint64_t cache_write_tokens = 0;     // of the input: written to it
  std::uint64_t cache_write_1h_tokens = 0;  // of those: to be kept for an hour, which costs more
  std::uint64_t reasoning_tokens = 0;       // of the output
  friend bool operator==(const Usage&, const Usage&) = default;
};

// `usage` of a whole answer or of one chunk; without one, llama.cpp's `timings`. Zeros when there is neither, or the
// text is not such an object: it is for accounts, not for the client.
Usage decode_usage(const JsonBody& answer);
// The same from the end of a stream of events: the last event that says it.
Usage decode_stream_usage(std::string_view tail);

}  // namespace hearth::dialects
