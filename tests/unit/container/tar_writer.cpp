#include "tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdlib>

namespace hearth::container {

TarWriter::TarWriter(const std::filesystem::path& file, Filter filter) : archive_(archive_write_new()) {
  archive_write_set_format_pax_restricted(archive_);
  if (filter == Filter::gzip) archive_write_add_filter_gzip(archive_);
  if (filter == Filter::zstd) archive_write_add_filter_zstd(archive_);
  if (archive_write_open_filename(archive_, file.c_str()) != ARCHIVE_OK) std::abort();
}

TarWriter::~TarWriter() {
  archive_write_close(archive_);
  archive_write_free(archive_);
}

void TarWriter::put(const std::string& path, unsigned type, unsigned mode, const std::string& content,
                    const std::string& link, const std::string& other) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, path.c_str());
  archive_entry_set_filetype(entry, type);
  archive_entry_set_perm(entry, static_cast<mode_t>(mode));
  archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  if (!link.empty()) archive_entry_set_symlink(entry, link.c_str());
  if (!other.empty()) archive_entry_set_hardlink(entry, other.c_str());
  if (archive_write_header(archive_, entry) != ARCHIVE_OK) std::abort();
  if (!content.empty()) archive_write_data(archive_, content.data(), content.size());
  archive_entry_free(entry);
}

TarWriter& TarWriter::folder(const std::string& path, unsigned mode) {
  put(path, AE_IFDIR, mode, {}, {}, {});
  return *this;
}
TarWriter& TarWriter::file(const std::string& path, const std::string& content, unsigned mode) {
  put(path, AE_IFREG, mode, content, {}, {});
  return *this;
}
TarWriter& TarWriter::link(const std::string& path, const std::string& target) {
  put(path, AE_IFLNK, 0777, {}, target, {});
  return *this;
}
TarWriter& TarWriter::name(const std::string& path, const std::string& other) {
  put(path, AE_IFREG, 0644, {}, {}, other);
  return *this;
}
TarWriter& TarWriter::device(const std::string& path) {
  put(path, AE_IFCHR, 0666, {}, {}, {});
  return *this;
}

}  // namespace hearth::container
