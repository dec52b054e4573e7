#include <hearth/core/ascii.h>
#include <hearth/core/byte_set.h>
#include <hearth/core/file.h>
#include <hearth/core/file_hash.h>
#include <hearth/core/ids.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace hearth {

Result<std::string> sha256_file(const std::filesystem::path& file) {
  constexpr std::size_t kBlock = 256 * 1024;
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, fmt::format("cannot open {}", file.string()));
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<unsigned char> block(kBlock);
  for (;;) {
    const ssize_t n = ::read(fd.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, fmt::format("cannot read {}", file.string()));
    if (n == 0) break;
    crypto_hash_sha256_update(&state, block.data(), static_cast<unsigned long long>(n));
  }
  std::array<char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state, reinterpret_cast<unsigned char*>(hash.data()));
  return to_hex(std::string_view(hash.data(), hash.size()));
}

bool is_sha256(std::string_view text) noexcept {
  static constexpr ByteSet kDigits([](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  return text.size() == 64 && kDigits.contains_all(text);
}

}  // namespace hearth
