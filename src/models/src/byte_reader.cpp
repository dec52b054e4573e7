#include "byte_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hearth::models {

Result<FileSource> FileSource::open(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe by that name must not make us wait for its writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return fail(Errc::not_found, fmt::format("there is no {}", path.string()));
    return fail_errno(error, "opening " + path.string());
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "reading the size of " + path.string());
  if (!S_ISREG(status.st_mode))
    return fail(Errc::unsupported, path.string() + " is not a file; name the model file itself");
  return FileSource(std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Result<void> FileSource::read(std::uint64_t offset, std::span<char> into) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "reading a model file");
    if (got == 0)
      return fail(Errc::corrupt, fmt::format("the file has become shorter than {} bytes while it was read", offset));
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

void ByteReader::fail_at(std::uint64_t at, std::string_view what) {
  if (!error_) error_ = Error(Errc::corrupt, fmt::format("at byte {}: {}", at, what));
}

bool ByteReader::load() {
  if (position_ >= buffer_at_ && position_ < buffer_at_ + buffered_) return true;
  const std::uint64_t wanted = std::min<std::uint64_t>(kBuffer, source_.size() - position_);
  buffer_at_ = position_;
  buffered_ = 0;
  if (const auto read = source_.read(position_, std::span(buffer_).first(wanted)); !read) {
    error_ = read.error();
    return false;
  }
  buffered_ = wanted;
  return true;
}

void ByteReader::fill(std::span<char> into) {
  if (failed()) return;
  if (into.size() > end_ - position_) {
    fail_here(end_ == source_.size() ? "the file ends in the middle of its header"
                                     : "a value reaches past the end of what it belongs to");
    return;
  }
  while (!into.empty()) {
    if (!load()) return;
    const auto start = static_cast<std::size_t>(position_ - buffer_at_);
    const std::size_t count = std::min(into.size(), buffered_ - start);
    std::memcpy(into.data(), buffer_.data() + start, count);
    position_ += count;
    into = into.subspan(count);
  }
}

std::string ByteReader::text(std::uint64_t length, std::uint64_t most, std::string_view what) {
  if (length > most) {
    fail_here(fmt::format("{} would be {} bytes long; {} are the most", what, length, most));
    return {};
  }
  return text_prefix(length, most, what);
}

std::string ByteReader::text_prefix(std::uint64_t length, std::uint64_t most, std::string_view what) {
  if (failed()) return {};
  if (length > end_ - position_) {
    fail_here(fmt::format("{} would be {} bytes long, but only {} are left", what, length, end_ - position_));
    return {};
  }
  std::string value(static_cast<std::size_t>(std::min(length, most)), '\0');
  fill(value);
  if (length > most) skip(length - most, what);
  if (failed()) return {};
  return value;
}

void ByteReader::skip(std::uint64_t count, std::string_view what) {
  if (failed()) return;
  if (count > end_ - position_) {
    fail_here(fmt::format("{} would be {} bytes long, but only {} are left", what, count, end_ - position_));
    return;
  }
  position_ += count;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  const std::uint64_t start = position_;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = number<std::uint8_t>();
    if (failed()) return 0;
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
    if ((byte & 0x80u) == 0) return value;
  }
  fail_at(start, "a number is longer than 64 bits");
  return 0;
}

}  // namespace hearth::models
