// OpenAI's chat completions for clients, Anthropic's Messages API for whoever answers: the way back of anthropic.h.
// Pure; what a client authored (tool inputs, schemas, texts, numbers) is passed on byte for byte.
//
// Source: the types of anthropic-sdk-python and openai-openapi. The two count tokens differently: Anthropic's cached
// tokens stand beside the input's, OpenAI's are a part of the prompt's. Thinking that Anthropic has signed must come
// back to it unchanged while a tool is at work, and OpenAI's messages have no place for it: it travels in a field of
// its own, `thinking_blocks`, which clients send back with the rest of a message.
#pragma once

#include <hearth/dialects/anthropic.h>
#include <hearth/dialects/api_error.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/json_body.h>
#include <hearth/dialects/sse.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hearth::dialects {

struct MessageEvent;

// A chat completion request as a message request. `max_tokens`: the model's own maximum, for requests that name none.
// All system messages are hoisted to the front, in their order. What only shapes OpenAI's sampling or accounts
// (penalties, seed, store) is left out, a temperature above 1 becomes 1, unknown fields pass. unsupported_value for
// what would change the answer's shape and has no counterpart: several choices, log probabilities, audio, JSON without
// a schema. The model comes first in the body.
Decoded<TranslatedRequest> translate_chat(const JsonBody& request, std::uint64_t max_tokens);

// A whole message as a chat completion. `created`: seconds since 1970. protocol_error if it is none; if it is an error,
// that of message_error().
Result<TranslatedAnswer> translate_message_answer(std::string_view answer, std::int64_t created);

// A stream of message events as a stream of chat completion chunks, in whatever pieces it comes.
class ChatChunkStream {
 public:
  // `created`: seconds since 1970. `include_usage`: the client asked for a last chunk with the tokens.
  ChatChunkStream(std::int64_t created, bool include_usage) : created_(created), include_usage_(include_usage) {}

  // Chunks for the client; empty when these bytes complete none. protocol_error, too_large, and the upstream's own
  // error event as an error: the stream cannot go on; encode_event() tells the client.
  Result<std::string> feed(std::string_view bytes);
  // The bytes have ended. unavailable if they ended before the answer did: a client would take what it has for whole.
  Result<void> end() const;
  [[nodiscard]] Usage usage() const noexcept { return usage_; }

 private:
  Result<void> take(std::string_view data);
  Result<void> begin(MessageEvent& event);
  Result<void> add(const MessageEvent& event);
  void close(std::int64_t index);
  void finish();
  void emit(std::string_view delta, std::string_view finish_reason = {});
  std::string chunk_head() const;

  // A block that has begun and not ended.
  struct Block {
    enum class Kind { text, thinking, tool, other } kind = Kind::other;
    std::size_t call = 0;   // of a tool: its place among the calls
    std::string input;      // of a tool: what it began with, until a piece comes
    std::string thinking;   // for `thinking_blocks`
    std::string signature;  // of the thinking
  };

  std::int64_t created_;
  bool include_usage_;
  SseParser parser_{16 << 20};  // a signature, or a server's search results, are one event
  std::string out_;
  std::string id_;
  std::string model_;
  bool started_ = false;
  bool finished_ = false;
  std::map<std::int64_t, Block> open_;
  std::size_t calls_ = 0;
  std::string stop_reason_;
  Usage usage_;
};

// A stream of message events from a server that nobody here wrote, on its way to a client that reads them: whole events
// as they came, none of them unchecked.
class CheckedMessageStream {
 public:
  // What of it can be passed on; nothing before the answer begins. protocol_error, too_large, and the upstream's own
  // error event as an error.
  Result<std::string> feed(std::string_view bytes);
  // unavailable if the stream has not ended as it should.
  [[nodiscard]] Result<void> end() const;
  [[nodiscard]] Usage usage() const noexcept { return usage_; }

 private:
  SseParser parser_{16 << 20};
  bool started_ = false;
  bool finished_ = false;
  Usage usage_;
};
// What a whole message took. protocol_error if it is none; if it is an error, that one.
Result<Usage> check_message_answer(std::string_view answer);

// An Anthropic answer with a 4xx or 5xx status as OpenAI's clients know it; 529 is 503 for them. Tolerant like
// decode_error_body().
ApiError decode_message_error(int status, std::string_view body);

}  // namespace hearth::dialects
