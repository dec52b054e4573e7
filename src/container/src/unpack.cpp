#include "tree.h"

#include <hearth/container/unpack.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

namespace hearth::container {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

struct ArchiveFree {
  void operator()(archive* a) const noexcept { archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, ArchiveFree>;

Error broken(archive* a) {
  const char* says = archive_error_string(a);
  return {Errc::corrupt,
          fmt::format("a layer of the image cannot be read: {}", says != nullptr ? says : "it is damaged")};
}

// In the locale's bytes, or, where it has no such letters, in UTF-8.
std::string text_of(const char* bytes, const char* utf8) {
  return bytes != nullptr ? bytes : utf8 != nullptr ? utf8 : "";
}

class Unpacking {
 public:
  Unpacking(Archive archive, const std::filesystem::path& root, const UnpackLimits& limits)
      : archive_(std::move(archive)), tree_(root), limits_(limits), block_(kBlock) {}

  Result<Unpacked> run() {
    for (;;) {
      archive_entry* entry = nullptr;
      const int rc = archive_read_next_header(archive_.get(), &entry);
      if (rc == ARCHIVE_EOF) return done_;
      if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) return fail(broken(archive_.get()));
      if (++done_.entries > limits_.entries)
        return fail(Errc::too_large, "the image has more files than an engine pack may have");
      HEARTH_TRY(take(entry));
    }
  }

 private:
  Result<void> take(archive_entry* entry) {
    HEARTH_TRY_ASSIGN(const Components path,
                      clean_path(text_of(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry))));
    if (path.empty()) return {};
    HEARTH_TRY_ASSIGN(const bool was_mark, tree_.take_away(path));
    if (was_mark) return {};
    const auto mode = static_cast<unsigned>(archive_entry_perm(entry));
    const std::string other = text_of(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
    if (!other.empty()) return take_name(path, other);
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return tree_.add_folder(path, mode);
      case AE_IFREG:
        return take_file(path, mode);
      case AE_IFLNK:
        return take_link(path, text_of(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry)));
      default:
        ++done_.left_out;
        return {};
    }
  }

  Result<void> take_name(const Components& path, const std::string& other) {
    HEARTH_TRY_ASSIGN(const Components target, clean_path(other));
    if (target.empty()) return fail(Errc::corrupt, fmt::format("the image has {} as another name of /", joined(path)));
    return tree_.add_name(path, target);
  }

  Result<void> take_link(const Components& path, const std::string& target) {
    if (target.empty() || target.size() >= kMaxTarget)
      return fail(Errc::corrupt, fmt::format("the image has a link {} to nowhere", joined(path)));
    return tree_.add_link(path, target);
  }

  Result<void> take_file(const Components& path, unsigned mode) {
    HEARTH_TRY_ASSIGN(const Fd fd, tree_.add_file(path, mode));
    for (;;) {
      const la_ssize_t n = archive_read_data(archive_.get(), block_.data(), block_.size());
      if (n < 0) return fail(broken(archive_.get()));
      if (n == 0) return {};
      done_.bytes += static_cast<std::uint64_t>(n);
      if (done_.bytes > limits_.bytes)
        return fail(Errc::too_large, "the image is larger than an engine pack may be, or than there is room for");
      const auto written = write_all(fd.get(), {block_.data(), static_cast<std::size_t>(n)});
      if (!written && written.error().code() == std::errc::no_space_on_device)
        return fail(Errc::resource_exhausted,
                    "the disk was full before the image was unpacked; make room and try again");
      if (!written) return written;
    }
  }

  static constexpr std::size_t kMaxTarget = 4096;
  Archive archive_;
  Tree tree_;
  UnpackLimits limits_;
  Unpacked done_;
  std::vector<char> block_;
};

}  // namespace

Result<Unpacked> unpack_layer(const std::filesystem::path& layer, const std::filesystem::path& root,
                              const UnpackLimits& limits) {
  const Fd fd(::open(layer.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, fmt::format("cannot open {}", layer.string()));
  Archive archive(archive_read_new());
  if (archive == nullptr) return fail(Errc::internal, "libarchive cannot be initialised");
  archive_read_support_filter_gzip(archive.get());
  archive_read_support_filter_zstd(archive.get());
  archive_read_support_format_tar(archive.get());
  archive_read_support_format_empty(archive.get());
  if (archive_read_open_fd(archive.get(), fd.get(), kBlock) != ARCHIVE_OK) return fail(broken(archive.get()));
  return Unpacking(std::move(archive), root, limits).run();
}

}  // namespace hearth::container
