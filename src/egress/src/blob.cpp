#include <hearth/core/file.h>
#include <hearth/core/file_hash.h>
#include <hearth/egress/blob.h>
#include <hearth/egress/http_headers.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <random>

namespace hearth::egress {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxRenewals = 3;

class Fetch {
 public:
  Fetch(const Asking& asking, Blob blob, fs::path part, const std::function<void(std::uint64_t)>& progress)
      : asking_(asking), blob_(std::move(blob)), part_(std::move(part)), progress_(progress) {}

  Result<void> run() {
    HEARTH_TRY(open());
    while (have_ < blob_.bytes) {
      const HttpResult result = once();
      if (have_ == blob_.bytes) break;
      HEARTH_TRY(go_on_after(result));
    }
    if (::fsync(fd_.get()) != 0) return fail_errno(errno, fmt::format("cannot write {} to the disk", part_.string()));
    return verify();
  }

 private:
  Result<void> open() {
    fd_ = Fd(::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd_) return fail_errno(errno, fmt::format("cannot open {}", part_.string()));
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return fail_errno(errno, fmt::format("cannot look at {}", part_.string()));
    have_ = static_cast<std::uint64_t>(status.st_size);
    if (have_ > blob_.bytes) return begin_anew();
    return {};
  }

  Result<void> begin_anew() {
    have_ = 0;
    if (::ftruncate(fd_.get(), 0) != 0) return fail_errno(errno, fmt::format("cannot empty {}", part_.string()));
    return {};
  }

  // One request, to its end. Its callbacks run on the transfer thread while this one waits.
  HttpResult once() {
    HttpRequest request = request_for(asking_, blob_.url, blob_.bearer);
    if (have_ > 0) request.headers.push_back(fmt::format("Range: bytes={}-", have_));
    request.on_head = [this](const ResponseHead& head) { return on_head(head); };
    request.on_data = [this](std::string_view data) { return on_data(data); };
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<HttpResult> over;
    const std::uint64_t id = asking_.http.begin(std::move(request), [&](HttpResult result) {
      const std::lock_guard lock(mutex);
      over = std::move(result);
      ended.notify_all();
    });
    const std::stop_callback on_stop(asking_.stop, [&] { asking_.http.cancel(id); });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return over.has_value(); });
    return *std::move(over);
  }

  Result<void> on_head(const ResponseHead& head) {
    if (head.status >= 400) return {};
    if (head.status == 206) {
      const auto range = parse_content_range(head.headers.get("content-range"));
      if (!range || range->begin != have_ || (range->total && *range->total != blob_.bytes))
        return fail(Errc::protocol_error,
                    fmt::format("{} sends another part of {} than it was asked for", host_of(blob_.url), blob_.label));
      return {};
    }
    return have_ > 0 ? begin_anew() : Result<void>();  // it has no ranges
  }

  Result<void> on_data(std::string_view data) {
    if (data.size() > blob_.bytes - have_)
      return fail(Errc::protocol_error,
                  fmt::format("{} sends more of {} than was promised", host_of(blob_.url), blob_.label));
    while (!data.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(have_));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == ENOSPC)
        return fail(Errc::resource_exhausted,
                    fmt::format("the disk is full at {}; make room and try again", part_.string()));
      if (n < 0) return fail_errno(errno, fmt::format("cannot write {}", part_.string()));
      have_ += static_cast<std::uint64_t>(n);
      data.remove_prefix(static_cast<std::size_t>(n));
    }
    if (progress_) progress_(have_);
    return {};
  }

  Result<void> go_on_after(const HttpResult& result) {
    if (have_ > seen_) asking_.budget.progressed();
    seen_ = have_;
    const Error error = result.error.value_or(
        Error(Errc::unavailable, fmt::format("{} stopped in the midst of {}", host_of(blob_.url), blob_.label)));
    if (result.status == 401 && blob_.renew_bearer && renewals_++ < kMaxRenewals) {
      HEARTH_TRY_ASSIGN(blob_.bearer, blob_.renew_bearer(result.headers.get("www-authenticate")));
      return {};
    }
    const bool too_long = result.status == 416 && have_ > 0;
    if (too_long) {
      HEARTH_TRY(begin_anew());
    }
    if (!too_long && !error.is(Errc::unavailable) && result.status != 429) return fail(error);
    static thread_local std::minstd_rand chance{std::random_device{}()};
    const auto wait = asking_.budget.failed(result.retry_after, std::uniform_real_distribution<>(0, 1)(chance));
    if (!wait) return fail(error);
    if (asking_.retrying) asking_.retrying(error.describe(), *wait);
    if (!pause(*wait, asking_.stop)) return fail(Errc::cancelled, "it was stopped");
    return {};
  }

  Result<void> verify() {
    HEARTH_TRY_ASSIGN(const std::string hash, sha256_file(part_));
    if (hash == blob_.sha256) return {};
    HEARTH_TRY(begin_anew());
    return fail(Errc::corrupt, fmt::format("{} from {} is not what it should be: its SHA-256 is {} and not {}",
                                           blob_.label, host_of(blob_.url), hash, blob_.sha256));
  }

  const Asking& asking_;
  Blob blob_;
  fs::path part_;
  const std::function<void(std::uint64_t)>& progress_;
  Fd fd_;
  std::uint64_t have_ = 0;
  std::uint64_t seen_ = 0;
  int renewals_ = 0;
};

}  // namespace

Result<void> fetch_blob(const Asking& asking, Blob blob, const fs::path& place,
                        const std::function<void(std::uint64_t)>& progress) {
  const fs::path part = place.string() + ".part";
  HEARTH_TRY(Fetch(asking, std::move(blob), part, progress).run());
  std::error_code ec;
  fs::rename(part, place, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot rename {}", part.string())));
  return {};
}

}  // namespace hearth::egress
