#include "digest.h"

#include <hearth/core/file.h>
#include <hearth/core/ids.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <vector>

namespace hearth::models {

Hasher::Hasher(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) throw std::bad_alloc();
}

Hasher Hasher::sha256() {
  return Hasher(EVP_sha256());
}

Hasher Hasher::git_blob(std::uint64_t bytes) {
  Hasher hasher(EVP_sha1());
  const std::string header = fmt::format("blob {}", bytes);
  hasher.update({header.c_str(), header.size() + 1});
  return hasher;
}

void Hasher::update(std::string_view data) {
  EVP_DigestUpdate(context_.get(), data.data(), data.size());
}

std::string Hasher::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

Result<FileDigest> digest_file(const std::filesystem::path& path, WithGit git, const std::stop_token& stop) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fail(Errc::not_found, fmt::format("there is no file {}", path.string()));
  if (!fd) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_argument, fmt::format("{} is no file", path.string()));
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  FileDigest digest;
  Hasher sha256 = Hasher::sha256();
  std::optional<Hasher> oid;
  if (git == WithGit::yes) oid = Hasher::git_blob(static_cast<std::uint64_t>(status.st_size));
  std::vector<char> buffer(std::size_t{1} << 20U);
  for (;;) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "stopped");
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
    if (n == 0) break;
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    sha256.update(piece);
    if (oid) oid->update(piece);
    digest.bytes += piece.size();
  }
  digest.sha256 = sha256.hex();
  if (oid) digest.git_oid = oid->hex();
  return digest;
}

}  // namespace hearth::models
