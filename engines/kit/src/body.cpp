#include <hearth/kit/engine.h>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace hearth::kit {

Result<Body> Body::receive(Request& request, const Options& options, std::uint64_t limit) {
  Body body;
  std::array<char, 64 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::size_t n, request.read(buffer));
    if (n == 0) return body;
    body.size_ += n;
    if (body.size_ > limit) return fail(Errc::too_large, fmt::format("the file is larger than {} bytes", limit));
    const std::string_view part(buffer.data(), n);
    if (!body.file_ && body.memory_.size() + n <= options.memory_body) {
      body.memory_ += part;
      continue;
    }
    if (!body.file_) {
      HEARTH_TRY_ASSIGN(body.file_, open_temporary(options.scratch));
      HEARTH_TRY(write_all(body.file_.get(), body.memory_));
      body.memory_ = {};
    }
    HEARTH_TRY(write_all(body.file_.get(), part));
  }
}

Result<std::size_t> Body::read_at(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return std::size_t{0};
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  if (!file_) {
    std::memcpy(into.data(), memory_.data() + offset, want);
    return want;
  }
  for (;;) {
    const ssize_t n = ::pread(file_.get(), into.data(), want, static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return fail_errno(errno, "cannot read the spooled file");
  }
}

Body Body::from_memory(std::string bytes) {
  Body body;
  body.size_ = bytes.size();
  body.memory_ = std::move(bytes);
  return body;
}

Body::Mapping::~Mapping() {
  if (at_ != nullptr) ::munmap(at_, size_);
}

Result<std::string_view> Body::view() const {
  if (!file_) return std::string_view(memory_);
  if (mapping_.bytes().empty()) {
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
    if (at == MAP_FAILED) return fail_errno(errno, "cannot map the spooled file");
    mapping_ = Mapping(at, size_);
  }
  return mapping_.bytes();
}

std::optional<std::string_view> Body::in_memory() const {
  if (file_) return std::nullopt;
  return memory_;
}

}  // namespace hearth::kit
