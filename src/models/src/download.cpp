#include "download.h"

#include "partial.h"

#include <hearth/core/log.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <list>
#include <mutex>
#include <random>

namespace hearth::models {
namespace {

constexpr std::uint64_t kUnknownEnd = std::uint64_t{1} << 50U;
constexpr std::size_t kMaxState = std::size_t{8} << 20U;
constexpr int kMaxRestarts = 3;
constexpr int kMaxRenewals = 32;
// Less than this more than ever before is no progress: a server that sends a little and hangs up is not asked for ever.
constexpr std::uint64_t kProgress = 64 * 1024;

enum class Ranges { unknown, yes, no };

// One request under way.
struct Segment {
  Range range;
  std::uint64_t at = 0;  // up to here it is written
  std::uint64_t transfer = 0;
  bool over = false;
  HttpResult result;
};

class Download {
 public:
  Download(Http& http, ModelStore& store, const BlobWish& wish, const DownloadOptions& options, RetryBudget& budget,
           const DownloadEvents& events, const std::stop_token& stop)
      : http_(http), store_(store), wish_(wish), options_(options), budget_(budget), events_(events), stop_(stop) {}

  Result<FileDigest> run();

 private:
  Result<void> resume();
  Result<void> fetch();
  Result<void> step(std::unique_lock<std::mutex>& lock);
  Result<void> settle(Segment& segment);
  Result<void> start_over();
  Result<void> reserve(std::uint64_t total);
  Result<void> save();
  Result<void> retry_later(const Segment& segment);
  Result<FileDigest> verify();
  void launch(Range range);
  void end_all(std::unique_lock<std::mutex>& lock);
  void report();
  Result<void> on_head(Segment& segment, const ResponseHead& head);
  Result<void> on_partial(Segment& segment, const ResponseHead& head);
  Result<void> on_whole(Segment& segment, const ResponseHead& head);
  Result<void> on_data(Segment& segment, std::string_view data);
  [[nodiscard]] RangeSet have() const;
  [[nodiscard]] bool complete() const { return total_ && state_.done.size() == *total_; }
  [[nodiscard]] bool has_digest() const { return !wish_.sha256.empty() || !wish_.git_oid.empty(); }
  [[nodiscard]] std::uint64_t piece() const;

  Http& http_;
  ModelStore& store_;
  const BlobWish& wish_;
  const DownloadOptions& options_;
  RetryBudget& budget_;
  const DownloadEvents& events_;
  const std::stop_token& stop_;

  Fd fd_;
  bool resumed_ = false;
  int restarts_ = 0;
  int renewals_ = 0;
  std::string bearer_;
  bool stale_bearer_ = false;
  SteadyTime not_before_{};
  SteadyTime saved_at_{};
  std::uint64_t saved_bytes_ = 0;
  std::uint64_t best_ = 0;

  std::mutex mutex_;  // guards what follows: the transfer thread writes it too
  std::condition_variable_any changed_;
  PartialState state_;  // `done`: of segments that are over
  std::optional<std::uint64_t> total_;
  Ranges ranges_ = Ranges::unknown;
  bool must_restart_ = false;
  std::list<Segment> segments_;
};

std::uint64_t Download::piece() const {
  if (ranges_ == Ranges::no || !total_) return kUnknownEnd;
  return std::clamp(*total_ / (std::uint64_t{options_.parallel} * 4), options_.smallest_range, options_.largest_range);
}

RangeSet Download::have() const {
  RangeSet set = state_.done;
  for (const Segment& segment : segments_) set.add({segment.range.begin, segment.at});
  return set;
}

void Download::report() {
  if (events_.progress) events_.progress(have().size(), total_.value_or(0));
}

Result<void> Download::reserve(std::uint64_t total) {
  struct stat s{};
  const std::uint64_t taken = ::fstat(fd_.get(), &s) == 0 ? static_cast<std::uint64_t>(s.st_blocks) * 512 : 0;
  if (taken >= total) return {};
  HEARTH_TRY(store_.check_space(total - taken));
  return store_.disk().allocate(fd_.get(), total);
}

Result<void> Download::resume() {
  const auto text = read_file(store_.state_path(wish_.key), kMaxState);
  if (text) {
    const auto state = parse_partial_state(*text);
    std::error_code ec;
    const bool there = std::filesystem::exists(store_.partial_path(wish_.key), ec);
    // Without a digest, only a tag that promises the same bytes lets two halves be joined.
    const bool joins = state && there && (has_digest() || (!state->etag.empty() && state->url == wish_.url)) &&
                       (!wish_.bytes || *wish_.bytes == state->total);
    if (joins) {
      state_ = *state;
      total_ = state->total;
      resumed_ = state_.done.size() > 0;
      if (state_.url != wish_.url) state_.etag.clear();  // the same bytes from elsewhere have a tag of their own
    }
  }
  HEARTH_TRY_ASSIGN(fd_, store_.disk().open(store_.partial_path(wish_.key), O_RDWR | O_CREAT, 0644));
  if (!resumed_) {
    // A state that outlived its data would vouch for what is not there.
    HEARTH_TRY(store_.disk().remove(store_.state_path(wish_.key)));
    HEARTH_TRY(store_.disk().truncate(fd_.get(), 0));
    state_ = {};
    total_ = wish_.bytes;
  }
  state_.url = wish_.url;
  state_.total = total_.value_or(0);
  best_ = saved_bytes_ = state_.done.size();
  saved_at_ = steady_now();
  if (total_) {
    HEARTH_TRY(reserve(*total_));
  }
  return {};
}

Result<void> Download::start_over() {
  state_.done.clear();
  state_.etag.clear();
  total_ = wish_.bytes;
  state_.total = total_.value_or(0);
  must_restart_ = false;
  saved_bytes_ = 0;
  HEARTH_TRY(store_.disk().remove(store_.state_path(wish_.key)));
  HEARTH_TRY(store_.disk().truncate(fd_.get(), 0));
  return total_ ? reserve(*total_) : Result<void>();
}

void Download::launch(Range range) {
  Segment& segment = segments_.emplace_back();
  segment.range = range;
  segment.at = range.begin;
  HttpRequest request;
  request.url = wish_.url;
  request.headers = wish_.headers;
  request.bearer = bearer_;
  request.plain = wish_.plain;
  if (ranges_ != Ranges::no) {
    // The first request may not know the length yet: it asks for as much as a first piece can be.
    const std::uint64_t end = total_ ? range.end : range.begin + options_.smallest_range;
    segment.range.end = end;
    request.headers.push_back(fmt::format("Range: bytes={}-{}", range.begin, end - 1));
    if (!state_.etag.empty() && range.begin > 0) request.headers.push_back("If-Range: " + state_.etag);
  }
  request.on_head = [this, &segment](const ResponseHead& head) { return on_head(segment, head); };
  request.on_data = [this, &segment](std::string_view data) { return on_data(segment, data); };
  segment.transfer = http_.begin(std::move(request), [this, &segment](HttpResult result) {
    const std::lock_guard lock(mutex_);
    segment.result = std::move(result);
    segment.over = true;
    changed_.notify_all();
  });
}

Result<void> Download::on_head(Segment& segment, const ResponseHead& head) {
  if (head.status >= 400 && head.status != 416) return {};
  const std::lock_guard lock(mutex_);
  const std::string_view encoding = head.headers.get("content-encoding");
  if (!encoding.empty() && encoding != "identity")
    return fail(Errc::protocol_error,
                fmt::format("{} sends the file encoded ({}) though it was not asked to", host_of(wish_.url), encoding));
  if (head.status == 416) {
    if (resumed_ || state_.done.size() > 0) must_restart_ = true;
    return fail(Errc::protocol_error, fmt::format("{} says the file is shorter than it was", host_of(wish_.url)));
  }
  const auto etag = strong_etag(head.headers.get("etag"));
  if (head.status == 206 && !state_.etag.empty() && etag && *etag != state_.etag) {
    must_restart_ = true;
    return fail(Errc::unavailable, fmt::format("the file on {} changed meanwhile", host_of(wish_.url)));
  }
  HEARTH_TRY(head.status == 206 ? on_partial(segment, head) : on_whole(segment, head));
  if (state_.etag.empty() && etag) state_.etag = *etag;
  changed_.notify_all();
  return {};
}

Result<void> Download::on_partial(Segment& segment, const ResponseHead& head) {
  const auto range = parse_content_range(head.headers.get("content-range"));
  if (!range || range->begin != segment.range.begin || range->end > segment.range.end)
    return fail(Errc::protocol_error, fmt::format("{} sends another part of the file than it was asked for (\"{}\")",
                                                  host_of(wish_.url), head.headers.get("content-range")));
  if (!range->total && !total_) {
    ranges_ = Ranges::no;
    must_restart_ = true;
    return fail(Errc::unavailable, fmt::format("{} does not say how long the file is", host_of(wish_.url)));
  }
  if (total_ && range->total && *range->total != *total_)
    return fail(Errc::protocol_error, fmt::format("{} has {} bytes on {}, but {} were promised", wish_.label,
                                                  *range->total, host_of(wish_.url), *total_));
  segment.range.end = range->end;
  ranges_ = Ranges::yes;
  if (total_) return {};
  total_ = range->total;
  state_.total = *total_;
  return reserve(*total_);
}

Result<void> Download::on_whole(Segment& segment, const ResponseHead& head) {
  ranges_ = Ranges::no;
  if (segment.range.begin != 0 || state_.done.size() > 0 || segments_.size() > 1) {
    // It has no ranges after all, or the file is another one by now.
    must_restart_ = true;
    return fail(Errc::unavailable, fmt::format("{} sends the file from its beginning", host_of(wish_.url)));
  }
  const auto length = parse_length(head.headers.get("content-length"));
  if (length && total_ && *length != *total_)
    return fail(Errc::protocol_error, fmt::format("{} has {} bytes on {}, but {} were promised", wish_.label, *length,
                                                  host_of(wish_.url), *total_));
  segment.range.end = total_.value_or(length.value_or(kUnknownEnd));
  if (total_ || !length) return {};
  total_ = length;
  state_.total = *length;
  return reserve(*length);
}

Result<void> Download::on_data(Segment& segment, std::string_view data) {
  std::uint64_t at = 0;
  {
    const std::lock_guard lock(mutex_);
    if (data.size() > segment.range.end - segment.at)
      return fail(Errc::protocol_error, fmt::format("{} sends more than it said it would", host_of(wish_.url)));
    at = segment.at;
  }
  HEARTH_TRY(store_.disk().write_at(fd_.get(), at, data));
  const std::lock_guard lock(mutex_);
  segment.at += data.size();
  report();
  changed_.notify_all();
  return {};
}

// Data first, then the note that it is there: a crash in between costs bytes, never the truth.
Result<void> Download::save() {
  PartialState state;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
    state.done = have();
  }
  saved_at_ = steady_now();
  saved_bytes_ = state.done.size();
  if (state.total == 0 || (state.etag.empty() && !has_digest())) return {};
  HEARTH_TRY(store_.disk().sync(fd_.get()));
  return store_.disk().write_file(store_.state_path(wish_.key), write_partial_state(state));
}

void Download::end_all(std::unique_lock<std::mutex>& lock) {
  for (const Segment& segment : segments_)
    if (!segment.over) http_.cancel(segment.transfer);
  changed_.wait(lock, [&] { return std::ranges::all_of(segments_, &Segment::over); });
  for (const Segment& segment : segments_) state_.done.add({segment.range.begin, segment.at});
  segments_.clear();
}

Result<void> Download::retry_later(const Segment& segment) {
  const Error& error = *segment.result.error;
  const SteadyTime now = steady_now();
  // What fails together counts once.
  if (now < not_before_) return {};
  static thread_local std::minstd_rand chance{std::random_device{}()};
  const auto wait = budget_.failed(segment.result.retry_after, std::uniform_real_distribution<>(0, 1)(chance));
  if (!wait) {
    const Errc code = error.is(Errc::resource_exhausted) ? Errc::resource_exhausted : Errc::unavailable;
    return fail(Error(code, fmt::format("{} cannot be downloaded now; the same command goes on where it stopped: {}",
                                        wish_.label, error.describe())));
  }
  not_before_ = now + *wait;
  if (events_.retrying) events_.retrying(error.describe(), *wait);
  return {};
}

// A segment that is over: with all its bytes, or with the reason why not.
Result<void> Download::settle(Segment& segment) {
  state_.done.add({segment.range.begin, segment.at});
  const std::uint64_t now_have = have().size();
  if (now_have > best_ + kProgress || complete()) {
    best_ = now_have;
    budget_.progressed();
  }
  if (!segment.result.error) {
    const bool whole = segment.range.end == kUnknownEnd;  // a stream without a length, and now it is known
    if (whole && !total_) {
      total_ = segment.at;
      state_.total = segment.at;
    }
    if (segment.at == segment.range.end || whole) return {};
    segment.result.error = Error(Errc::unavailable, fmt::format("{} stopped in the midst", host_of(wish_.url)));
  }
  const Error& error = *segment.result.error;
  const bool renew = segment.result.status == 401 && wish_.renew_bearer && renewals_ < kMaxRenewals;
  if (renew) {
    ++renewals_;
    stale_bearer_ = true;
  } else if (!must_restart_ && !error.is(Errc::unavailable) && segment.result.status != 429) {
    return fail(error);
  }
  return retry_later(segment);
}

Result<void> Download::step(std::unique_lock<std::mutex>& lock) {
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    if (!segment->over) {
      ++segment;
      continue;
    }
    const auto settled = settle(*segment);
    segment = segments_.erase(segment);
    HEARTH_TRY(settled);
  }
  // A stream that cannot be joined to what comes next is worth nothing once it is cut.
  const bool cut = ranges_ == Ranges::no && segments_.empty() && state_.done.size() > 0 && !complete();
  if (must_restart_ || cut) {
    end_all(lock);
    if (must_restart_ && ++restarts_ > kMaxRestarts)
      return fail(Errc::unavailable, fmt::format("{} changes while it is downloaded; try again later", wish_.label));
    HEARTH_TRY(start_over());
  }
  if (complete() || steady_now() < not_before_) return {};
  const std::size_t wanted = ranges_ == Ranges::yes ? options_.parallel : 1;
  if (segments_.size() >= wanted) return {};
  RangeSet taken = state_.done;
  for (const Segment& segment : segments_) taken.add(segment.range);
  for (const Range& gap : taken.missing(total_.value_or(kUnknownEnd), piece())) {
    if (segments_.size() >= wanted) break;
    launch(gap);
  }
  return {};
}

Result<void> Download::fetch() {
  bearer_ = wish_.bearer;
  std::unique_lock lock(mutex_);
  report();
  for (;;) {
    auto stepped =
        stop_.stop_requested() ? Result<void>(fail(Errc::cancelled, "the download was stopped")) : step(lock);
    if (stepped && complete() && segments_.empty()) break;
    if (stepped && std::exchange(stale_bearer_, false)) {
      lock.unlock();  // the answer comes over the thread that waits for the lock
      auto bearer = wish_.renew_bearer();
      lock.lock();
      if (bearer) {
        bearer_ = *std::move(bearer);
      } else {
        stepped = fail(bearer.error());
      }
    }
    if (stepped) {
      const SteadyTime now = steady_now();
      const std::uint64_t bytes = have().size();
      const bool due = bytes >= saved_bytes_ + options_.save_every ||
                       (bytes > saved_bytes_ && now >= saved_at_ + options_.save_interval);
      if (due) {
        lock.unlock();
        stepped = save();
        if (stepped && !wish_.bytes) stepped = store_.check_space(0);
        lock.lock();
      }
    }
    if (!stepped) {
      end_all(lock);
      lock.unlock();
      // What has come is kept for the next time.
      if (const auto saved = save(); !saved)
        log::warn("models", "the state of a download cannot be written", {{"error", saved.error().describe()}});
      return stepped;
    }
    if (std::ranges::any_of(segments_, &Segment::over)) continue;
    const SteadyTime now = steady_now();
    const SteadyTime until = now < not_before_ ? not_before_ : now + options_.save_interval;
    const auto seen = std::pair(segments_.size(), ranges_);
    const std::uint64_t bytes = have().size();
    changed_.wait_until(lock, stop_, until, [&] {
      return std::ranges::any_of(segments_, &Segment::over) || seen != std::pair(segments_.size(), ranges_) ||
             have().size() >= bytes + options_.save_every || (now >= not_before_ && must_restart_);
    });
  }
  lock.unlock();
  HEARTH_TRY(store_.disk().truncate(fd_.get(), *total_));
  return store_.disk().sync(fd_.get());
}

Result<FileDigest> Download::verify() {
  if (events_.verifying) events_.verifying();
  const WithGit git = wish_.git_oid.empty() ? WithGit::no : WithGit::yes;
  HEARTH_TRY_ASSIGN(FileDigest digest, digest_file(store_.partial_path(wish_.key), git, stop_));
  if (!wish_.sha256.empty() && digest.sha256 != wish_.sha256)
    return fail(Errc::corrupt, fmt::format("{} from {} is not what it should be: its SHA-256 is {} and not {}",
                                           wish_.label, host_of(wish_.url), digest.sha256, wish_.sha256));
  if (!wish_.git_oid.empty() && digest.git_oid != wish_.git_oid)
    return fail(Errc::corrupt, fmt::format("{} from {} is not what it should be: git calls it {} and not {}",
                                           wish_.label, host_of(wish_.url), digest.git_oid, wish_.git_oid));
  return digest;
}

Result<FileDigest> Download::run() {
  HEARTH_TRY(resume());
  for (bool again = false;; again = true) {
    HEARTH_TRY(fetch());
    auto digest = verify();
    if (digest || !digest.error().is(Errc::corrupt)) return digest;
    // Once more from the beginning: what was joined from pieces of different days may be at fault, or a cable.
    if (again) {
      fd_.reset();
      HEARTH_TRY(store_.discard(wish_.key));
      return digest;
    }
    log::warn("models", "a download is thrown away and begun anew", {{"error", digest.error().describe()}});
    if (events_.retrying) events_.retrying(digest.error().describe(), Millis(0));
    const std::lock_guard lock(mutex_);
    ranges_ = Ranges::unknown;
    best_ = 0;
    HEARTH_TRY(start_over());
  }
}

}  // namespace

Result<FileDigest> download(Http& http, ModelStore& store, const BlobWish& wish, const DownloadOptions& options,
                            RetryBudget& budget, const DownloadEvents& events, const std::stop_token& stop) {
  Download one(http, store, wish, options, budget, events, stop);
  return one.run();
}

}  // namespace hearth::models
