// Where a tool's text comes from, as far as the call that asked for it tells: what is read to be edited, or to be
// looked at byte by byte, must stay as it is.
#pragma once

#include <string>
#include <string_view>

namespace hearth::trim {

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON
};

enum class Origin {
  verbatim,  // a file's content, a difference, the source of a page; or nobody knows
  log,       // of a file, but one that nobody edits
  page,      // what was fetched from the web to be read
  report,    // whatever else a program says
};

Origin origin_of(const ToolCall& call);

}  // namespace hearth::trim
