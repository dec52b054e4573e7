// A plain server-sent-events parser over the whole text, to compare the incremental one with.
#pragma once

#include <hearth/dialects/sse.h>

#include <string_view>
#include <vector>

namespace hearth::dialects {

struct WholeStream {
  std::vector<SseEvent> events;
  bool too_large = false;
  friend bool operator==(const WholeStream&, const WholeStream&) = default;
};

WholeStream parse_whole_stream(std::string_view text, std::size_t max_event_bytes);
WholeStream parse_stream_pieces(const std::vector<std::string_view>& pieces, std::size_t max_event_bytes);

}  // namespace hearth::dialects
