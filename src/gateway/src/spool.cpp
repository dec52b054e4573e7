#include <hearth/gateway/files.h>

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hearth::gateway {

bool SpoolBudget::take(std::uint64_t bytes) noexcept {
  std::uint64_t used = used_;
  do {
    if (used + bytes > limit_) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

Spooled::Spooled(std::filesystem::path folder, std::uint64_t memory_limit, SpoolBudget* budget)
    : folder_(std::move(folder)), memory_limit_(memory_limit), budget_(budget) {}

Spooled::~Spooled() {
  if (budget_ != nullptr) budget_->give(charged_);
}

Spooled::Spooled(Spooled&& other) noexcept {
  *this = std::move(other);
}

Spooled& Spooled::operator=(Spooled&& other) noexcept {
  if (this == &other) return *this;
  if (budget_ != nullptr) budget_->give(charged_);
  folder_ = std::move(other.folder_);
  memory_limit_ = other.memory_limit_;
  budget_ = std::exchange(other.budget_, nullptr);
  charged_ = std::exchange(other.charged_, 0);
  size_ = std::exchange(other.size_, 0);
  memory_ = std::move(other.memory_);
  file_ = std::move(other.file_);
  return *this;
}

Spooled Spooled::adopt(Fd file, std::uint64_t size) {
  Spooled spooled({}, 0, nullptr);
  spooled.file_ = std::move(file);
  spooled.size_ = size;
  return spooled;
}

bool Spooled::would_block(std::size_t more) const noexcept {
  return file_ || memory_.size() + more > memory_limit_;
}

Result<void> Spooled::append(std::string_view bytes) {
  if (!would_block(bytes.size())) {
    memory_ += bytes;
    size_ += bytes.size();
    return {};
  }
  const std::uint64_t more = file_ ? bytes.size() : bytes.size() + memory_.size();
  if (!budget_->take(more)) {
    return fail(Errc::resource_exhausted,
                "the room for files in transit is used up (limits.spool); try again when other requests have ended");
  }
  charged_ += more;
  if (!file_) {
    HEARTH_TRY_ASSIGN(file_, open_temporary(folder_));
    HEARTH_TRY(write_all(file_.get(), memory_));
    memory_ = {};
  }
  HEARTH_TRY(write_all(file_.get(), bytes));
  size_ += bytes.size();
  return {};
}

Result<std::size_t> Spooled::read_at(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return std::size_t{0};
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  if (!file_) {
    std::memcpy(into.data(), memory_.data() + offset, want);
    return want;
  }
  for (;;) {
    const ssize_t n = ::pread(file_.get(), into.data(), want, static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return fail_errno(errno, "cannot read a spooled file");
  }
}

}  // namespace hearth::gateway
