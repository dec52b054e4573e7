// Anthropic's Messages API for clients, OpenAI's chat completions for whoever answers: requests one way, answers,
// streams and errors the other. Pure; what a client authored (tool inputs, schemas, numbers) is passed on byte for
// byte.
//
// Source: the types of anthropic-sdk-python and openai-openapi. The two count tokens differently: OpenAI's cached
// tokens are a part of the prompt's, Anthropic's stand beside them.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/json_body.h>
#include <hearth/dialects/sse.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::dialects {

struct ChatDelta;

// Thinking that no signature vouches for is of a model behind this box and goes back to it; signed thinking can only be
// read by who signed it and is left out. Fields that neither side knows pass through. unsupported_value for blocks that
// a chat completion has no place for (documents that are files).
Decoded<TranslatedRequest> translate_messages(const JsonBody& request);
// The same request without `max_tokens` and `stream`: POST /v1/messages/count_tokens.
Decoded<TranslatedRequest> translate_count_tokens(const JsonBody& request);

struct TranslatedAnswer {
  std::string body;
  Usage usage;
};
// A whole chat completion as a message. `id`: the message's. protocol_error if it is none, or a tool call's arguments
// are no JSON object.
Result<TranslatedAnswer> translate_chat_answer(std::string_view answer, std::string_view id);

// A stream of chat completion chunks as a stream of message events, in whatever pieces it comes.
class MessageStream {
 public:
  explicit MessageStream(std::string id) : id_(std::move(id)) {}

  // Events for the client; empty when these bytes complete none. protocol_error, too_large: the stream cannot go on;
  // encode_anthropic_event() tells the client.
  Result<std::string> feed(std::string_view bytes);
  // The bytes have ended. unavailable if they ended before the answer did: a client would take what it has for whole.
  Result<void> end() const;
  [[nodiscard]] Usage usage() const noexcept;

 private:
  enum class Block { none, thinking, text, tool };

  Result<void> take(std::string_view data);
  Result<void> take_delta(const ChatDelta& delta);
  void start(std::string_view model);
  void emit(std::string_view type, std::string_view json);
  void begin(Block block, std::string_view content_block);
  void close();
  void add_delta(std::string_view type, std::string_view field, std::string_view text);
  void finish();

  std::string id_;
  SseParser parser_;
  std::string out_;
  bool started_ = false;
  bool finished_ = false;
  Block open_ = Block::none;
  std::size_t index_ = 0;    // of the open block, or of the next
  std::int64_t tool_ = -1;   // which of the parallel calls is open, or was last
  std::string stop_reason_;  // empty: not said yet
  Usage usage_;
};

// {"type":"error","error":{"type","message"},"request_id"}
std::string encode_anthropic(const ApiError& error, std::string_view request_id);
// The same as an event of a stream that has begun.
std::string encode_anthropic_event(const ApiError& error, std::string_view request_id);
// {"input_tokens": N}, as llama.cpp's /v1/chat/completions/input_tokens answers it and as Anthropic's clients read it.
// protocol_error.
Result<std::uint64_t> decode_token_count(std::string_view answer);
std::string encode_token_count(std::uint64_t tokens);

}  // namespace hearth::dialects
