// Anthropic as the one who answers: a request becomes well-formed JSON that can be read back or is refused, an answer
// likewise, and a stream is the same in whatever pieces it comes. Input: a byte that gives the pieces' size, then the
// text.
#include "translated.h"

#include <hearth/dialects/anthropic_upstream.h>

namespace hearth::dialects {
namespace {

Told stream(std::string_view text, std::size_t step) {
  ChatChunkStream stream(1, true);
  return tell(text, step, [&](std::string_view bytes) { return stream.feed(bytes); }, [&] { return stream.end(); });
}

Told checked(std::string_view text, std::size_t step) {
  CheckedMessageStream stream;
  return tell(text, step, [&](std::string_view bytes) { return stream.feed(bytes); }, [&] { return stream.end(); });
}

void check_usage(const Usage& usage) {
  FUZZ_CHECK(usage.cached_tokens + usage.cache_write_tokens <= usage.input_tokens);
  FUZZ_CHECK(usage.cache_write_1h_tokens <= usage.cache_write_tokens);
  FUZZ_CHECK(usage.reasoning_tokens <= usage.output_tokens);
}

void check(std::size_t step, std::string_view text) {
  if (const auto request = translate_chat(JsonBody::copy_of(text), 4096)) {
    const std::string_view body = request->body.view();
    check_json(body);
    FUZZ_CHECK(request->head.model_at.offset + request->head.model_at.length <= body.size());
  } else {
    check_json(encode(request.error()));
  }
  if (const auto answer = translate_message_answer(text, 1)) {
    check_json(answer->body);
    check_usage(answer->usage);
  }
  if (const auto usage = check_message_answer(text)) check_usage(*usage);
  check_json(encode(decode_message_error(529, text)));
  check_same(stream(text, text.size() + 1), stream(text, step));
  check_same(checked(text, text.size() + 1), checked(text, step));
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
