// The incremental event-stream parser against the plain one. Input: a byte that gives the pieces' size, then the
// stream.
#include "check.h"
#include "sse_reference.h"

#include <algorithm>

using namespace hearth::dialects;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxEvent = 60;
  if (size == 0) return 0;
  const std::string_view text = as_text(data + 1, size - 1);
  const std::size_t step = data[0] % 32U + 1;
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < text.size(); i += step) pieces.push_back(text.substr(i, step));

  const WholeStream whole = parse_whole_stream(text, kMaxEvent);
  FUZZ_CHECK(parse_stream_pieces(pieces, kMaxEvent) == whole);
  for (const SseEvent& event : whole.events) {
    const WholeStream again = parse_whole_stream(encode_sse(event.data, event.type), 1000);
    FUZZ_CHECK(again.events.size() == 1);
    FUZZ_CHECK(again.events[0].data == event.data);
    FUZZ_CHECK(again.events[0].type == event.type);
  }
  return 0;
}
