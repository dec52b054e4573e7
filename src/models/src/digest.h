// SHA-256 of a stream, and the name git gives to a file's content (what Hugging Face lists for small files).
#pragma once

#include <hearth/core/error.h>

#include <openssl/evp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace hearth::models {

class Hasher {
 public:
  static Hasher sha256();
  // SHA-1 over git's header and the content, which has `bytes` bytes.
  static Hasher git_blob(std::uint64_t bytes);
  void update(std::string_view data);
  std::string hex();  // once

 private:
  explicit Hasher(const EVP_MD* algorithm);
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct FileDigest {
  std::string sha256;
  std::string git_oid;  // only when asked for
  std::uint64_t bytes = 0;
};
enum class WithGit { no, yes };
// Reads the whole file past the page cache's memory of it where the system lets go. io_error, not_found, cancelled.
Result<FileDigest> digest_file(const std::filesystem::path& path, WithGit git, const std::stop_token& stop);

}  // namespace hearth::models
