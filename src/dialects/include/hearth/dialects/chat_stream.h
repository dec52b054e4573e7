// A stream of chat completions from a server that nobody here wrote, on its way to a client: whole events as they came,
// none of them unchecked. A client takes a stream that merely stops for a whole one, so its end is made sure of.
#pragma once

#include <hearth/dialects/chat.h>
#include <hearth/dialects/sse.h>

#include <string>
#include <string_view>

namespace hearth::dialects {

class ChatStream {
 public:
  // `usage_wanted`: the client asked for the chunk that says what it took; else that one is kept back.
  explicit ChatStream(bool usage_wanted) : usage_wanted_(usage_wanted) {}

  // What of it can be passed on. protocol_error: a chunk is no JSON object; unavailable: it says that it failed, or
  // ends without having said anything; too_large.
  Result<std::string> feed(std::string_view bytes);
  // The bytes have ended. unavailable: the stream had not.
  Result<void> end() const;
  [[nodiscard]] const Usage& usage() const noexcept { return usage_; }

 private:
  Result<bool> check(std::string_view data);

  SseParser parser_;
  bool usage_wanted_;
  bool done_ = false;
  bool answers_ = false;       // a chunk had a choice
  bool between_lines_ = true;  // the next byte begins a line
  Usage usage_;
};

// What a whole answer to a chat says it took. unavailable: although it has status 200 it says itself that it failed, as
// some servers do, it answers nothing, or it is no JSON.
Result<Usage> check_answer(const JsonBody& body);
// `body`, a chat's, with the wish that a stream says at its end what it took.
std::string ask_for_usage(std::string_view body);

}  // namespace hearth::dialects
