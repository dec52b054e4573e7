// A disk that fails when it is told to, for tests of what must survive that.
#pragma once

#include <hearth/models/disk.h>

#include <atomic>
#include <filesystem>
#include <string_view>

namespace hearth::models {

namespace fs = std::filesystem;

// Fails at its Nth operation, and at all that follow when the power is gone.
class FaultyDisk : public Disk {
 public:
  enum class Then { works_again, dead };
  // Before the threads that use it start.
  void fail_at(int n, Then then) {
    done_ = 0;
    failed_ = false;
    fails_at_ = n;
    then_ = then;
  }
  [[nodiscard]] bool has_failed() const { return failed_; }

  Result<Fd> open(const fs::path& path, int flags, unsigned mode) override {
    HEARTH_TRY(count());
    return Disk::open(path, flags, mode);
  }
  Result<void> write_at(int fd, std::uint64_t offset, std::string_view data) override {
    if (auto counted = count(); !counted) {
      // Half of it is on the disk.
      [[maybe_unused]] const auto half = Disk::write_at(fd, offset, data.substr(0, data.size() / 2));
      return counted;
    }
    return Disk::write_at(fd, offset, data);
  }
  // What is synced is on the page cache's mercy here: the order of the operations is what is tested, a thousand times.
  Result<void> sync(int) override { return count(); }
  Result<void> sync_folder(const fs::path&) override { return count(); }
  Result<void> make_folder(const fs::path& path) override {
    HEARTH_TRY(count());
    return Disk::make_folder(path);
  }
  Result<void> link(const fs::path& from, const fs::path& to) override {
    HEARTH_TRY(count());
    return Disk::link(from, to);
  }
  Result<void> rename(const fs::path& from, const fs::path& to) override {
    HEARTH_TRY(count());
    return Disk::rename(from, to);
  }
  Result<void> exchange(const fs::path& a, const fs::path& b) override {
    HEARTH_TRY(count());
    return Disk::exchange(a, b);
  }
  Result<void> remove(const fs::path& path) override {
    HEARTH_TRY(count());
    return Disk::remove(path);
  }

 private:
  Result<void> count() {
    const int number = done_++;
    const bool fails = then_ == Then::works_again ? number == fails_at_ : number >= fails_at_;
    if (!fails) return {};
    failed_ = true;
    return fail(Errc::io_error, "the disk failed, as the test wants");
  }
  // Operations come from several threads.
  std::atomic<int> done_{0};
  std::atomic<bool> failed_{false};
  int fails_at_ = 1 << 30;
  Then then_ = Then::works_again;
};

}  // namespace hearth::models
