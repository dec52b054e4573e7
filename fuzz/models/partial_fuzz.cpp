// The note about an unfinished download: torn by a power cut, or damaged. What is believed must be possible.
#include "src/partial.h"

#include <hearth/core/ids.h>

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace m = hearth::models;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // As it is, and with a checksum that fits, which chance would not find.
  for (const std::string& one : {text, text + "check " + hearth::sha256_hex(text) + "\n"}) {
    const auto state = m::parse_partial_state(one);
    if (!state) continue;
    if (state->done.size() > state->total) std::abort();
    for (const m::Range& range : state->done.ranges())
      if (range.begin >= range.end || range.end > state->total) std::abort();
    if (m::parse_partial_state(m::write_partial_state(*state)) != state) std::abort();
  }
  return 0;
}
