#include <hearth/store/data_lock.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hearth::store {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& folder, const std::error_code& why) {
  return fail(Errc::failed_precondition,
              fmt::format("the data folder {} cannot be written ({}); make it belong to the user that runs hearthd, or "
                          "choose another with --data",
                          folder.string(), why.message()));
}

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < n && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
       ++i)
    pid.push_back(text[static_cast<std::size_t>(i)]);
  return pid.empty() ? "another hearthd" : fmt::format("another hearthd (process {})", pid);
}

}  // namespace

Result<DataLock> DataLock::acquire(const std::filesystem::path& folder) {
  std::error_code ec;
  if (std::filesystem::create_directories(folder, ec))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
  if (ec) return unusable(folder, ec);
  Fd fd(::open((folder / "hearthd.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return unusable(folder, {errno, std::generic_category()});
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(errno, fmt::format("cannot lock {}", folder.string()));
    return fail(
        Errc::failed_precondition,
        fmt::format("the data folder {} is in use by {}; stop it, or give this one a folder of its own with --data",
                    folder.string(), holder_of(fd.get())));
  }
  // Who holds it is a courtesy to the next reader: a full disk must not stop the daemon here.
  if (::ftruncate(fd.get(), 0) == 0) (void)write_all(fd.get(), fmt::format("{}\n", ::getpid()));
  return DataLock(std::move(fd));
}

}  // namespace hearth::store
