#include "engine.h"
#include "memory_desk.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace hearth::engines {

struct Supervisor::Impl {
  Impl(net::Executor e, SupervisorOptions o)
      : executor(e), options(std::move(o)), desk(executor, options, engines), tasks(e) {}

  net::Executor executor;
  SupervisorOptions options;
  net::BlockingPool* pool = nullptr;  // after start()
  EnginesByName engines;
  std::mutex engines_mutex;  // held to change `engines`, and to read it on other threads
  MemoryDesk desk;
  bool closing = false;  // stop() was called: nobody would stop a newcomer
  net::TaskGroup tasks;  // of stop()

  std::shared_ptr<Engine> find(std::string_view name) const {
    const auto it = engines.find(name);
    return it == engines.end() ? nullptr : it->second;
  }
};

namespace {

Error no_such_engine(std::string_view name) {
  return {Errc::not_found, fmt::format("there is no engine called \"{}\"; hearth engines lists them", name)};
}

void open(Engine& engine, net::BlockingPool& pool, MemoryDesk& desk) {
  engine.open(pool, desk);
  if (engine.terms().lifetimes.keep_warm) engine.wake();
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", folder.string())));
  return {};
}

}  // namespace

Supervisor::Supervisor(net::Executor executor, SupervisorOptions options, std::vector<EngineSpec> engines)
    : impl_(std::make_shared<Impl>(executor, std::move(options))) {
  for (const EngineSpec& spec : engines)
    impl_->engines.emplace(spec.manifest.name, std::make_shared<Engine>(executor, spec, impl_->options));
}

Supervisor::~Supervisor() = default;

net::awaitable<Result<void>> Supervisor::start(net::BlockingPool& pool) {
  auto prepare = [runtime = impl_->options.runtime]() -> Result<void> {
    HEARTH_TRY(make_folder(runtime / "engines"));
    return make_folder(runtime / "scratch");
  };
  const auto prepared = co_await pool.run(std::move(prepare));
  if (!prepared) co_return fail(prepared.error());
  if (!impl_->options.containment.isolated() && impl_->options.sandbox != SandboxMode::required)
    log::warn("engines", "engines run without a sandbox, with resource limits only",
              {{"why", impl_->options.sandbox == SandboxMode::off ? "engines.sandbox is off"
                                                                  : impl_->options.containment.problem}});
  impl_->pool = &pool;
  co_await impl_->desk.open(pool);
  for (const auto& [name, engine] : impl_->engines) open(*engine, pool, impl_->desk);
  co_return Result<void>();
}

Result<void> Supervisor::add(EngineSpec engine) {
  if (impl_->closing) return fail(Errc::unavailable, "hearthd is stopping");
  const std::string name = engine.manifest.name;
  if (knows(name)) return fail(Errc::already_exists, fmt::format("there is an engine called \"{}\" already", name));
  const auto added = std::make_shared<Engine>(impl_->executor, engine, impl_->options);
  {
    const std::lock_guard lock(impl_->engines_mutex);
    impl_->engines.emplace(name, added);
  }
  open(*added, *impl_->pool, impl_->desk);
  return {};
}

net::awaitable<Result<void>> Supervisor::remove(std::string engine, Deadline deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  const std::shared_ptr<Engine> removed = impl->find(engine);
  if (!removed) co_return fail(no_such_engine(engine));
  // Under its name until it is gone: another life of it must not use its folders meanwhile.
  co_await removed->stop(deadline);
  impl->desk.forget(engine);  // another model may come under this name
  const std::lock_guard lock(impl->engines_mutex);
  const auto place = impl->engines.find(engine);
  if (place != impl->engines.end() && place->second == removed) impl->engines.erase(place);
  co_return Result<void>();
}

net::awaitable<void> Supervisor::stop(Deadline deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->closing = true;
  for (const auto& [name, engine] : impl->engines) impl->tasks.spawn("engine stop", engine->stop(deadline));
  while (impl->tasks.size() > 0) {
    co_await impl->tasks.wait(Deadline::never());
  }
  co_await impl->desk.stop();
}

net::awaitable<Result<Lease>> Supervisor::acquire(std::string engine, Deadline deadline, Priority priority) {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  if (!found) co_return fail(no_such_engine(engine));
  co_return co_await found->acquire(deadline, priority);
}

Seconds Supervisor::retry_after(std::string_view engine) const {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  return found ? found->retry_after() : Seconds(1);
}

std::optional<State> Supervisor::state(std::string_view engine) const {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  return found ? std::optional(found->state()) : std::nullopt;
}

bool Supervisor::knows(std::string_view engine) const {
  return impl_->find(engine) != nullptr;
}

net::awaitable<Result<void>> Supervisor::start_engine(std::string engine, Deadline deadline) {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  if (!found) co_return fail(no_such_engine(engine));
  co_return co_await found->person_start(deadline);
}

net::awaitable<Result<void>> Supervisor::stop_engine(std::string engine, Deadline deadline) {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  if (!found) co_return fail(no_such_engine(engine));
  co_return co_await found->person_stop(deadline);
}

net::awaitable<Result<void>> Supervisor::restart_engine(std::string engine, Deadline deadline) {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  if (!found) co_return fail(no_such_engine(engine));
  const auto done = co_await found->person_restart(deadline);
  // It is being removed: that is no failure of the engine.
  if (!done && found->closing() && !impl_->closing) co_return fail(no_such_engine(engine));
  co_return done;
}

net::awaitable<Result<void>> Supervisor::reconsider() {
  const auto engines = impl_->engines;  // some may come and go meanwhile
  for (const auto& [name, engine] : engines) {
    if (engine->pack().empty()) continue;
    const auto looked = co_await engine->reconsider();
    if (!looked) co_return fail(looked.error());
  }
  co_return Result<void>();
}

Result<void> Supervisor::hold(std::string_view engine, const std::string& why) {
  const std::shared_ptr<Engine> found = impl_->find(engine);
  if (!found) return fail(no_such_engine(engine));
  found->hold(why);
  return {};
}

std::vector<std::string> Supervisor::engines_of_pack(std::string_view pack) const {
  std::vector<std::string> names;
  for (const auto& [name, engine] : impl_->engines) {
    if (engine->pack() == pack) names.push_back(name);
  }
  return names;
}

std::map<std::string, std::set<std::filesystem::path>> Supervisor::packs() const {
  std::map<std::string, std::set<std::filesystem::path>> all;
  for (const auto& [name, engine] : impl_->engines) {
    if (engine->pack().empty()) continue;
    auto& programs = all[engine->pack()];
    if (const auto program = engine->program_in_pack(); !program.empty()) programs.insert(program);
  }
  return all;
}

std::vector<EngineStatus> Supervisor::snapshot() const {
  std::vector<std::shared_ptr<Published>> published;
  {
    const std::lock_guard lock(impl_->engines_mutex);
    for (const auto& [name, engine] : impl_->engines) published.push_back(engine->published());
  }
  std::vector<EngineStatus> all;
  for (const auto& engine : published) all.push_back(engine->read());
  return all;
}

MemoryStatus Supervisor::memory() const {
  return impl_->desk.status();
}

}  // namespace hearth::engines
