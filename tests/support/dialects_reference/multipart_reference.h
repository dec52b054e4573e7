// A plain multipart parser over the whole body, to compare the incremental one with.
#pragma once

#include <hearth/dialects/multipart.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

struct WholePart {
  PartBegin begin;
  std::string data;
  bool complete = false;
  friend bool operator==(const WholePart&, const WholePart&) = default;
};
struct WholeForm {
  std::vector<WholePart> parts;
  std::string error;  // its code; empty if all went well
  friend bool operator==(const WholeForm&, const WholeForm&) = default;
};

WholeForm parse_whole_form(std::string_view body, std::string_view boundary, const MultipartLimits& limits);
// The incremental parser's events for `pieces`, put together in the same form.
WholeForm parse_pieces(const std::vector<std::string_view>& pieces, std::string_view boundary,
                       const MultipartLimits& limits);

}  // namespace hearth::dialects
