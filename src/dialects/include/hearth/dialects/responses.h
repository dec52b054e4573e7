// OpenAI's Responses API for clients, chat completions for whoever answers: requests one way, answers and streams the
// other. Pure; what a client authored (tool arguments, schemas, numbers) is passed on byte for byte.
//
// Nothing is kept between two calls: what needs that (previous_response_id, conversation, background) is refused, and
// `store` has no effect. Source: openai-openapi and the types of openai-node.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/json_body.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::dialects {

// Fields of the request that every response repeats: names and JSON.
using ResponseEcho = std::vector<std::pair<std::string, std::string>>;

struct ResponsesRequest {
  TranslatedRequest chat;
  ResponseEcho echo;
};
// unsupported_value for tools that OpenAI runs itself and for files.
Decoded<ResponsesRequest> translate_responses(const JsonBody& request);

struct ResponseHead {
  std::string id;  // "resp_…"; the ids of its items are made from it
  std::string model;
  std::int64_t created_at = 0;  // seconds since 1970
  ResponseEcho echo;
};

struct ResponseAnswer {
  std::string body;
  Usage usage;
};
// A whole chat completion as a response. protocol_error.
Result<ResponseAnswer> translate_response(std::string_view answer, const ResponseHead& head);

// A stream of chat completion chunks as a stream of response events, in whatever pieces it comes.
class ResponseStream {
 public:
  explicit ResponseStream(ResponseHead head);
  ~ResponseStream();

  // Events for the client. protocol_error, too_large, unavailable: the stream cannot go on; an event of type error
  // tells the client.
  Result<std::string> feed(std::string_view bytes);
  // The bytes have ended. unavailable if they ended before the answer did.
  Result<void> end() const;
  [[nodiscard]] Usage usage() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// {"type":"error","code","message","param","sequence_number"}: in a stream that has begun.
std::string encode_response_error(const ApiError& error);

}  // namespace hearth::dialects
