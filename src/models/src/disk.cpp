#include <hearth/models/disk.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(int err, std::string_view doing, const fs::path& path) {
  if (err == ENOSPC || err == EDQUOT)
    return fail(Errc::resource_exhausted,
                fmt::format("cannot {} {}: the disk is full. Free some space (hearth models gc, hearth models rm NAME)",
                            doing, path.string()));
  return fail_errno(err, fmt::format("cannot {} {}", doing, path.string()));
}

fs::path path_of(int fd) {
  std::error_code ec;
  fs::path path = fs::read_symlink(fmt::format("/proc/self/fd/{}", fd), ec);
  return ec ? fs::path("a file") : path;
}

}  // namespace

Result<Fd> Disk::open(const fs::path& path, int flags, unsigned mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return failed(errno, "open", path);
  return fd;
}

Result<void> Disk::write_at(int fd, std::uint64_t offset, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno, "write to", path_of(fd));
    data.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<void> Disk::sync(int fd) {
  if (::fsync(fd) != 0) return failed(errno, "sync", path_of(fd));
  return {};
}

Result<void> Disk::sync_folder(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return failed(errno, "open", path);
  if (::fsync(fd.get()) != 0) return failed(errno, "sync", path);
  return {};
}

Result<void> Disk::allocate(int fd, std::uint64_t bytes) {
  // Not posix_fallocate(): where the file system cannot reserve, it would write gigabytes of zeros.
  if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0) return {};
  if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) return {};
  return failed(errno, "reserve space for", path_of(fd));
}

Result<void> Disk::truncate(int fd, std::uint64_t bytes) {
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) return failed(errno, "shorten", path_of(fd));
  return {};
}

Result<void> Disk::make_folder(const fs::path& path) {
  // Engines, which are other users, read what lies here, whatever the umask; the data folder around it is private.
  if (::mkdir(path.c_str(), 0755) == 0) {
    if (::chmod(path.c_str(), 0755) != 0) return failed(errno, "set the rights of", path);
  } else if (errno != EEXIST) {
    return failed(errno, "make the folder", path);
  }
  return {};
}

Result<void> Disk::link(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) != 0) return failed(errno, "link", to);
  return {};
}

Result<void> Disk::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(errno, "rename to", to);
  return {};
}

Result<void> Disk::exchange(const fs::path& a, const fs::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0) return failed(errno, "replace", b);
  return {};
}

Result<void> Disk::remove(const fs::path& path) {
  std::error_code ec;
  fs::remove_all(path, ec);
  if (ec) return failed(ec.value(), "remove", path);
  return {};
}

Result<std::uint64_t> Disk::free_bytes(const fs::path& path) {
  struct statvfs s{};
  if (::statvfs(path.c_str(), &s) != 0) return failed(errno, "ask the free space of", path);
  return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
}

Result<void> Disk::write_file(const fs::path& path, std::string_view content, unsigned mode) {
  const fs::path beside = path.string() + ".new";
  // What is there already may be another name of a blob: it is removed, never written to.
  HEARTH_TRY(remove(beside));
  HEARTH_TRY_ASSIGN(Fd fd, open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  if (::fchmod(fd.get(), mode) != 0) return failed(errno, "set the rights of", beside);
  HEARTH_TRY(write_at(fd.get(), 0, content));
  HEARTH_TRY(sync(fd.get()));
  fd.reset();
  HEARTH_TRY(rename(beside, path));
  return sync_folder(path.parent_path());
}

}  // namespace hearth::models
