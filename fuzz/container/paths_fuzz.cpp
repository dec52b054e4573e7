// Paths and links of an image: lines "PATH" or "PATH -> TARGET". Wherever they lead, it is inside.
#include <hearth/container/paths.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

namespace c = hearth::container;

namespace {

void check(const c::Components& parts) {
  for (const std::string& part : parts)
    if (part.empty() || part == "." || part == ".." || part.find('/') != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::map<std::string, std::string> links;
  std::vector<c::Components> paths;
  while (!text.empty() && links.size() < 100 && paths.size() < 100) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto arrow = line.find(" -> ");
    const auto path = c::clean_path(line.substr(0, arrow));
    if (!path) continue;
    check(*path);
    if (!path->empty()) {
      const auto marked = c::mark_of(path->back());
      if (marked && marked->mark == c::Mark::whiteout) check({marked->name});
    }
    if (arrow == std::string_view::npos) {
      paths.push_back(*path);
    } else {
      links[c::joined(*path)] = line.substr(arrow + 4);
    }
  }
  const c::ReadLink read = [&](const std::string& path) -> std::optional<std::string> {
    const auto found = links.find(path);
    return found == links.end() ? std::nullopt : std::optional(found->second);
  };
  for (const c::Components& path : paths)
    if (const auto reached = c::resolve_in_root(path, read)) check(*reached);
  return 0;
}
