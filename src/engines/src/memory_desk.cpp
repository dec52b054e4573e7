#include "memory_desk.h"

#include "engine.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/core/units.h>
#include <hearth/hardware/load.h>
#include <hearth/hardware/memory.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hearth::engines {
namespace {

constexpr std::string_view kRoom = "engines";
constexpr Millis kFresh{200};  // so old may be what was observed when a start is decided on
constexpr std::size_t kMaxProcFile = 64 * 1024;
constexpr Millis kSaveEvery{60'000};  // what was learned

struct Watched {
  std::string engine;
  Engine::Watch watch;
  ProcessSample sample;
};
struct Observation {
  std::vector<Watched> engines;
  std::uint64_t available = 0;
  hardware::Stall stall;
};

Result<Observation> look(std::vector<Watched> engines, const std::filesystem::path& proc) {
  Observation seen;
  for (Watched& w : engines) {
    if (w.watch.memory) w.sample.memory = hardware::tree_memory(w.watch.root);
    if (w.watch.work) {
      const hardware::TreeWork work = hardware::tree_work(w.watch.root);
      w.sample.cpu_seconds = work.cpu_seconds;
      w.sample.waited_seconds = work.waited_seconds;
      w.sample.major_faults = work.major_faults;
    }
    if (w.watch.group) w.sample.stalled = w.watch.group->stalled();
  }
  seen.engines = std::move(engines);
  HEARTH_TRY_ASSIGN(const std::string meminfo, read_file(proc / "meminfo", kMaxProcFile));
  HEARTH_TRY_ASSIGN(const hardware::MachineMemory machine, hardware::parse_meminfo(meminfo));
  seen.available = machine.available;
  if (const auto text = read_file(proc / "pressure" / "memory", kMaxProcFile))
    seen.stall = hardware::parse_pressure(*text).value_or(hardware::Stall());  // not every kernel tells
  return seen;
}

}  // namespace

MemoryDesk::MemoryDesk(net::Executor executor, const SupervisorOptions& options, const EnginesByName& engines)
    : policy_(options.policy),
      ledger_policy_(options.ledger),
      proc_(options.proc),
      file_(options.learned_file),
      engines_(engines),
      budget_(options.memory_budget),
      changed_(executor),
      tasks_(executor) {
  outside_.total = hardware::usable_memory();
  outside_.floor = options.memory_floor.value_or(system_floor(outside_.total) / 2);
  outside_.available = outside_.total;
  if (budget_ == 0) budget_ = default_budget(outside_.total);
  status_.budget = status_.usable = budget_;
}

net::awaitable<void> MemoryDesk::open(net::BlockingPool& pool) {
  pool_ = &pool;
  if (!file_.empty()) {
    auto read = [file = file_]() { return read_file(file, kMaxLearnedFile); };
    const auto text = co_await pool_->run(std::move(read));
    if (text) learned_ = parse_learned(*text);
    if (!text && !text.error().is(Errc::not_found))
      log::warn(kRoom, "what engines were seen to need could not be read; estimates hold",
                {{"error", text.error().describe()}});
  }
  saved_ = steady_now();
  tasks_.spawn("engines memory", run());
}

net::awaitable<void> MemoryDesk::stop() {
  co_await tasks_.stop();
  co_await save();
}

Learned MemoryDesk::learned(std::string_view engine) const {
  const auto it = learned_.find(engine);
  return it == learned_.end() ? Learned() : it->second;
}

void MemoryDesk::forget(std::string_view engine) {
  const auto it = learned_.find(engine);
  if (it != learned_.end()) learned_.erase(it);
}

MemoryStatus MemoryDesk::status() const {
  const std::lock_guard lock(status_lock_);
  return status_;
}

bool MemoryDesk::busy() const {
  return std::ranges::any_of(engines_, [](const auto& e) { return e.second->has_process(); });
}

net::awaitable<void> MemoryDesk::run() {
  for (;;) {
    // Where no engine runs and none is wanted, nothing is measured: the next request wakes this.
    const Deadline tick = busy() || somebody_waits_ ? Deadline::in(policy_.sample_every) : Deadline::never();
    [[maybe_unused]] const auto woken = co_await changed_.wait(tick);
    const bool told_to_stop = co_await net::is_cancelled();
    if (told_to_stop) co_return;
    changed_.reset();
    SteadyTime now = steady_now();
    if (now - observed_ >= std::min(kFresh, policy_.sample_every)) co_await observe(now);
    now = steady_now();
    for (const auto& [name, engine] : engines_) engine->mind(now);
    call_off_unwanted(now);
    start_who_fits(now);
    shrink(now);
    publish(ledger(now));
    if (now - saved_ >= kSaveEvery) co_await save();
  }
}

net::awaitable<void> MemoryDesk::observe(SteadyTime now) {
  std::vector<Watched> watched;
  for (const auto& [name, engine] : engines_) {
    if (const auto watch = engine->watch(now)) watched.push_back({name, *watch, {}});
  }
  auto job = [w = std::move(watched), proc = proc_]() mutable { return look(std::move(w), proc); };
  const auto seen = co_await pool_->run(std::move(job));
  if (!seen) {  // the pool is full, or /proc cannot be read: what was seen last has to do
    log::debug(kRoom, "memory could not be looked at", {{"error", seen.error().describe()}});
    co_return;
  }
  observed_ = steady_now();
  outside_.available = seen->available;
  outside_.stalled_some = seen->stall.some;
  outside_.stalled_full = seen->stall.full;
  for (const Watched& w : seen->engines) {
    const auto it = engines_.find(w.engine);
    if (it != engines_.end()) it->second->note_sample(w.watch, w.sample, observed_);
  }
}

Ledger MemoryDesk::ledger(SteadyTime now) const {
  Ledger ledger;
  ledger.budget = budget_;
  std::uint64_t measured = 0;
  std::uint64_t interactive = 0;
  for (const auto& [name, engine] : engines_) {
    LedgerEntry entry = engine->ledger_entry(now);
    if (held(entry) > 0) measured += entry.measured;
    if (entry.lane == Lane::interactive && engine->can_run()) interactive += entry.reservation;
    ledger.entries.push_back(std::move(entry));
  }
  ledger.interactive_reserve = std::min(interactive, budget_ / 4);
  ledger.short_by = budget_ - effective_budget(budget_, measured, outside_);
  return ledger;
}

// A start that nobody waits for (after a failure, say) is not worth another engine's leaving, nor waiting for.
void MemoryDesk::call_off_unwanted(SteadyTime now) {
  const Ledger before = ledger(now);
  for (const LedgerEntry& e : before.entries) {
    if (e.hold != Hold::wanted || e.waiting > 0 || e.pinned) continue;
    if (plan_start(before, e.name, ledger_policy_, now).verdict != StartVerdict::start)
      engines_.find(e.name)->second->call_off();
  }
}

void MemoryDesk::start_who_fits(SteadyTime now) {
  const Ledger before = ledger(now);
  const Plan plan = plan_starts(before, ledger_policy_, now);
  somebody_waits_ = !plan.waiting.empty();
  for (const auto& [name, engine] : engines_)
    engine->set_yielding(std::ranges::find(plan.yield, name) != plan.yield.end());
  for (const auto& [name, why] : plan.refused) engines_.find(name)->second->refuse_memory(why);
  for (const auto& [name, why] : plan.waiting) engines_.find(name)->second->note_memory_wait(why);
  evict(plan.evict, "its memory is needed for another engine");
  for (const std::string& name : plan.start) engines_.find(name)->second->grant();
}

void MemoryDesk::shrink(SteadyTime now) {
  evict(plan_shrink(ledger(now), outside_, ledger_policy_),
        pressure(outside_) > 0 ? "the machine is short of memory" : "engines use more than the budget");
}

void MemoryDesk::evict(const std::vector<std::string>& names, std::string_view why) {
  for (const std::string& name : names) {
    log::info(fmt::format("engines.{}", name), "leaves", {{"why", why}});
    ++evictions_;
    engines_.find(name)->second->evict();
  }
}

void MemoryDesk::publish(const Ledger& ledger) {
  MemoryStatus status;
  status.budget = ledger.budget;
  status.usable = ledger.budget - ledger.short_by;
  status.interactive_reserve = ledger.interactive_reserve;
  status.reserved = total_held(ledger);
  for (const LedgerEntry& e : ledger.entries) {
    if (held(e) > 0) status.measured += e.measured;
  }
  status.evictions = evictions_;
  const std::lock_guard lock(status_lock_);
  status_ = status;
}

net::awaitable<void> MemoryDesk::save() {
  if (file_.empty() || pool_ == nullptr) co_return;
  saved_ = steady_now();
  // Engines that are not installed at present keep what is known of them.
  LearnedByName now = learned_;
  for (const auto& [name, engine] : engines_) {
    const Learned learned = engine->learned();
    if (learned.peak > 0) now[name] = learned;
  }
  if (now == learned_) co_return;
  learned_ = std::move(now);
  auto write = [file = file_, text = format_learned(learned_)]() { return write_file_atomic(file, text, 0600); };
  const auto written = co_await pool_->run(std::move(write));
  if (!written)
    log::warn(kRoom, "what engines were seen to need could not be written", {{"error", written.error().describe()}});
}

}  // namespace hearth::engines
