// OpenAI's Responses API for whoever answers, too: what is read of a request that goes there as its client wrote it,
// and what is checked of the answer, which goes back as it came. Pure.
//
// Source: openai-openapi and the types of openai-node. What an event or a field means that is not named here is between
// the client and who answers.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/json_body.h>
#include <hearth/dialects/sse.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::dialects {

struct ResponsesHead {
  ForwardHead forward;
  // What it goes on from, that whoever made it keeps: the field that names it, and its id. Empty: nothing.
  std::string kept_in;
  std::string kept;
  bool stored = true;  // its answer is to be kept there
};

// One pass over any request that could be one, whatever tools and items it has. Refused is only what nobody can be
// asked for: a model without a name, and an answer later (`background`), which clients would have to come back for.
Decoded<ResponsesHead> decode_responses_head(const JsonBody& request);

struct CheckedResponse {
  std::string id;
  Usage usage;
};
// A whole response. unavailable: although it has status 200 it says itself that it failed or has not ended;
// protocol_error if it is none.
Result<CheckedResponse> check_response_answer(const JsonBody& answer);

// A stream of response events from a server that nobody here wrote, on its way to a client that reads them: whole
// events as they came, none of them unchecked. That a response was created is kept back until something is in it: until
// then another server may still have to answer.
class CheckedResponseStream {
 public:
  // What of it can be passed on. protocol_error: an event is no JSON object with a type; unavailable: an `error`, or
  // `response.failed` before anything was passed on; too_large.
  Result<std::string> feed(std::string_view bytes);
  // The bytes have ended. unavailable: the answer had not, or its last event, which was passed on, was
  // `response.failed`.
  Result<void> end() const;
  [[nodiscard]] const Usage& usage() const noexcept { return answer_.usage; }
  [[nodiscard]] const std::string& id() const noexcept { return answer_.id; }

 private:
  Result<std::string> take(const SseEvent& event);

  SseParser parser_{32 << 20};  // the last event holds the whole answer, with its pictures
  std::string held_;            // events from before the answer began
  std::size_t holds_ = 0;
  bool begun_ = false;
  bool finished_ = false;
  bool between_lines_ = true;  // the next byte begins a line
  std::string failure_;        // what the last event said; empty: nothing of the kind
  CheckedResponse answer_;
};

}  // namespace hearth::dialects
