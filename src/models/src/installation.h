// One pull from beginning to end, on a thread that may block.
#pragma once

#include "download.h"
#include "resolve.h"

#include <hearth/models/pull.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

namespace hearth::models {

// The files that some pull is fetching now: another that wants one of them waits for it.
class Fetching {
 public:
  // Waits until nobody else fetches `key`, then takes it; `waiting` is called once if that takes a while. False:
  // stopped.
  bool enter(const std::string& key, const std::function<void()>& waiting, const std::stop_token& stop);
  void leave(const std::string& key);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string, std::less<>> keys_;  // guarded by mutex_
};

struct InstallContext {
  ModelStore& store;
  const Catalogue& catalogue;
  Http& http;
  Fetching& fetching;
  const PullOptions& options;
};

using OnPullEvent = std::function<void(PullEvent)>;

// Tells everything but the last event. `was_there`: nothing had to be done.
struct Installation {
  ModelManifest manifest;
  bool was_there = false;
};
Result<Installation> install_model(InstallContext& context, const PullRequest& request, const OnPullEvent& tell,
                                   const std::stop_token& stop);

}  // namespace hearth::models
