// Anthropic's dialect: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same
// in whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "check.h"

#include <hearth/dialects/anthropic.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

void check_json(std::string_view text) {
  boost::json::error_code code;
  boost::json::parse_options options;
  options.max_depth = 200;
  boost::json::parse(text, code, {}, options);
  FUZZ_CHECK(!code);
}

struct Told {
  std::string events;
  std::optional<Errc> error;
  bool operator==(const Told&) const = default;
};

Told stream(std::string_view text, std::size_t step) {
  MessageStream stream("msg_1");
  Told told;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    const auto part = stream.feed(text.substr(0, step));
    if (!part) {
      told.error = part.error().kind();
      return told;
    }
    told.events += *part;
  }
  if (const auto ended = stream.end(); !ended) told.error = ended.error().kind();
  return told;
}

void check_request(const Decoded<TranslatedRequest>& request) {
  if (!request) return check_json(encode_anthropic(request.error(), "req_1"));
  const std::string_view body = request->body.view();
  check_json(body);
  FUZZ_CHECK(request->head.model_at.offset + request->head.model_at.length <= body.size());
}

void check(std::size_t step, std::string_view text) {
  const JsonBody body = JsonBody::copy_of(text);
  check_request(translate_messages(body));
  check_request(translate_count_tokens(body));
  if (const auto answer = translate_chat_answer(text, "msg_1")) check_json(answer->body);
  static_cast<void>(decode_token_count(text));

  const Told whole = stream(text, text.size() + 1);
  const Told pieces = stream(text, step);
  // What was said before an error may reach the client in pieces only.
  FUZZ_CHECK(whole.error == pieces.error);
  if (!whole.error) FUZZ_CHECK(whole.events == pieces.events);
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
