// Ollama's dialect: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same in
// whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "check.h"

#include <hearth/dialects/ollama.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

const OllamaMoment kNow{"2026-01-01T00:00:00.000Z", std::chrono::nanoseconds(1)};

void check_json(std::string_view text) {
  boost::json::error_code code;
  boost::json::parse_options options;
  options.max_depth = 200;
  boost::json::parse(text, code, {}, options);
  FUZZ_CHECK(!code);
}

void check_request(const Decoded<TranslatedRequest>& request) {
  if (!request) return check_json(encode_ollama(request.error()));
  check_json(request->body.view());
  FUZZ_CHECK(request->head.model_at.offset + request->head.model_at.length <= request->body.size());
}

struct Told {
  std::string lines;
  std::optional<Errc> error;
};

Told stream(std::string_view text, std::size_t step) {
  OllamaStream stream(OllamaShape::chat, "m");
  Told told;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    const auto part = stream.feed(text.substr(0, step), kNow);
    if (!part) {
      told.error = part.error().kind();
      return told;
    }
    told.lines += *part;
  }
  if (const auto ended = stream.end(); !ended) told.error = ended.error().kind();
  return told;
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

  const Told whole = stream(text, text.size() + 1);
  const Told pieces = stream(text, step);
  // What was said before an error may reach the client in pieces only.
  FUZZ_CHECK(whole.error == pieces.error);
  if (!whole.error) FUZZ_CHECK(whole.lines == pieces.lines);
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
