// OpenAI's Responses: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same in
// whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "translated.h"

#include <hearth/dialects/responses.h>

namespace hearth::dialects {
namespace {

const ResponseHead kHead{.id = "resp_1", .model = "m", .created_at = 7, .echo = {}};

Told stream(std::string_view text, std::size_t step) {
  ResponseStream stream(kHead);
  return tell(text, step, [&](std::string_view bytes) { return stream.feed(bytes); }, [&] { return stream.end(); });
}

void check(std::size_t step, std::string_view text) {
  const JsonBody body = JsonBody::copy_of(text);
  if (const auto request = translate_responses(body)) {
    check_json(request->chat.body.view());
    FUZZ_CHECK(request->chat.head.model_at.offset + request->chat.head.model_at.length <= request->chat.body.size());
    for (const auto& [name, value] : request->echo) check_json(value);
  } else {
    check_json(encode(request.error()));
  }
  if (const auto answer = translate_response(text, kHead)) check_json(answer->body);

  check_same(stream(text, text.size() + 1), stream(text, step));
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
