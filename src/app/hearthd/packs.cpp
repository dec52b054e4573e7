#include "packs.h"

#include <hearth/core/log.h>
#include <hearth/core/paths.h>
#include <hearth/egress/image_manifest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace hearth::daemon {
namespace {

constexpr Seconds kEngineTime{600};  // to drain, to start, and to answer its canary
constexpr Millis kLook{20};

bool runs(engines::State state) {
  using engines::State;
  return state == State::starting || state == State::probing || state == State::ready || state == State::draining;
}

engines::EngineStatus status_of(const engines::Supervisor& supervisor, const std::string& name) {
  for (auto& engine : supervisor.snapshot()) {
    if (engine.name == name) return engine;
  }
  engines::EngineStatus gone;
  gone.state = engines::State::absent;
  return gone;
}

// Why an engine did not start that has nothing to do with its pack: it is gone, or there is no memory for it.
bool says_nothing(const Error& error) {
  return error.is(Errc::not_found) || error.is(Errc::resource_exhausted) || error.is(Errc::failed_precondition);
}

// On the I/O thread: engines that run in the pack are moved to its current version; if none runs, one is started, so
// that somebody has tried the version before a client does. One that runs in version `unless_in` stays as it is.
// Returns their names.
net::awaitable<Result<std::vector<std::string>>> move_engines(engines::Supervisor* supervisor, std::string pack,
                                                              std::string unless_in, std::function<void()> changed) {
  const auto looked = co_await supervisor->reconsider();
  if (!looked) co_return fail(looked.error());
  changed();
  std::vector<std::string> moved;
  std::vector<std::string> resting;
  for (const std::string& name : supervisor->engines_of_pack(pack)) {
    const engines::EngineStatus status = status_of(*supervisor, name);
    if (!runs(status.state)) {
      if (status.state != engines::State::absent) resting.push_back(name);
      continue;
    }
    if (!unless_in.empty() && status.pack == unless_in && status.state == engines::State::ready) {
      moved.push_back(name);
      continue;
    }
    const auto restarted = co_await supervisor->restart_engine(name, Deadline::in(kEngineTime));
    if (!restarted && says_nothing(restarted.error())) continue;
    if (!restarted) co_return fail(restarted.error().wrap(fmt::format("the engine {} does not work in it", name)));
    moved.push_back(name);
  }
  for (const std::string& name : resting) {
    if (!moved.empty()) break;
    const auto started = co_await supervisor->restart_engine(name, Deadline::in(kEngineTime));
    if (!started && says_nothing(started.error())) continue;
    if (!started) co_return fail(started.error().wrap(fmt::format("the engine {} does not work in it", name)));
    moved.push_back(name);
  }
  co_return moved;
}

}  // namespace

class PackManager::Job {
 public:
  std::string name;
  Kind kind = Kind::install;
  From from = From::as_before;
  std::string image;
  std::stop_source stop;
  mutable std::mutex mutex;
  Progress progress;  // under `mutex`
};

struct PackManager::Impl {
  Impl(const config::Config& config, engines::Supervisor& s, net::Executor executor, std::function<void()> c)
      : store(config.paths.data / "packs"),
        recipes(share_dir() / "packs"),
        supervisor(s),
        io(std::move(executor)),
        changed(std::move(c)) {}

  engines::PackStore store;
  engines::PackOptions options;
  std::filesystem::path recipes;
  engines::Supervisor& supervisor;
  net::Executor io;
  std::function<void()> changed;
  std::mutex mutex;
  std::shared_ptr<Job> latest;  // under `mutex`
  std::thread thread;           // under `mutex`
  std::atomic<bool> closing{false};

  static void tell(Job& job, const engines::PackProgress& now) {
    const std::lock_guard lock(job.mutex);
    job.progress.now = now;
  }
  static bool over(const Job& job) {
    const std::lock_guard lock(job.mutex);
    return job.progress.outcome.has_value();
  }

  void work(Job& job) const {
    Result<Outcome> outcome = fail(Errc::internal, "it ended with an exception");
    try {
      outcome = carry_out(job);
    } catch (const std::exception& e) {  // a bug, but no reason to end the daemon
      outcome = fail(Errc::internal, e.what());
    }
    if (outcome) {
      log::info("packs", "in use", {{"pack", job.name}, {"version", outcome->id}, {"changed", outcome->changed}});
    } else {
      log::warn("packs", "not changed", {{"pack", job.name}, {"error", outcome.error().describe()}});
    }
    const std::lock_guard lock(job.mutex);
    job.progress.outcome = std::move(outcome);
  }

  Result<Outcome> carry_out(Job& job) const {
    const std::string before = store.current(job.name).value_or("");
    HEARTH_TRY_ASSIGN(Outcome outcome, job.kind == Kind::rollback ? go_back(job) : install(job));
    tell(job, {"engines", 0, {}});
    auto moved = move(job.name, outcome.made ? std::string() : outcome.id);
    // The daemon ends: whether the engines work in it shows at its next start.
    if (!moved && closing) return outcome;
    if (!moved) return undo(job, before, moved.error());
    outcome.engines = std::move(*moved);
    const auto busy = store.exclusive();
    const Result<void> collected = busy ? store.collect_garbage() : Result<void>();
    if (!collected) log::warn("packs", "old versions could not be removed", {{"error", collected.error().describe()}});
    return outcome;
  }

  Result<Outcome> install(Job& job) const {
    HEARTH_TRY_ASSIGN(const engines::Recipe recipe, engines::load_recipe(recipes, job.name));
    engines::PackOptions wish = options;
    wish.upgrade = job.kind == Kind::upgrade;
    if (job.kind == Kind::repair) {
      if (const auto stray = store.stray(job.name)) {
        HEARTH_TRY_ASSIGN(const Fd busy, store.exclusive());
        HEARTH_TRY(store.activate(job.name, *stray));
      }
    }
    wish.from = job.from;
    wish.image = job.image;
    HEARTH_TRY_ASSIGN(
        engines::InstalledPack made,
        engines::install_pack(
            store, recipe, wish, [&job](const engines::PackProgress& now) { tell(job, now); }, job.stop.get_token()));
    return Outcome{.id = std::move(made.id),
                   .changed = made.changed,
                   .made = made.made,
                   .note = std::move(made.note),
                   .engines = {}};
  }

  Result<Outcome> go_back(Job& job) const {
    HEARTH_TRY_ASSIGN(const Fd busy, store.exclusive());
    HEARTH_TRY_ASSIGN(std::string id, store.rollback(job.name));
    return Outcome{.id = std::move(id), .changed = true, .made = false, .note = {}, .engines = {}};
  }

  [[nodiscard]] Result<std::vector<std::string>> move(const std::string& pack, const std::string& unless_in) const {
    return net::asio::co_spawn(io, move_engines(&supervisor, pack, unless_in, changed), net::asio::use_future).get();
  }

  // An engine does not work in what is current now: what was current before comes back.
  Result<Outcome> undo(Job& job, const std::string& before, const Error& why) const {
    const std::string now = store.current(job.name).value_or("");
    if (before.empty() || before == now)
      return fail(why.wrap(fmt::format("the pack {} is installed, and there is no other version to go back to", now)));
    HEARTH_TRY_ASSIGN(const Fd busy, store.exclusive());
    HEARTH_TRY(store.activate(job.name, before));
    const auto moved = move(job.name, {});
    if (!moved)
      log::error("packs", "engines do not work in the version that came back either",
                 {{"pack", job.name}, {"error", moved.error().describe()}});
    return fail(Error(Errc::failed_precondition, why.describe())
                    .wrap(fmt::format("{} was taken back, {} is in use again", now, before)));
  }
};

PackManager::PackManager(const config::Config& config, engines::Containment containment, engines::PackNetwork network,
                         engines::Supervisor& supervisor, net::Executor io, std::function<void()> changed)
    : impl_(std::make_unique<Impl>(config, supervisor, std::move(io), std::move(changed))) {
  engines::PackOptions& options = impl_->options;
  options.containment = std::move(containment);
  options.network = std::move(network);
  options.source.suite = config.packs.suite;
  if (config.packs.mirror != "auto") options.source.mirror = config.packs.mirror;
  options.source.keyring = config.packs.keyring;
  options.source.check_valid_until = config.packs.check_valid_until;
}

PackManager::~PackManager() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

Result<std::shared_ptr<PackManager::Job>> PackManager::start(const std::string& name, Kind kind, From from,
                                                             const std::string& image) {
  if (kind != Kind::rollback) {
    HEARTH_TRY(engines::load_recipe(impl_->recipes, name));
  }
  if (from == From::image) {
    HEARTH_TRY(egress::parse_image_name(image));
  }
  auto job = std::make_shared<Job>();
  job->name = name;
  job->kind = kind;
  job->from = from;
  job->image = image;
  const std::lock_guard lock(impl_->mutex);
  if (impl_->closing) return fail(Errc::unavailable, "hearthd is stopping");
  if (impl_->latest && !Impl::over(*impl_->latest))
    return fail(Errc::resource_exhausted,
                fmt::format("the pack {} is being installed; try again when that is done", impl_->latest->name));
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->thread = std::thread([impl = impl_.get(), job] { impl->work(*job); });
  impl_->latest = job;
  return job;
}

PackManager::Progress PackManager::look(const Job& job) {
  const std::lock_guard lock(job.mutex);
  return job.progress;
}

void PackManager::cancel(Job& job) {
  job.stop.request_stop();
}

std::vector<engines::PackStatus> PackManager::installed() const {
  return impl_->store.list();
}

std::vector<engines::Recipe> PackManager::recipes() const {
  return engines::load_recipes(impl_->recipes);
}

std::optional<std::string> PackManager::find_damage(const std::string& name,
                                                    const std::set<std::filesystem::path>& programs) const {
  if (!impl_->store.current(name)) {
    if (impl_->store.stray(name)) return "nothing says which version is in use";
    return std::nullopt;
  }
  const auto root = engines::current_pack(impl_->store.folder(), name);
  if (!root) return "its files are gone";
  for (const std::filesystem::path& program : programs) {
    if (::access((root->path / program.relative_path()).c_str(), X_OK) != 0)
      return fmt::format("{} is missing", program.string());
  }
  return std::nullopt;
}

std::optional<PackManager::Versions> PackManager::versions(const std::string& name) const {
  const auto current = impl_->store.current(name);
  if (!current) return std::nullopt;
  struct stat link{};
  const auto path = impl_->store.folder() / name / "current";
  if (::lstat(path.c_str(), &link) != 0) return std::nullopt;
  return Versions{.current = *current,
                  .previous = impl_->store.previous(name).value_or(""),
                  .since = WallTime(Seconds(link.st_mtim.tv_sec))};
}

void PackManager::close() {
  const std::lock_guard lock(impl_->mutex);
  impl_->closing = true;
  if (impl_->latest) cancel(*impl_->latest);
}

net::awaitable<void> PackManager::stop() {
  close();
  std::shared_ptr<Job> job;
  {
    const std::lock_guard lock(impl_->mutex);
    job = impl_->latest;
  }
  while (job && !Impl::over(*job)) {
    co_await net::sleep_for(kLook);
  }
}

}  // namespace hearth::daemon
