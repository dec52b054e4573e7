// Keeps the ledger: measures engines and the machine, and says which engine may start, which leaves, which lets another
// have a turn. What to say is decided by ledger.h. Belongs to the supervisor's executor; reads /proc on the pool.
#pragma once

#include "learned_file.h"

#include <hearth/engines/ledger.h>
#include <hearth/engines/supervisor.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hearth::engines {

class Engine;
using EnginesByName = std::map<std::string, std::shared_ptr<Engine>, std::less<>>;

class MemoryDesk {
 public:
  // `engines` outlives this and may change between calls.
  MemoryDesk(net::Executor executor, const SupervisorOptions& options, const EnginesByName& engines);

  // Reads what was learned before, then goes on until stop(). `pool` outlives that.
  net::awaitable<void> open(net::BlockingPool& pool);
  // Writes what was learned.
  net::awaitable<void> stop();

  // Something that matters to memory has changed at an engine: it wants to start, is idle, is gone.
  void changed() { changed_.set(); }
  // Requests that end matter only while somebody waits for memory.
  [[nodiscard]] bool somebody_waits() const noexcept { return somebody_waits_; }
  [[nodiscard]] Learned learned(std::string_view engine) const;
  // What was learned of an engine that is removed.
  void forget(std::string_view engine);

  // Any thread.
  [[nodiscard]] MemoryStatus status() const;

 private:
  net::awaitable<void> run();
  net::awaitable<void> observe(SteadyTime now);
  net::awaitable<void> save();
  [[nodiscard]] Ledger ledger(SteadyTime now) const;
  [[nodiscard]] bool busy() const;
  void call_off_unwanted(SteadyTime now);
  void start_who_fits(SteadyTime now);
  void shrink(SteadyTime now);
  void evict(const std::vector<std::string>& names, std::string_view why);
  void publish(const Ledger& ledger);

  const Policy policy_;
  const LedgerPolicy ledger_policy_;
  const std::filesystem::path proc_;
  const std::filesystem::path file_;
  const EnginesByName& engines_;
  net::BlockingPool* pool_ = nullptr;
  std::uint64_t budget_;
  Outside outside_;
  SteadyTime observed_;
  LearnedByName learned_;
  SteadyTime saved_;
  bool somebody_waits_ = false;
  std::uint64_t evictions_ = 0;
  mutable std::mutex status_lock_;
  MemoryStatus status_;
  net::Event changed_;
  net::TaskGroup tasks_;
};

}  // namespace hearth::engines
