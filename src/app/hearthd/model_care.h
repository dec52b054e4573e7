// Keeps installed models whole: looks at their files before an engine starts with them and now and then in between,
// reads all of what looks wrong or what an engine fails with, and gets again what is damaged: the same bytes, from
// where they came, without anybody's asking.
#pragma once

#include "mending.h"

#include <hearth/models/model_store.h>
#include <hearth/models/pull.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hearth::daemon {

class ModelCare {
 public:
  struct With {
    models::ModelStore* store = nullptr;
    models::Puller* puller = nullptr;
    std::filesystem::path marker;   // a file whose time says when all files were last read
    std::function<void()> changed;  // a model was put together again without a pull
    // Why no engine is to start with a model; empty: it may. On this object's thread; must not block.
    std::function<void(const std::string& model, const std::string& why)> hold;
    std::function<bool()> idle;  // nobody is served at present
  };
  struct Rhythm {
    Seconds look_every{30};
    Seconds read_every{7 * 24 * 3600};  // all files of all models, while the box is idle
    Seconds suspect_every{3600};        // files that look well, because an engine fails with them
    RetryPolicy retry;
  };

  // Begins; the collaborators outlive it.
  explicit ModelCare(With with, Rhythm rhythm);
  // Ends what it does; a pull under way goes on, its end is nobody's business any more.
  ~ModelCare();
  ModelCare(const ModelCare&) = delete;
  ModelCare& operator=(const ModelCare&) = delete;
  // Soon; the destructor waits for it.
  void stop();

  // May an engine start with it? Reads a file's header, so not on the I/O thread. corrupt: it is being checked, or
  // pulled again.
  Result<void> look(const std::string& model);
  // An engine fails with it. Any thread.
  void suspect(const std::string& model);

 private:
  struct Repair {
    models::ModelManifest manifest;
    std::string fault;
    std::uint32_t tries = 0;
    SteadyTime next;
    std::shared_ptr<models::PullJob> job;  // under way
  };
  using Looks = std::vector<FileLook>;

  void work(const std::stop_token& stop);
  void check(const std::string& model, const std::stop_token& stop);
  void look_at_all();
  void read_all(const std::stop_token& stop);
  void mend(const models::ModelManifest& manifest, std::string fault);
  void tend();
  void begin(Repair& repair);
  void settle(Repair& repair);
  [[nodiscard]] bool is_whole(const Repair& repair) const;
  [[nodiscard]] bool read_lately(const std::string& model, const Looks& looks) const;
  [[nodiscard]] bool is_known_good(const std::string& model, const Looks& looks) const;
  void tell(const std::string& model, const std::string& why);

  const With with_;
  const Rhythm rhythm_;
  mutable std::mutex mutex_;
  std::condition_variable_any woken_;
  std::set<std::string> suspects_;           // guarded by mutex_
  std::map<std::string, std::string> held_;  // guarded by mutex_: what was told of it
  struct Read {
    Looks looks;
    SteadyTime at;
  };
  std::map<std::string, Read> good_;  // guarded by mutex_: read whole, and as it should be
  // Of the thread:
  std::map<std::string, Repair> repairs_;
  SteadyTime next_look_;
  std::vector<std::string> to_read_;  // of the round under way
  std::jthread thread_;
};

}  // namespace hearth::daemon
