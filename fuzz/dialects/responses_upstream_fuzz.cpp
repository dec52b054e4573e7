// Who has OpenAI's Responses API: what is read of a request, an answer is one or is refused, and a stream is the same
// in whatever pieces it comes. Input: a byte that gives the pieces' size, then the text.
#include "translated.h"

#include <hearth/dialects/responses_upstream.h>

namespace hearth::dialects {
namespace {

Told checked(std::string_view text, std::size_t step) {
  CheckedResponseStream stream;
  // Signs of life come as they come.
  const auto feed = [&](std::string_view bytes) {
    auto part = stream.feed(bytes);
    if (part && *part == ":\n\n") part->clear();
    return part;
  };
  return tell(text, step, feed, [&] { return stream.end(); });
}

void check(std::size_t step, std::string_view text) {
  if (const auto head = decode_responses_head(JsonBody::copy_of(text))) {
    const Span at = head->forward.model_at;
    FUZZ_CHECK(at.offset + at.length <= text.size());
    FUZZ_CHECK(head->kept.empty() == head->kept_in.empty());
    check_json(splice_string(text, at, "m").join());
  } else {
    check_json(encode(head.error()));
  }
  if (const auto answer = check_response_answer(JsonBody::copy_of(text))) {
    FUZZ_CHECK(answer->usage.cached_tokens + answer->usage.cache_write_tokens <= answer->usage.input_tokens);
    FUZZ_CHECK(answer->usage.reasoning_tokens <= answer->usage.output_tokens);
  }
  check_same(checked(text, text.size() + 1), checked(text, step));
}

}  // namespace
}  // namespace hearth::dialects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) hearth::dialects::check(data[0] % 32U + 1, hearth::dialects::as_text(data + 1, size - 1));
  return 0;
}
