#include "tree.h"

#include "text.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hearth::hardware {
namespace {

constexpr std::size_t kMaxNames = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Numbers inside names compare as numbers.
bool natural_less(const std::string& a, const std::string& b) {
  const auto split = [](const std::string& s) {
    std::size_t at = s.size();
    while (at > 0 && s.size() - at < 9 && is_digit(s[at - 1])) --at;
    return std::pair(std::string_view(s).substr(0, at), whole_number(std::string_view(s).substr(at)).value_or(0));
  };
  const auto x = split(a);
  const auto y = split(b);
  return x != y ? x < y : a < b;
}

}  // namespace

std::optional<std::uint64_t> whole_number(std::string_view text) {
  text = trim(text);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string uevent_value(std::string_view uevent, std::string_view name) {
  return std::string(field(uevent, name, '=').value_or(""));
}

std::optional<std::string> Tree::text(std::string_view path, std::size_t limit) const {
  // Not blocking: a queue or a terminal in a file's place must not hold us up.
  const Fd fd(::open(at(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::string content;
  std::array<char, 16 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (content.size() < limit) {
    const ssize_t n = ::read(fd.get(), buffer.data(), std::min(buffer.size(), limit - content.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;  // some attributes of sleeping devices say so
    if (n == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(n));
  }
  while (!content.empty() && (content.back() == '\n' || content.back() == ' ' || content.back() == '\0'))
    content.pop_back();
  return content;
}

std::optional<std::uint64_t> Tree::number(std::string_view path) const {
  return text(path, 64).and_then([](const std::string& t) { return whole_number(t); });
}

std::optional<std::int64_t> Tree::signed_number(std::string_view path) const {
  const auto found = text(path, 64);
  if (!found) return std::nullopt;
  const std::string_view digits = trim(*found);
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::vector<std::string> Tree::names(std::string_view folder, std::string_view prefix) const {
  std::vector<std::string> found;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(at(folder), ec), end; !ec && it != end && found.size() < kMaxNames;
       it.increment(ec)) {
    std::string name = it->path().filename().string();
    if (name.starts_with(prefix)) found.push_back(std::move(name));
  }
  std::ranges::sort(found, natural_less);
  return found;
}

std::vector<std::string> Tree::numbered(std::string_view folder, std::string_view prefix) const {
  std::vector<std::string> found = names(folder, prefix);
  std::erase_if(found, [&](const std::string& name) {
    const std::string_view rest = std::string_view(name).substr(prefix.size());
    return rest.empty() || rest.size() > 9 || !std::ranges::all_of(rest, is_digit);
  });
  return found;
}

bool Tree::exists(std::string_view path) const {
  return ::access(at(path).c_str(), F_OK) == 0;
}

bool Tree::refused(std::string_view path) const {
  return exists(path) && ::access(at(path).c_str(), R_OK) != 0;
}

bool Tree::accessible(std::string_view path) const {
  return ::access(at(path).c_str(), R_OK | W_OK) == 0;
}

}  // namespace hearth::hardware
