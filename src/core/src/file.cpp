#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hearth {

namespace fs = std::filesystem;

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return fail(Errc::not_found, fmt::format("there is no file {}", path.string()));
    return fail_errno(errno, fmt::format("cannot read {}", path.string()));
  }
  std::string content;
  std::array<char, 64 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
    if (n == 0) return content;
    if (content.size() + static_cast<std::size_t>(n) > limit)
      return fail(Errc::too_large, fmt::format("{} is larger than {} bytes", path.string(), limit));
    content.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

Result<void> write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot write");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> write_file_atomic(const fs::path& path, std::string_view content, unsigned mode) {
  const fs::path beside = path.string() + ".new";
  Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail_errno(errno, fmt::format("cannot create {}", beside.string()));
  if (auto written = write_all(fd.get(), content); !written)
    return fail(written.error().wrap(fmt::format("cannot write {}", beside.string())));
  if (::fsync(fd.get()) != 0) return fail_errno(errno, fmt::format("cannot sync {}", beside.string()));
  fd.reset();
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return fail_errno(errno, fmt::format("cannot rename to {}", path.string()));
  const Fd dir(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) ::fsync(dir.get());
  return {};
}

Result<Fd> open_temporary(const fs::path& dir) {
  Fd fd(::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  std::string name = (dir / "spool.XXXXXX").string();  // a file system without O_TMPFILE (overlayfs on old kernels)
  fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return fail_errno(errno, fmt::format("cannot create a temporary file in {}", dir.string()));
  ::unlink(name.c_str());
  return fd;
}

}  // namespace hearth
