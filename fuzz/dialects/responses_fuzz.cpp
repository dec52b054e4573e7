// OpenAI's Responses: a request becomes well-formed JSON or is refused, an answer likewise, and a stream is the same in
// whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "check.h"

#include <hearth/dialects/responses.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

const ResponseHead kHead{.id = "resp_1", .model = "m", .created_at = 7, .echo = {}};

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
};

Told stream(std::string_view text, std::size_t step) {
  ResponseStream stream(kHead);
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
