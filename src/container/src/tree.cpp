#include "tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hearth::container {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kFolderMode = 0755;
constexpr unsigned kReadable = 0444;
constexpr unsigned kExecutable = 0111;

std::unexpected<Error> failed(int err, std::string_view what) {
  if (err == ENOSPC || err == EDQUOT)
    return fail(Errc::resource_exhausted, "the disk was full before the image was unpacked; make room and try again");
  return fail_errno(err, what);
}

// An engine is another user: what its owner may read or run, all may.
unsigned file_mode(unsigned mode) {
  return (mode & 0777U) | kReadable | ((mode & kExecutable) != 0 ? kExecutable : 0U);
}

enum class There { nothing, folder, other };
Result<There> look(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) return S_ISDIR(info.st_mode) ? There::folder : There::other;
  if (errno == ENOENT) return There::nothing;
  return failed(errno, fmt::format("cannot look at {}", path.string()));
}

}  // namespace

Result<Components> Tree::resolved(const Components& path) const {
  return resolve_in_root(path, [this](const std::string& place) -> std::optional<std::string> {
    std::error_code ec;
    const fs::path target = fs::read_symlink(on_disk(place), ec);
    return ec ? std::nullopt : std::optional(target.string());
  });
}

Result<Components> Tree::place_of(const Components& path) {
  HEARTH_TRY_ASSIGN(Components place, resolved(Components(path.begin(), path.end() - 1)));
  std::string folder;
  for (const std::string& part : place) {
    folder += folder.empty() ? part : "/" + part;
    HEARTH_TRY_ASSIGN(const There there, look(on_disk(folder)));
    if (there == There::other)
      return fail(Errc::corrupt, fmt::format("the image has a file at {} and something in it", folder));
    if (there == There::nothing && ::mkdir(on_disk(folder).c_str(), kFolderMode) != 0)
      return failed(errno, fmt::format("cannot make the folder {}", folder));
    if (there == There::nothing) ::chmod(on_disk(folder).c_str(), kFolderMode);  // whatever the umask is
  }
  place.push_back(path.back());
  return place;
}

// Links are removed, not followed.
Result<void> Tree::make_way(const std::string& place) const {
  std::error_code ec;
  fs::remove_all(on_disk(place), ec);
  if (ec) return fail(Error(ec, fmt::format("cannot remove {}", place)));
  return {};
}

void Tree::note(const Components& place) {
  std::string path;
  for (const std::string& part : place) {
    path += path.empty() ? part : "/" + part;
    written_.insert(path);
  }
}

Result<void> Tree::add_folder(const Components& path, unsigned mode) {
  HEARTH_TRY_ASSIGN(const Components place, place_of(path));
  const std::string at = joined(place);
  HEARTH_TRY_ASSIGN(There there, look(on_disk(at)));
  if (there == There::other) {
    HEARTH_TRY(make_way(at));
    there = There::nothing;
  }
  if (there == There::nothing && ::mkdir(on_disk(at).c_str(), kFolderMode) != 0)
    return failed(errno, fmt::format("cannot make the folder {}", at));
  if (::chmod(on_disk(at).c_str(), (mode & 0777U) | kFolderMode) != 0)
    return failed(errno, fmt::format("cannot chmod {}", at));
  note(place);
  return {};
}

Result<Fd> Tree::add_file(const Components& path, unsigned mode) {
  HEARTH_TRY_ASSIGN(const Components place, place_of(path));
  const std::string at = joined(place);
  HEARTH_TRY(make_way(at));
  Fd fd(::open(on_disk(at).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed(errno, fmt::format("cannot make {}", at));
  if (::fchmod(fd.get(), file_mode(mode)) != 0) return failed(errno, fmt::format("cannot chmod {}", at));
  note(place);
  return fd;
}

Result<void> Tree::add_link(const Components& path, const std::string& target) {
  HEARTH_TRY_ASSIGN(const Components place, place_of(path));
  const std::string at = joined(place);
  HEARTH_TRY(make_way(at));
  if (::symlink(target.c_str(), on_disk(at).c_str()) != 0)
    return failed(errno, fmt::format("cannot make the link {}", at));
  note(place);
  return {};
}

Result<void> Tree::add_name(const Components& path, const Components& target) {
  HEARTH_TRY_ASSIGN(Components from, resolved(Components(target.begin(), target.end() - 1)));
  from.push_back(target.back());
  HEARTH_TRY_ASSIGN(const Components place, place_of(path));
  if (from == place) return {};
  struct stat info{};
  if (::lstat(on_disk(joined(from)).c_str(), &info) != 0 || S_ISDIR(info.st_mode))
    return fail(Errc::corrupt,
                fmt::format("the image has {} as another name of {}, which is no file", joined(place), joined(from)));
  const std::string at = joined(place);
  // It may be the folder that the other name lies in.
  if (joined(from).starts_with(at + "/"))
    return fail(Errc::corrupt, fmt::format("the image has {} as a file and as a folder", at));
  HEARTH_TRY(make_way(at));
  if (::linkat(AT_FDCWD, on_disk(joined(from)).c_str(), AT_FDCWD, on_disk(at).c_str(), 0) != 0)
    return failed(errno, fmt::format("cannot make {}", at));
  note(place);
  return {};
}

Result<void> Tree::empty_folder(const std::string& folder) const {
  std::vector<std::string> goes;
  std::error_code ec;
  for (fs::directory_iterator it(on_disk(folder), ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().filename().string();
    std::string at = folder.empty() ? name : fmt::format("{}/{}", folder, name);
    HEARTH_TRY_ASSIGN(const There there, look(on_disk(at)));
    if (!written_.contains(at)) {
      goes.push_back(std::move(at));
    } else if (there == There::folder) {
      HEARTH_TRY(empty_folder(at));
    }
  }
  if (ec) return fail(Error(ec, fmt::format("cannot look into {}", folder)));
  for (const std::string& at : goes) {
    HEARTH_TRY(make_way(at));
  }
  return {};
}

Result<bool> Tree::take_away(const Components& path) {
  HEARTH_TRY_ASSIGN(const Marked marked, mark_of(path.back()));
  if (marked.mark == Mark::none) return false;
  if (marked.mark == Mark::reserved) return true;
  HEARTH_TRY_ASSIGN(Components place, resolved(Components(path.begin(), path.end() - 1)));
  const std::string folder = joined(place);
  HEARTH_TRY_ASSIGN(const There there, look(on_disk(folder)));
  if (there != There::folder) return true;  // nothing is there to be taken away
  if (marked.mark == Mark::opaque) {
    HEARTH_TRY(empty_folder(folder));
    return true;
  }
  place.push_back(marked.name);
  const std::string at = joined(place);
  if (!written_.contains(at)) {
    HEARTH_TRY(make_way(at));
  }
  return true;
}

}  // namespace hearth::container
