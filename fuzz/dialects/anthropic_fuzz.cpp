// Anthropic's dialect: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same
// in whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "translated.h"

#include <hearth/dialects/anthropic.h>

namespace hearth::dialects {
namespace {

Told stream(std::string_view text, std::size_t step) {
  MessageStream stream("msg_1");
  return tell(text, step, [&](std::string_view bytes) { return stream.feed(bytes); }, [&] { return stream.end(); });
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

  check_same(stream(text, text.size() + 1), stream(text, step));
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
