#include <hearth/container/paths.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

namespace hearth::container {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxDepth = 256;
constexpr int kMaxLinks = 40;

Components split(std::string_view path) {
  Components parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0 && path.substr(0, slash) != ".") parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace

std::string joined(const Components& components) {
  return fmt::format("{}", fmt::join(components, "/"));
}

Result<Components> clean_path(std::string_view path) {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::corrupt, fmt::format("the image has an entry whose path {}", why));
  };
  if (path.size() > kMaxPath) return bad("is longer than 4096 bytes");
  if (path.find('\0') != std::string_view::npos) return bad("holds a NUL");
  Components parts = split(path);
  if (parts.size() > kMaxDepth) return bad("is more than 256 folders deep");
  for (const std::string& part : parts) {
    if (part == "..") return bad("leads out of the image");
    if (part.size() > kMaxName) return bad("has a name of more than 255 bytes");
  }
  return parts;
}

Result<Marked> mark_of(std::string_view name) {
  constexpr std::string_view kWhiteout = ".wh.";
  constexpr std::string_view kReserved = ".wh..wh.";
  if (!name.starts_with(kWhiteout)) return Marked{};
  if (name == ".wh..wh..opq") return Marked{Mark::opaque};
  if (name.starts_with(kReserved)) return Marked{Mark::reserved};
  const std::string_view goes = name.substr(kWhiteout.size());
  if (goes.empty() || goes == "." || goes == "..")
    return fail(Errc::corrupt, fmt::format("the image takes away \"{}\", which is nothing", goes));
  return Marked{Mark::whiteout, std::string(goes)};
}

Result<Components> resolve_in_root(const Components& components, const ReadLink& read_link) {
  std::deque<std::string> ahead(components.begin(), components.end());
  Components reached;
  int links = 0;
  while (!ahead.empty()) {
    const std::string next = std::move(ahead.front());
    ahead.pop_front();
    if (next == "..") {
      if (!reached.empty()) reached.pop_back();
      continue;
    }
    reached.push_back(next);
    if (reached.size() > kMaxDepth) return fail(Errc::corrupt, "the image has folders more than 256 deep");
    const auto target = read_link(joined(reached));
    if (!target) continue;
    if (++links > kMaxLinks) return fail(Errc::corrupt, "the image has links that lead in a circle");
    if (target->size() > kMaxPath) return fail(Errc::corrupt, "the image has a link of more than 4096 bytes");
    reached.pop_back();
    if (target->starts_with('/')) reached.clear();
    const Components parts = split(*target);
    ahead.insert(ahead.begin(), parts.begin(), parts.end());
  }
  return reached;
}

}  // namespace hearth::container
