// Ollama's dialect: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same in
// whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "translated.h"

#include <hearth/dialects/ollama.h>

namespace hearth::dialects {
namespace {

const OllamaMoment kNow{"2026-01-01T00:00:00.000Z", std::chrono::nanoseconds(1)};

void check_request(const Decoded<TranslatedRequest>& request) {
  if (!request) return check_json(encode_ollama(request.error()));
  check_json(request->body.view());
  FUZZ_CHECK(request->head.model_at.offset + request->head.model_at.length <= request->body.size());
}

Told stream(std::string_view text, std::size_t step) {
  OllamaStream stream(OllamaShape::chat, "m");
  return tell(
      text, step, [&](std::string_view bytes) { return stream.feed(bytes, kNow); }, [&] { return stream.end(); });
}

void check(std::size_t step, std::string_view text) {
  const JsonBody body = JsonBody::copy_of(text);
  check_request(translate_ollama_chat(body));
  check_request(translate_ollama_embed(body));
  if (const auto generate = translate_ollama_generate(body)) check_json(generate->request.body.view());
  static_cast<void>(decode_ollama_name(body));
  for (const OllamaShape shape : {OllamaShape::chat, OllamaShape::generate})
    if (const auto answer = translate_ollama_answer(text, shape, "m", kNow)) check_json(answer->body);
  for (const bool one : {false, true})
    if (const auto answer = translate_ollama_embeddings(text, one, "m", kNow)) check_json(answer->body);

  check_same(stream(text, text.size() + 1), stream(text, step));
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
