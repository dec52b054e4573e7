#include "installation.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <thread>

namespace hearth::models {
namespace {

constexpr std::size_t kMaxJobs = 8;

class Job final : public PullJob {
 public:
  std::vector<PullEvent> take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }

  void wait(Deadline deadline) override {
    std::unique_lock lock(mutex_);
    const auto there = [&] { return !events_.empty() || over_; };
    if (deadline.is_never()) {
      changed_.wait(lock, there);
    } else {
      changed_.wait_until(lock, deadline.time(), there);
    }
  }

  bool over() const override {
    const std::lock_guard lock(mutex_);
    return over_;
  }

  void cancel() override { stop_.request_stop(); }

  void tell(PullEvent event) {
    const std::lock_guard lock(mutex_);
    using Kind = PullEvent::Kind;
    // Whoever reads slowly sees fewer steps, and memory stays bounded.
    const auto same = [&](const PullEvent& e) { return e.kind == event.kind && e.file == event.file; };
    if (event.kind == Kind::progress || event.kind == Kind::retrying) std::erase_if(events_, same);
    over_ = event.kind == Kind::installed || event.kind == Kind::failed;
    events_.push_back(std::move(event));
    changed_.notify_all();
  }

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PullEvent> events_;  // guarded by mutex_
  bool over_ = false;              // guarded by mutex_
  std::stop_source stop_;
};

}  // namespace

struct Puller::Impl {
  struct Running {
    std::shared_ptr<Job> job;
    std::thread thread;
  };

  ModelStore& store;
  const Catalogue& catalogue;
  PullOptions options;
  Fetching fetching;
  std::unique_ptr<Http> http;
  mutable std::mutex mutex;
  std::list<Running> jobs;  // guarded by mutex

  Impl(ModelStore& s, const Catalogue& c, PullOptions o) : store(s), catalogue(c), options(std::move(o)) {}
  void work(Job& job, const PullRequest& request);
  void sweep();
};

void Puller::Impl::work(Job& job, const PullRequest& request) {
  InstallContext context{store, catalogue, *http, fetching, options};
  std::string name = request.name.empty() ? request.source : request.name;
  const auto tell = [&](PullEvent event) {
    if (event.kind == PullEvent::Kind::resolving) name = event.model;  // on this thread; others tell of progress
    job.tell(std::move(event));
  };
  log::info("models", "pulling", {{"source", request.source}});
  auto done = install_model(context, request, tell, job.token());
  PullEvent last;
  if (done) {
    last.kind = PullEvent::Kind::installed;
    last.model = done->manifest.name;
    last.was_there = done->was_there;
    log::info("models", done->was_there ? "the model was there" : "a model is installed",
              {{"model", last.model}, {"bytes", done->manifest.bytes()}});
    if (!done->was_there && options.on_changed) options.on_changed();
    if (options.hint) last.hint = options.hint(done->manifest);
    last.manifest = std::move(done->manifest);
  } else {
    last.kind = PullEvent::Kind::failed;
    last.model = name;
    last.message = done.error().describe();
    last.error = done.error();
    log::warn("models", "a pull failed", {{"source", request.source}, {"error", last.message}});
  }
  job.tell(std::move(last));
}

// With the mutex held: joins what is over.
void Puller::Impl::sweep() {
  for (auto running = jobs.begin(); running != jobs.end();) {
    if (running->job->over()) {
      running->thread.join();
      running = jobs.erase(running);
    } else {
      ++running;
    }
  }
}

Puller::Puller(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Puller>> Puller::start(ModelStore& store, const Catalogue& catalogue, PullOptions options) {
  auto impl = std::make_unique<Impl>(store, catalogue, std::move(options));
  egress::HttpOptions http;
  http.connect = impl->options.connect;
  http.stall_time = impl->options.stall_time;
  http.ca_file = impl->options.ca_file;
  HEARTH_TRY_ASSIGN(impl->http, Http::start(std::move(http)));
  return std::unique_ptr<Puller>(new Puller(std::move(impl)));
}

Puller::~Puller() {
  const std::lock_guard lock(impl_->mutex);
  for (auto& running : impl_->jobs) running.job->cancel();
  for (auto& running : impl_->jobs) running.thread.join();
}

Result<std::shared_ptr<PullJob>> Puller::pull(PullRequest request) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sweep();
  if (impl_->jobs.size() >= kMaxJobs)
    return fail(Errc::resource_exhausted,
                fmt::format("{} models are being pulled already; wait for one of them", kMaxJobs));
  auto job = std::make_shared<Job>();
  std::thread thread([i = impl_.get(), job, wish = std::move(request)] { i->work(*job, wish); });
  impl_->jobs.push_back({job, std::move(thread)});
  return std::shared_ptr<PullJob>(std::move(job));
}

std::size_t Puller::running() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::size_t>(std::ranges::count_if(impl_->jobs, [](const auto& r) { return !r.job->over(); }));
}

}  // namespace hearth::models
