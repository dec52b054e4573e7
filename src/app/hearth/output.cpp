#include "output.h"

#include "exit_code.h"
#include "interrupt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace hearth::tool {
namespace {

std::unexpected<Error> cannot_write(const std::string& path, int err) {
  const std::string why = std::strerror(err);
  if (err == ENOENT) return fail(Errc::not_found, fmt::format("Can't write {}: there is no such folder", path));
  if (err == EACCES || err == EPERM || err == EROFS)
    return fail(Errc::permission_denied, fmt::format("Can't write {}: {}", path, why));
  return fail(Errc::io_error, fmt::format("Can't write {}: {}", path, why));
}

Result<void> write_fully(int fd, std::string_view data, const std::string& name) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return fail(Error(broken_pipe_code(), "who read the output has gone"));
    if (n < 0) return cannot_write(name, errno);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// The mode that a newly made file would get.
mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return static_cast<mode_t>(0666 & ~mask);
}

}  // namespace

Result<Output> Output::open(const std::string& path) {
  if (path.empty() || path == "-") return Output(Fd(), "standard output", {});
  struct stat info{};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return fail(Errc::invalid_argument, fmt::format("Can't write {}: it is a folder", path));
  if (exists && !S_ISREG(info.st_mode)) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return cannot_write(path, errno);
    return Output(std::move(fd), path, {});
  }
  std::error_code ec;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(path, ec);
  const std::string target = ec ? path : resolved.string();
  std::string temporary = target + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return cannot_write(path, errno);
  remove_on_interrupt(temporary);
  ::fchmod(fd.get(), exists ? info.st_mode & 07777U : usual_mode());
  return Output(std::move(fd), target, std::move(temporary));
}

Output::Output(Output&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})) {}

Output::~Output() {
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  remove_on_interrupt({});
}

Result<void> Output::write(std::string_view data) {
  return write_fully(fd(), data, path_);
}

Result<void> Output::write_at_start(std::string_view data) {
  const ssize_t n = ::pwrite(fd(), data.data(), data.size(), 0);
  if (n != static_cast<ssize_t>(data.size())) return cannot_write(path_, n < 0 ? errno : ENOSPC);
  return {};
}

Result<void> Output::finish() {
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(path_, errno);
  temporary_.clear();
  remove_on_interrupt({});
  return {};
}

Result<void> print(std::string_view text) {
  return write_fully(STDOUT_FILENO, text, "standard output");
}

void complain(std::string_view text) {
  std::string line(text);
  line += '\n';
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

Result<std::string> read_stdin(std::size_t limit) {
  std::string out;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Errc::io_error, fmt::format("Can't read standard input: {}", std::strerror(errno)));
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > limit)
      return fail(Errc::too_large, fmt::format("Standard input is larger than {} bytes", limit));
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace hearth::tool
