// Installed models as engines: each that an engine can load gets a process of its own, when it is asked for, and a
// place in the catalogue.
//
// Belongs to the I/O thread, as the supervisor does. Its collaborators outlive it.
#pragma once

#include "healing_record.h"
#include "model_care.h"
#include "task_ladders.h"

#include <hearth/engines/instance.h>
#include <hearth/engines/supervisor.h>
#include <hearth/gateway/catalogue.h>
#include <hearth/models/model_store.h>
#include <hearth/net/runtime.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hearth::daemon {

// A model of the store as an engine takes it.
struct Installed {
  engines::ModelFiles files;
  // Changes when it is installed anew, so that what was noted against its engine is forgotten, or when its bytes do, or
  // whatever else its engine is started with.
  std::string version;
  std::shared_ptr<const gateway::ModelFiles> shown;  // never nullptr
};
// What the store has, newest first, with the memory each is expected to need: `memory` bytes are what this box has.
// Models of a task that no engine serves are left out. Blocking.
std::vector<Installed> installed_models(const models::ModelStore& store, std::uint64_t memory);

class Instances {
 public:
  struct Collaborators {
    engines::Supervisor* supervisor = nullptr;
    gateway::Catalogue* catalogue = nullptr;
    const models::ModelStore* store = nullptr;
    net::BlockingPool* pool = nullptr;
    ModelCare* care = nullptr;
    HealingRecord* record = nullptr;
    std::shared_ptr<gateway::Upstream> phonemes = nullptr;  // for voices that take them; nullptr: there are none then
  };
  // `templates`: the engines that load models, switched-off ones left out. `built_in`: the models of all others.
  Instances(Collaborators with, std::vector<engines::EngineSpec> templates, std::vector<gateway::Model> built_in)
      : with_(with), templates_(std::move(templates)), built_in_(std::move(built_in)) {}

  // Brings engines and catalogue in line with the store and with what can run: after start, and whenever models or
  // packs were installed or removed. What goes may finish its requests first. When it is called while it runs, it runs
  // once more. io_error, resource_exhausted.
  net::awaitable<Result<void>> refresh();

  // Why no engine is to run with a model; empty: it may.
  void hold(const std::string& model, const std::string& why);
  // An engine has changed its state.
  void engine_changed(const std::string& engine, engines::Event on, engines::State to);
  // Now and then: what was in trouble is tried again.
  void tend() { publish(); }

 private:
  net::awaitable<Result<void>> refresh_once();
  [[nodiscard]] const engines::EngineSpec* engine_for(const engines::ModelFiles& model) const;
  void add_missing(const std::vector<Installed>& installed);
  void publish();
  // Those of all models, the preferred first.
  [[nodiscard]] std::vector<gateway::Model> in_order() const;
  void follow_ladders(std::vector<gateway::Model>& models);
  [[nodiscard]] engines::Rung rung_of(const gateway::Model& model) const;
  [[nodiscard]] std::vector<std::string> models_of(std::string_view engine) const;

  struct Running {
    std::string version;
    std::string engine;                  // the instance's name
    std::vector<engines::Model> models;  // what it serves, by task
    std::uint64_t memory = 0;            // bytes it is expected to need
    bool takes_phonemes = false;
  };
  Collaborators with_;
  std::vector<engines::EngineSpec> templates_;
  std::vector<gateway::Model> built_in_;
  std::vector<Installed> installed_;                                   // as they were last seen
  std::map<std::string, Running> running_;                             // by model's name
  std::map<std::string, std::string> held_;                            // why, by model's name
  std::map<std::string, engines::Trouble, std::less<>> last_failure_;  // by engine's name
  TaskLadders ladders_;
  bool busy_ = false;
  bool again_ = false;
};

}  // namespace hearth::daemon
