#include "mapped_file.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

namespace hearth::embed {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fail(Errc::not_found, fmt::format("{} is missing", path.string()));
  if (!fd) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(errno, fmt::format("cannot examine {}", path.string()));
  if (!S_ISREG(info.st_mode)) return fail(Errc::corrupt, fmt::format("{} is not a file", path.string()));
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return fail(Errc::corrupt, fmt::format("{} is empty", path.string()));
  if (size > limit)
    return fail(Errc::too_large, fmt::format("{} has {} bytes, more than {}", path.string(), size, limit));
  // Populated at once: the checksum reads every page anyway, and one call is cheaper than a fault a page.
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (at == MAP_FAILED) return fail_errno(errno, fmt::format("cannot map {}", path.string()));
  return MappedFile({static_cast<const std::byte*>(at), size});
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  // munmap's parameter is not const; nothing is written.
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace hearth::embed
