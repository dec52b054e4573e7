#include <hearth/engines/pack_store.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLock = 1 << 20;
constexpr std::string_view kUnfinished = ".new-";

Result<void> make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", folder.string())));
  return {};
}

std::optional<std::string> target_of(const fs::path& link) {
  std::error_code ec;
  const fs::path target = fs::read_symlink(link, ec);
  if (ec) return std::nullopt;
  return target.filename().string();
}

Result<void> sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(errno, fmt::format("cannot sync {}", folder.string()));
  return {};
}

// One rename: the link leads to the old version or to the new one.
Result<void> point(const fs::path& link, std::string_view id) {
  const fs::path beside = link.parent_path() / fmt::format("{}{}", kUnfinished, link.filename().string());
  std::error_code ec;
  fs::remove(beside, ec);
  fs::create_directory_symlink(fs::path("../store") / id, beside, ec);
  if (!ec) fs::rename(beside, link, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot set the link {}", link.string())));
  return sync_folder(link.parent_path());
}

std::uint64_t size_of(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code none;
    if (it->symlink_status(none).type() == fs::file_type::regular) bytes += it->file_size(none);
  }
  return bytes;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> pack_names(const fs::path& packs) {
  std::vector<std::string> names;
  for (const fs::path& entry : entries(packs)) {
    std::error_code ec;
    const std::string name = entry.filename().string();
    if (is_pack_name(name) && (fs::is_symlink(entry / "current", ec) || fs::exists(entry / "lock", ec)))
      names.push_back(name);
  }
  return names;
}

Result<void> discard(const fs::path& path) {
  std::error_code ec;
  fs::remove_all(path, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot remove {}", path.string())));
  return {};
}

Result<std::optional<PackLock>> read_lock(const fs::path& file) {
  const auto text = read_file(file, kMaxLock);
  if (!text && text.error().is(Errc::not_found)) return std::nullopt;
  if (!text) return fail(text.error());
  HEARTH_TRY_ASSIGN(PackLock lock, parse_lock(*text));
  return lock;
}

PackStatus status_of(const PackStore& store, const std::string& name) {
  PackStatus status;
  status.name = name;
  status.current = store.current(name).value_or("");
  status.previous = store.previous(name).value_or("");
  const auto root = current_pack(store.folder(), name);
  if (!root) {
    status.current.clear();
    status.problem = root.error().message();
  } else if (!is_host(*root)) {
    status.bytes = size_of(root->path);
  }
  auto lock = store.locked(name);
  if (!lock) status.problem = lock.error().message();
  if (lock && *lock) {
    status.origin = (*lock)->origin;
    status.suite = (*lock)->suite;
    status.files = std::move((*lock)->files);
  }
  return status;
}

}  // namespace

Result<void> sync_file_system(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0)
    return fail_errno(errno, fmt::format("cannot write {} to the disk", folder.string()));
  return {};
}

Result<Fd> PackStore::exclusive() const {
  HEARTH_TRY(make_folder(packs_ / "store"));
  HEARTH_TRY(make_folder(debs()));
  const fs::path file = packs_ / "busy";
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, fmt::format("cannot open {}", file.string()));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::resource_exhausted, "another pack is being installed; try again when that is done");
  return fd;
}

std::vector<PackStatus> PackStore::list() const {
  std::vector<PackStatus> all;
  for (const std::string& name : pack_names(packs_)) all.push_back(status_of(*this, name));
  return all;
}

std::optional<std::string> PackStore::current(std::string_view name) const {
  return target_of(packs_ / name / "current");
}
std::optional<std::string> PackStore::previous(std::string_view name) const {
  return target_of(packs_ / name / "previous");
}
std::optional<std::string> PackStore::stray(std::string_view name) const {
  if (current(name)) return std::nullopt;
  std::optional<std::string> found;
  fs::file_time_type newest;
  for (const fs::path& entry : entries(packs_ / "store")) {
    const auto lock = read_lock(entry / "lock");
    if (!lock || !*lock || (*lock)->name != name || entry.filename().string().starts_with(kUnfinished)) continue;
    std::error_code ec;
    const auto when = fs::last_write_time(entry / "lock", ec);
    if (ec || (found && when <= newest)) continue;
    found = entry.filename().string();
    newest = when;
  }
  return found;
}
Result<std::optional<PackLock>> PackStore::locked(std::string_view name) const {
  return read_lock(packs_ / name / "lock");
}

Result<void> PackStore::activate(std::string_view name, std::string_view id) const {
  HEARTH_TRY_ASSIGN(const auto lock, read_lock(version(id) / "lock"));
  if (!lock) return fail(Errc::not_found, fmt::format("there is no version {} of the pack {}", id, name));
  const fs::path folder = packs_ / name;
  HEARTH_TRY(make_folder(folder));
  const auto before = current(name);
  // In this order: after a power cut in between, current still leads to a version that works.
  if (before && *before != id) {
    HEARTH_TRY(point(folder / "previous", *before));
  }
  HEARTH_TRY(point(folder / "current", id));
  HEARTH_TRY(write_file_atomic(folder / "lock", format_lock(*lock)));
  return sync_folder(packs_);
}

Result<std::string> PackStore::rollback(std::string_view name) const {
  const auto back = is_pack_name(name) ? previous(name) : std::nullopt;
  if (!back)
    return fail(Errc::not_found, fmt::format("the pack {} has no previous version to go back to", name.substr(0, 64)));
  HEARTH_TRY(activate(name, *back));
  return *back;
}

Result<void> PackStore::deactivate(std::string_view name) const {
  HEARTH_TRY(discard(packs_ / name / "current"));
  HEARTH_TRY(discard(packs_ / name / "lock"));
  return sync_folder(packs_ / name);
}

Result<void> PackStore::remove_leftovers() const {
  for (const fs::path& entry : entries(packs_ / "store")) {
    if (entry.filename().string().starts_with(kUnfinished)) {
      HEARTH_TRY(discard(entry));
    }
  }
  return {};
}

Result<void> PackStore::collect_garbage() const {
  HEARTH_TRY(remove_leftovers());
  std::set<std::string> kept;
  for (const std::string& name : pack_names(packs_)) {
    for (const auto& id : {current(name), previous(name)}) {
      if (id) kept.insert(*id);
    }
  }
  std::set<std::string> debs_kept;
  for (const fs::path& entry : entries(packs_ / "store")) {
    if (!kept.contains(entry.filename().string())) {
      HEARTH_TRY(discard(entry));
      continue;
    }
    HEARTH_TRY_ASSIGN(const auto lock, read_lock(entry / "lock"));
    if (lock) {
      for (const PackFile& file : lock->files) debs_kept.insert(file.file);
    }
  }
  // A pack whose folder was deleted is made again from its lock and these.
  for (const std::string& name : pack_names(packs_)) {
    const auto lock = locked(name);
    if (!lock || !*lock) continue;
    for (const PackFile& file : (*lock)->files) debs_kept.insert(file.file);
  }
  for (const fs::path& entry : entries(debs())) {
    const fs::path kind = entry.extension();
    if ((kind == ".deb" || kind == ".layer" || kind == ".part") && !debs_kept.contains(entry.filename().string())) {
      HEARTH_TRY(discard(entry));
    }
  }
  return {};
}

}  // namespace hearth::engines
