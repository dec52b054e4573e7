#include "src/tools.h"

#include <unordered_set>

namespace hearth::trim {
namespace {

std::vector<Edit> without_tools(const Body& body) {
  std::vector<Span> spans;
  for (const Body::Field& field : body.fields) spans.push_back(field.span);
  // What says something of tools is an error without any.
  return cut(spans, [&](std::size_t i) {
    const std::string& name = body.fields[i].name;
    return name == "tools" || name == "tool_choice" || name == "parallel_tool_calls";
  });
}

}  // namespace

std::vector<Edit> prune_tools(std::string_view bytes, const Body& body, bool may_prune) {
  if (body.tools.empty()) return {};
  if (may_prune && body.choice.kind == ToolChoice::Kind::none && !body.called) return without_tools(body);
  std::vector<bool> goes(body.tools.size());
  std::unordered_set<std::string_view> seen;
  bool named = false;
  for (std::size_t i = 0; i < body.tools.size(); ++i) {
    const std::string_view tool = bytes.substr(body.tools[i].offset, body.tools[i].length);
    goes[i] = !seen.insert(tool).second;
    if (!may_prune || body.choice.kind != ToolChoice::Kind::one) continue;
    const bool is_it = name_of_tool(tool) == body.choice.name;
    named = named || is_it;
    goes[i] = goes[i] || !is_it;
  }
  if (may_prune && body.choice.kind == ToolChoice::Kind::one && !named) return {};
  return cut(body.tools, [&](std::size_t i) { return goes[i]; });
}

}  // namespace hearth::trim
