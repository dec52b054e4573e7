// Keeps engine packs whole: looks now and then whether their files are there, makes again what is damaged from what was
// kept of it, and goes back to the version before when engines do not work in a new one. Without anybody's asking.
//
// Belongs to the I/O thread. Its collaborators outlive it.
#pragma once

#include "healing_record.h"
#include "mending.h"
#include "packs.h"

#include <hearth/engines/fallback.h>
#include <hearth/engines/supervisor.h>
#include <hearth/net/runtime.h>

#include <map>
#include <string>

namespace hearth::daemon {

class PackCare {
 public:
  struct With {
    engines::Supervisor* supervisor = nullptr;
    PackManager* packs = nullptr;
    net::BlockingPool* pool = nullptr;
    HealingRecord* record = nullptr;
  };
  struct Rhythm {
    Seconds look_every{60};
    Seconds try_every{3600};       // a pack that looks well, because engines fail in it
    Seconds fresh{7 * 24 * 3600};  // so long after an upgrade it is suspected when engines fail
    RetryPolicy retry;
  };
  PackCare(net::Executor executor, With with, Rhythm rhythm);

  // Until it is cancelled.
  net::awaitable<void> run();
  // An engine has changed its state.
  void engine_changed(const std::string& engine, engines::State to);

 private:
  struct Care {
    bool suspected = false;  // an engine rests because it failed in it
    SteadyTime tried = SteadyTime::min();
    std::uint32_t failures = 0;  // to mend it, in a row
    SteadyTime next = SteadyTime::min();
  };
  net::awaitable<void> tend(std::string pack, std::set<std::filesystem::path> programs);
  net::awaitable<void> mend(std::string pack, std::string damage);
  void hold(std::string_view pack, const std::string& why) const;
  net::awaitable<void> try_it(std::string pack);
  // True: it is in use now.
  net::awaitable<bool> go_back(std::string pack, engines::Trouble trouble);
  // Until it is over.
  net::awaitable<Result<PackManager::Outcome>> carry_out(std::string pack, PackManager::Kind kind);
  [[nodiscard]] bool works(std::string_view pack) const;

  With with_;
  Rhythm rhythm_;
  net::Event woken_;
  std::map<std::string, Care> cares_;  // by pack's name
};

}  // namespace hearth::daemon
