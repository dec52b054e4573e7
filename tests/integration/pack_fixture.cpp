// The program in the packs that tests make: says what its pack's version file says, and fails when that is "broken".
// Static, so that such a pack needs nothing else.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

int main() {
  std::array<char, 256> text{};
  const int fd = ::open("/usr/share/demo/version", O_RDONLY | O_CLOEXEC);
  const ssize_t n = fd < 0 ? -1 : ::read(fd, text.data(), text.size());
  if (n <= 0) return 2;
  const std::string_view version(text.data(), static_cast<std::size_t>(n));
  if (::write(STDOUT_FILENO, version.data(), version.size()) != n) return 4;
  return version.starts_with("broken") ? 3 : 0;
}
