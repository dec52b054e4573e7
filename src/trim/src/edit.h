// Changes of a body, by place.
#pragma once

#include "src/body.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

struct Edit {
  Span span;  // what goes
  std::string replacement;
};

// No two overlap or begin at one place.
inline std::string apply(std::string_view body, std::vector<Edit> edits) {
  std::ranges::sort(edits, {}, [](const Edit& edit) { return edit.span.offset; });
  std::string out;
  std::size_t done = 0;
  for (const Edit& edit : edits) {
    out.append(body.substr(done, edit.span.offset - done)).append(edit.replacement);
    done = edit.span.end();
  }
  out.append(body.substr(done));
  return out;
}

// Of things that commas separate, those that `goes` names are cut out, and their commas with them; not if all would go.
template <typename Goes>
std::vector<Edit> cut(const std::vector<Span>& spans, Goes goes) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (!goes(i)) continue;
    const std::size_t first = i;
    while (i + 1 < spans.size() && goes(i + 1)) ++i;
    if (i + 1 < spans.size()) {
      edits.push_back({{spans[first].offset, spans[i + 1].offset - spans[first].offset}, {}});
    } else if (first > 0) {
      edits.push_back({{spans[first - 1].end(), spans[i].end() - spans[first - 1].end()}, {}});
    }
  }
  return edits;
}

}  // namespace hearth::trim
