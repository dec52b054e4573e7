// The incremental multipart parser against the plain one. Input: a byte that seeds the cuts, the Content-Type's value
// up to LF, then the body.
#include "check.h"
#include "multipart_reference.h"

#include <algorithm>

using namespace hearth::dialects;

namespace {

std::vector<std::string_view> cut(std::string_view body, unsigned seed) {
  std::vector<std::string_view> pieces;
  std::uint32_t state = seed * 2654435761U + 1;
  while (!body.empty()) {
    state = state * 1664525U + 1013904223U;
    const std::size_t n = std::min<std::size_t>(1 + (state >> 24U) % (seed % 40 + 1), body.size());
    pieces.push_back(body.substr(0, n));
    body.remove_prefix(n);
  }
  return pieces;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text = as_text(data + 1, size - 1);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const auto boundary = multipart_boundary(text.substr(0, line));
  if (!boundary) return 0;
  const std::string_view body = text.substr(std::min(line + 1, text.size()));
  const MultipartLimits limits{
      .max_parts = 4, .max_header_bytes = 200, .max_field_bytes = 40, .max_file_bytes = 80, .max_preamble_bytes = 30};

  const WholeForm whole = parse_whole_form(body, *boundary, limits);
  const WholeForm split = parse_pieces(cut(body, data[0]), *boundary, limits);
  FUZZ_CHECK(split.error == whole.error);
  FUZZ_CHECK(split.parts.size() == whole.parts.size());
  for (std::size_t i = 0; i < whole.parts.size(); ++i) {
    FUZZ_CHECK(split.parts[i].begin == whole.parts[i].begin);
    FUZZ_CHECK(split.parts[i].complete == whole.parts[i].complete);
    FUZZ_CHECK(whole.parts[i].data.starts_with(split.parts[i].data));
    if (whole.parts[i].complete) FUZZ_CHECK(split.parts[i].data == whole.parts[i].data);
    FUZZ_CHECK(split.parts[i].begin.filename.value_or("").find_first_of(std::string_view("/\\\0", 3)) ==
               std::string::npos);
  }
  return 0;
}
