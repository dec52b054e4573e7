#include "pack_image.h"
#include "private_apt.h"

#include <hearth/core/file_hash.h>
#include <hearth/core/ids.h>
#include <hearth/core/units.h>
#include <hearth/engines/pack_install.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr Millis kUnpackTime{600'000};
constexpr std::uint64_t kSpareDisk = 32ULL << 20;
constexpr std::uint64_t kLargestImage = 32ULL << 30;
constexpr std::uint64_t kUnpacked = 5;  // a .deb's contents take at most about so many times its size
// Every folder an engine's sandbox may want to show something in, besides / itself.
constexpr std::array kSkeleton{"usr/bin",
                               "usr/sbin",
                               "usr/lib",
                               "usr/lib64",
                               "usr/libexec/hearth/engines",
                               "usr/local/libexec/hearth/engines",
                               "etc",
                               "proc",
                               "sys",
                               "dev",
                               "run",
                               "tmp"};
// Not needed to run anything. What says whose work it is (doc/*/copyright) stays.
constexpr std::array kNotNeeded{"usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian",
                                "usr/share/gdb", "usr/share/bug",    "var/cache",      "usr/share/bash-completion"};

// A folder in the store that goes unless it is kept.
class Unfinished {
 public:
  static Result<Unfinished> make(const fs::path& store) {
    Unfinished made(store / new_id(".new-"));
    std::error_code ec;
    fs::create_directories(made.path_, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", made.path_.string())));
    ::chmod(made.path_.c_str(), 0755);
    return made;
  }
  Unfinished(Unfinished&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Unfinished& operator=(Unfinished&&) = delete;
  ~Unfinished() {
    std::error_code ec;
    if (!path_.empty()) fs::remove_all(path_, ec);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  Result<void> keep_as(const fs::path& place) {
    std::error_code ec;
    // What lies there is damaged, or it would have been used; nothing else has this name.
    if (fs::exists(place, ec)) fs::rename(place, path_ / "replaced", ec);
    if (!ec) fs::rename(path_ / "version", place, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot rename to {}", place.string())));
    return sync_file_system(place.parent_path());
  }

 private:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<void> enough_room(const fs::path& folder, std::uint64_t needed) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0)
    return fail_errno(errno, fmt::format("cannot ask for the room left at {}", folder.string()));
  const std::uint64_t left = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (left >= needed) return {};
  return fail(Errc::resource_exhausted, fmt::format("the pack takes {} on the disk of {}, where {} are left; make room",
                                                    format_bytes(needed), folder.string(), format_bytes(left)));
}

Result<void> make_skeleton(const fs::path& root) {
  std::error_code ec;
  for (const char* folder : kSkeleton) {
    fs::create_directories(root / folder, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", (root / folder).string())));
  }
  for (const char* name : {"bin", "sbin", "lib", "lib64"}) {
    fs::create_symlink(fs::path("usr") / name, root / name, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the link {}", (root / name).string())));
  }
  // Whatever this process's umask is: the engine's user looks into them.
  for (fs::recursive_directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
    if (!it->is_symlink()) ::chmod(it->path().c_str(), 0755);
  }
  ::chmod(root.c_str(), 0755);
  return {};
}

Result<void> trim(const fs::path& root) {
  std::error_code ec;
  for (const char* folder : kNotNeeded) fs::remove_all(root / folder, ec);
  std::vector<fs::path> goes;
  for (fs::recursive_directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
    const fs::path& path = it->path();
    if (it->is_symlink()) continue;
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return fail_errno(errno, fmt::format("cannot look at {}", path.string()));
    // Nothing in a pack gives rights to who runs it.
    if (S_ISREG(info.st_mode) && (info.st_mode & 06000) != 0 && ::chmod(path.c_str(), info.st_mode & 01777) != 0)
      return fail_errno(errno, fmt::format("cannot chmod {}", path.string()));
    const bool doc = path.lexically_relative(root / "usr/share/doc").string().find("..") == std::string::npos;
    if (doc && S_ISREG(info.st_mode) && path.filename() != "copyright") goes.push_back(path);
  }
  if (ec) return fail(Error(ec, fmt::format("cannot look through {}", root.string())));
  for (const fs::path& path : goes) fs::remove(path, ec);
  return {};
}

Error explain_unpack(const PackFile& file, const ToolResult& result) {
  const bool full = result.errors.find("No space left") != std::string::npos;
  if (full)
    return {Errc::resource_exhausted,
            fmt::format("the disk was full before {} was unpacked; make room and try again", file.package)};
  std::string last = result.errors.substr(0, result.errors.find('\n'));
  return {Errc::corrupt, fmt::format("{} cannot be unpacked: {}", file.file, last)};
}

// One installation, with all that its steps need.
class Installer {
 public:
  Installer(const PackStore& store, const Recipe& recipe, const PackOptions& options, const OnPackProgress& progress,
            const std::stop_token& stop)
      : store_(store), recipe_(recipe), options_(options), progress_(progress), stop_(stop) {}

  Result<InstalledPack> run() {
    HEARTH_TRY_ASSIGN(const Fd busy, store_.exclusive());
    HEARTH_TRY(store_.remove_leftovers());
    if (!options_.containment.isolated())
      return fail(Errc::failed_precondition, fmt::format("packs take a sandbox: {}", options_.containment.problem));
    HEARTH_TRY(use());
    tell("activate", 0);
    const std::string before = store_.current(recipe_.name).value_or("");
    HEARTH_TRY(store_.activate(recipe_.name, id_));
    tell("activate", 1);
    return InstalledPack{.id = id_, .changed = before != id_, .made = made_, .note = note_};
  }

 private:
  void tell(std::string step, double fraction, std::string detail = {}) const {
    progress_({std::move(step), fraction, std::move(detail)});
  }

  Result<void> use() {
    using From = PackOptions::From;
    From from = options_.from;
    std::string image = options_.image;
    if (from == From::as_before) {
      HEARTH_TRY_ASSIGN(const auto locked, store_.locked(recipe_.name));
      const std::string_view origin = locked ? std::string_view(locked->origin) : std::string_view();
      from = origin == "system" ? From::system : origin == "oci" ? From::image : From::debian;
      if (from == From::image) image = locked->suite;
    }
    if (from == From::image) return use_image(image);
    return from == From::system ? use_host() : use_debian();
  }

  // By its name now, or, of the image that is locked, by the digests of then.
  Result<void> use_image(const std::string& image) {
    HEARTH_TRY_ASSIGN(auto source, ImageSource::open(image, options_.source.arch, options_.network.connect, stop_));
    HEARTH_TRY_ASSIGN(auto lock, store_.locked(recipe_.name));
    const bool ours = lock && lock->origin == "oci" && !options_.upgrade && lock->suite == source->name();
    if (!ours) {
      tell("resolve", 0, image);
      HEARTH_TRY_ASSIGN(lock, source->resolve(recipe_.name));
      tell("resolve", 1, fmt::format("{} layers", lock->files.size()));
    }
    if (reuse(*lock)) return {};
    if (!cached(*lock)) {
      std::uint64_t bytes = 0;
      for (const PackFile& file : lock->files) bytes += file.size;
      HEARTH_TRY(enough_room(store_.folder(), bytes * (kUnpacked + 1) + kSpareDisk));
      HEARTH_TRY(source->fetch(*lock, store_.debs(), [&](double fraction, std::uint64_t total) {
        tell("download", fraction, format_bytes(total));
      }));
    }
    return make(*lock);
  }

  Result<void> use_host() {
    const PackLock lock{.name = recipe_.name, .origin = "system", .suite = {}, .arch = {}, .files = {}};
    id_ = fmt::format("{}-system", recipe_.name);
    HEARTH_TRY_ASSIGN(Unfinished unfinished, Unfinished::make(store_.folder() / "store"));
    const fs::path version = unfinished.path() / "version";
    std::error_code ec;
    fs::create_directories(version, ec);
    if (!ec) fs::create_directory_symlink("/", version / "root", ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make {}", version.string())));
    HEARTH_TRY(write_file_atomic(version / "lock", format_lock(lock)));
    HEARTH_TRY(pass_canary(version, unfinished.path()));
    made_ = true;
    return unfinished.keep_as(store_.version(id_));
  }

  Result<void> use_debian() {
    HEARTH_TRY_ASSIGN(auto locked, store_.locked(recipe_.name));
    const bool ours = locked && locked->origin == "debian" && !options_.upgrade &&
                      (options_.source.arch.empty() || options_.source.arch == locked->arch) &&
                      locked->suite == options_.source.suite;
    if (ours) {
      const auto made = use_locked(*locked);
      if (made) return {};
      if (!made.error().is(Errc::not_found)) return fail(made.error());
      note_ = fmt::format("the locked version is gone from {} ({}); the newest was taken and is locked now",
                          options_.source.suite, made.error().describe());
    }
    return use_newest();
  }

  // The version that is locked. not_found when it cannot be had any more.
  Result<void> use_locked(const PackLock& lock) {
    if (reuse(lock)) return {};
    if (cached(lock)) return make(lock);
    HEARTH_TRY(open_apt());
    HEARTH_TRY_ASSIGN(const PackLock found, resolve(exactly(lock)));
    if (found.files != lock.files) return fail(Errc::not_found, "a package of the same version is another file now");
    return fetch_and_make(lock);
  }

  Result<void> use_newest() {
    HEARTH_TRY(open_apt());
    std::vector<std::string> wanted = recipe_.packages;
    for (const std::string& package : recipe_.libraries_of) {
      HEARTH_TRY_ASSIGN(const auto libraries, apt_->libraries_of(package));
      wanted.insert(wanted.end(), libraries.begin(), libraries.end());
    }
    HEARTH_TRY_ASSIGN(const PackLock lock, resolve(wanted));
    if (reuse(lock)) return {};
    if (cached(lock)) return make(lock);
    return fetch_and_make(lock);
  }

  // A version that is there and whole.
  bool reuse(const PackLock& lock) {
    id_ = pack_id(lock);
    std::error_code ec;
    if (!fs::exists(store_.version(id_) / "lock", ec)) return false;
    auto scratch = Unfinished::make(store_.folder() / "store");
    return scratch && pass_canary(store_.version(id_), scratch->path()).has_value();
  }

  // Are all .debs of it there, unharmed? One that is harmed is removed.
  bool cached(const PackLock& lock) const {
    bool all = true;
    double done = 0;
    for (const PackFile& file : lock.files) {
      const fs::path path = store_.debs() / file.file;
      const auto hash = sha256_file(path);
      tell("verify", ++done / static_cast<double>(lock.files.size()), file.package);
      if (hash && *hash == file.sha256) continue;
      std::error_code ec;
      fs::remove(path, ec);
      all = false;
    }
    return all;
  }

  Result<void> open_apt() {
    if (apt_) return {};
    tell("index", 0, options_.source.mirror);
    HEARTH_TRY_ASSIGN(PrivateApt apt, PrivateApt::open(store_.folder() / "apt", options_.source, way_out(), stop_));
    HEARTH_TRY(apt.update());
    apt_ = std::move(apt);
    tell("index", 1);
    return {};
  }

  static std::vector<std::string> exactly(const PackLock& lock) {
    std::vector<std::string> wanted;
    for (const PackFile& file : lock.files) wanted.push_back(fmt::format("{}={}", file.package, file.version));
    return wanted;
  }

  Result<PackLock> resolve(const std::vector<std::string>& wanted) {
    tell("resolve", 0);
    PackLock lock{
        .name = recipe_.name, .origin = "debian", .suite = options_.source.suite, .arch = apt_->arch(), .files = {}};
    HEARTH_TRY_ASSIGN(lock.files, apt_->resolve(wanted));
    if (lock.files.empty()) return fail(Errc::internal, "apt found nothing to fetch for the pack");
    tell("resolve", 1, fmt::format("{} packages", lock.files.size()));
    return lock;
  }

  Result<void> fetch_and_make(const PackLock& lock) {
    std::uint64_t bytes = 0;
    for (const PackFile& file : lock.files) bytes += file.size;
    HEARTH_TRY(enough_room(store_.folder(), bytes * (kUnpacked + 1) + kSpareDisk));
    tell("download", 0, format_bytes(bytes));
    HEARTH_TRY(apt_->download(exactly(lock), store_.debs(), [&](double fraction) {
      tell("download", fraction,
           fmt::format("{} of {}", format_bytes(static_cast<std::uint64_t>(fraction * static_cast<double>(bytes))),
                       format_bytes(bytes)));
    }));
    tell("download", 1, format_bytes(bytes));
    if (!cached(lock)) return fail(Errc::corrupt, "a fetched package is not the file that the index names; try again");
    return make(lock);
  }

  // From .debs that are there and verified to a version in the store that passed its canary.
  Result<void> make(const PackLock& lock) {
    id_ = pack_id(lock);
    std::uint64_t bytes = 0;
    for (const PackFile& file : lock.files) bytes += file.size;
    HEARTH_TRY(enough_room(store_.folder(), bytes * kUnpacked + kSpareDisk));
    HEARTH_TRY_ASSIGN(Unfinished unfinished, Unfinished::make(store_.folder() / "store"));
    const fs::path version = unfinished.path() / "version";
    HEARTH_TRY(unpack(lock, version / "root"));
    HEARTH_TRY(write_file_atomic(version / "lock", format_lock(lock)));
    HEARTH_TRY(pass_canary(version, unfinished.path()));
    HEARTH_TRY(sync_file_system(version));
    made_ = true;
    return unfinished.keep_as(store_.version(id_));
  }

  Result<void> unpack(const PackLock& lock, const fs::path& root) {
    std::error_code ec;
    fs::create_directories(root, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", root.string())));
    ::chmod(root.parent_path().c_str(), 0755);
    HEARTH_TRY(make_skeleton(root));
    if (lock.origin == "oci") {
      HEARTH_TRY(unpack_image(
          lock, store_.debs(), root, room_for_image(), options_.containment,
          [&](double fraction, std::uint64_t bytes) {
            tell("unpack", fraction, bytes == 0 ? std::string() : format_bytes(bytes));
          },
          stop_));
      return fit_out_image(root, recipe_);
    }
    double done = 0;
    for (const PackFile& file : lock.files) {
      tell("unpack", done++ / static_cast<double>(lock.files.size()), file.package);
      const Tool tool{.command = {"/usr/bin/dpkg-deb", "-x", (store_.debs() / file.file).string(), root.string()},
                      .environment = {{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}},
                      .time = kUnpackTime,
                      .stop = stop_};
      HEARTH_TRY_ASSIGN(const ToolResult result, run_tool(tool));
      if (!result.status.clean()) return fail(explain_unpack(file, result));
    }
    tell("unpack", 1);
    return trim(root);
  }

  [[nodiscard]] AptNetwork way_out() const {
    if (options_.network.proxy.empty()) return {};
    return {.proxy = options_.network.proxy,
            .names = options_.network.names,
            .bubblewrap = options_.containment.bubblewrap,
            .writable = store_.folder()};
  }

  // What an image may take unpacked: what the disk has, and no more than any engine needs.
  [[nodiscard]] std::uint64_t room_for_image() const {
    struct statvfs disk{};
    if (::statvfs(store_.folder().c_str(), &disk) != 0) return kLargestImage;
    const std::uint64_t left = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    return std::min(kLargestImage, left - std::min(left, kSpareDisk));
  }

  Result<void> pass_canary(const fs::path& version, const fs::path& beside) const {
    tell("canary", 0);
    HEARTH_TRY_ASSIGN(PackRoot root, open_pack(version));
    root.id = id_;
    const fs::path scratch = beside / "trial";
    std::error_code ec;
    fs::create_directories(scratch, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", scratch.string())));
    ::chmod(scratch.c_str(), 0755);
    HEARTH_TRY(try_pack(root, recipe_, options_, scratch, stop_));
    tell("canary", 1);
    return {};
  }

  const PackStore& store_;
  const Recipe& recipe_;
  const PackOptions& options_;
  const OnPackProgress& progress_;
  const std::stop_token& stop_;
  std::optional<PrivateApt> apt_;
  std::string id_;
  std::string note_;
  bool made_ = false;
};

}  // namespace

Result<InstalledPack> install_pack(const PackStore& store, const Recipe& recipe, const PackOptions& options,
                                   const OnPackProgress& on_progress, const std::stop_token& stop) {
  return Installer(store, recipe, options, on_progress, stop).run();
}

}  // namespace hearth::engines
