#include <hearth/core/file_hash.h>
#include <hearth/core/ids.h>
#include <hearth/engines/pack.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxLock = 1 << 20;
constexpr std::size_t kMaxFiles = 2000;
constexpr std::size_t kIdDigits = 12;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  while (!line.empty()) {
    const std::size_t space = std::min(line.find(' '), line.size());
    if (space > 0) found.push_back(line.substr(0, space));
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  return found;
}

Error damaged(std::string_view line) {
  return {Errc::corrupt,
          fmt::format("the pack's lock file has a line that is none of its own: \"{}\"; install the pack "
                      "anew",
                      line.substr(0, 80))};
}

// The name of a file in a folder, and no way out of it.
bool is_file_name(std::string_view text) {
  return text.find('/') == std::string_view::npos && text != "." && text != "..";
}

Result<PackFile> read_file_line(const std::vector<std::string_view>& w, std::string_view line) {
  PackFile file;
  if (w.size() != 7 || !is_sha256(w[5]) || !is_file_name(w[6])) return fail(damaged(line));
  const auto [end, ec] = std::from_chars(w[4].data(), w[4].data() + w[4].size(), file.size);
  if (ec != std::errc() || end != w[4].data() + w[4].size()) return fail(damaged(line));
  file.package = w[1];
  file.version = w[2];
  file.arch = w[3];
  file.sha256 = w[5];
  file.file = w[6];
  return file;
}

Result<void> read_line(PackLock& lock, std::string_view line) {
  const auto w = words(line);
  if (w.empty() || w[0].front() == '#') return {};
  if (w[0] == "file") {
    if (lock.files.size() >= kMaxFiles) return fail(Errc::too_large, "the pack's lock file lists too many files");
    HEARTH_TRY_ASSIGN(PackFile file, read_file_line(w, line));
    lock.files.push_back(std::move(file));
    return {};
  }
  if (w.size() != 2) return fail(damaged(line));
  std::string* field = w[0] == "pack"     ? &lock.name
                       : w[0] == "origin" ? &lock.origin
                       : w[0] == "suite"  ? &lock.suite
                       : w[0] == "arch"   ? &lock.arch
                       : w[0] == "image"  ? &lock.image
                                          : nullptr;
  if (field == nullptr) return fail(damaged(line));
  *field = w[1];
  return {};
}

}  // namespace

std::string format_lock(const PackLock& lock) {
  std::string text =
      "# What this version of the pack is made of: package, version, architecture, bytes, SHA-256, file.\n";
  text += fmt::format("pack {}\norigin {}\n", lock.name, lock.origin);
  if (!lock.suite.empty()) text += fmt::format("suite {}\n", lock.suite);
  if (!lock.arch.empty()) text += fmt::format("arch {}\n", lock.arch);
  if (!lock.image.empty()) text += fmt::format("image {}\n", lock.image);
  for (const PackFile& f : lock.files)
    text += fmt::format("file {} {} {} {} {} {}\n", f.package, f.version, f.arch, f.size, f.sha256, f.file);
  return text;
}

Result<PackLock> parse_lock(std::string_view text) {
  if (text.size() > kMaxLock) return fail(Errc::too_large, "the pack's lock file is larger than 1 MiB");
  PackLock lock;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    HEARTH_TRY(read_line(lock, text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!is_pack_name(lock.name) || lock.origin.empty()) return fail(damaged("(no name or origin)"));
  std::ranges::sort(lock.files, {}, &PackFile::package);
  return lock;
}

std::string pack_id(const PackLock& lock) {
  std::string text =
      fmt::format("1 {} {}\n", lock.origin, lock.arch);  // 1: how roots are made; grows when that changes
  std::vector<PackFile> files = lock.files;
  std::ranges::sort(files, {}, &PackFile::package);
  for (const PackFile& f : files) text += fmt::format("{} {} {} {}\n", f.package, f.version, f.arch, f.sha256);
  return fmt::format("{}-{}", lock.name, sha256_hex(text).substr(0, kIdDigits));
}

}  // namespace hearth::engines
