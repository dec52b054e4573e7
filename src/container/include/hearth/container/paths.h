// Where the entries of a layer belong: whatever an archive says, inside the root and nowhere else. Pure; fuzzed.
#pragma once

#include <hearth/core/error.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::container {

using Components = std::vector<std::string>;

// "./usr//bin/", "/usr/bin" → {"usr", "bin"}; the root itself is empty. corrupt: "..", a NUL, a name of more than 255
// bytes, more than 4096 bytes or 256 folders in all.
Result<Components> clean_path(std::string_view path);

// Names by which a layer takes something of the layers below away (OCI image specification, "Whiteouts").
enum class Mark {
  none,
  whiteout,  // ".wh.NAME": NAME
  opaque,    // ".wh..wh..opq": everything in this folder
  reserved,  // other names that begin with ".wh..wh.": nobody's business
};
struct Marked {
  Mark mark = Mark::none;
  std::string name{};  // whiteout: what goes
};
// corrupt: a whiteout of nothing, "." or "..".
Result<Marked> mark_of(std::string_view name);

// The target of the symbolic link at `path` (relative to the root, "usr/lib"); nullopt: there is no link.
using ReadLink = std::function<std::optional<std::string>(const std::string& path)>;
// Where `components` lead when links on the way are followed as they are inside of the root: ".." at its top stays
// there, absolute targets begin there. No component of the result is a link, "." or "..". corrupt: more than 40 links.
Result<Components> resolve_in_root(const Components& components, const ReadLink& read_link);

// "usr/bin"; the root is "".
std::string joined(const Components& components);

}  // namespace hearth::container
