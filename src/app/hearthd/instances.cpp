#include "instances.h"

#include "engine_upstream.h"
#include "model_hint.h"
#include "tasks.h"

#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/hardware/memory.h>
#include <hearth/models/fit.h>
#include <hearth/models/model_file.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;

constexpr Seconds kLeaveTime{30};              // for requests of a model that goes
constexpr std::uint32_t kContext = 16 * 1024;  // tokens of all places together, where a model could do more
constexpr std::uint32_t kLeastContext = 512;
// As engines/llama/engine.yaml has them for chat.
constexpr std::uint32_t kPlaces = 4;
constexpr std::uint64_t kPromptCache = std::uint64_t{256} << 20U;
constexpr std::uint32_t kCheckpoints = 4;

std::optional<models::ModelFacts> look_at(const engines::ModelFiles& model, const std::vector<fs::path>& parts) {
  auto facts = models::inspect_whole(model.files.at("model"), parts);
  if (facts) return std::move(*facts);
  log::warn("models", "a model's file cannot be read", {{"model", model.id}, {"error", facts.error().describe()}});
  return std::nullopt;
}

// The memory a model takes and, of a language model, the context it gets: both together at most half of what the box
// has.
void size_up(engines::ModelFiles& model, const models::ModelFacts& facts, std::uint64_t memory) {
  std::optional<models::ModelFacts> projector;
  if (const auto eyes = model.files.find("mmproj"); eyes != model.files.end()) {
    auto read = models::inspect_model(eyes->second);
    if (read) projector = std::move(*read);
  }
  const models::ModelFacts* with = projector ? &*projector : nullptr;
  models::RunOptions options;
  options.slots = kPlaces;
  options.context = model.context;
  if (model.task == engines::Task::chat) {
    options.prompt_cache = kPromptCache;
    options.checkpoints = kCheckpoints;
  }
  if (model.context == 0 && facts.format == models::Format::gguf) {
    const auto fitting = models::largest_context(facts, options, memory / 2, with, kLeastContext);
    options.context = std::min(kContext, fitting.value_or(kLeastContext));
    model.context = options.context;
  }
  const auto need = models::predict_memory(facts, options, with);
  if (!need) return;
  model.memory = need->total();
  // Models that work before this one, in the same process.
  for (const char* role : {"detector", "classifier"}) {
    const auto file = model.files.find(role);
    if (file == model.files.end()) continue;
    const auto step = models::inspect_model(file->second);
    if (!step) continue;
    if (const auto more = models::predict_memory(*step, options)) model.memory += more->total();
  }
}

// Of several files, what sha256sum prints of them.
std::string digest_of(const models::ModelManifest& manifest) {
  if (manifest.files.size() == 1) return manifest.files.front().sha256;
  std::vector<std::string> lines;
  for (const models::ModelFile& file : manifest.files) lines.push_back(fmt::format("{}  {}\n", file.sha256, file.name));
  std::ranges::sort(lines, {}, [](const std::string& line) { return line.substr(line.find(' ')); });
  return sha256_hex(fmt::format("{}", fmt::join(lines, "")));
}

std::shared_ptr<const gateway::ModelFiles> shown(const models::InstalledModel& model, const models::ModelFacts* facts) {
  gateway::ModelFiles files;
  files.bytes = model.manifest.bytes();
  files.sha256 = digest_of(model.manifest);
  struct stat info{};
  if (::stat((model.folder / "model.yaml").c_str(), &info) == 0)
    files.installed = WallTime(Seconds(info.st_mtim.tv_sec));
  files.format = model.manifest.format;
  if (facts != nullptr) {
    files.family = facts->architecture;
    files.quantisation = facts->quantisation;
    files.parameters = facts->parameters;
  }
  return std::make_shared<const gateway::ModelFiles>(std::move(files));
}

engines::Trouble trouble_of(engines::Event failure) {
  if (failure == engines::Event::stalled || failure == engines::Event::unresponsive) return engines::Trouble::stalls;
  if (failure == engines::Event::probe_failed || failure == engines::Event::canary_failed)
    return engines::Trouble::wrong_answers;
  return engines::Trouble::crash_loop;
}

std::optional<Installed> as_installed(const models::InstalledModel& found, fs::file_time_type when,
                                      std::uint64_t memory) {
  const models::ModelManifest& manifest = found.manifest;
  const auto task = engine_task(manifest.task);
  if (!task) return std::nullopt;
  Installed installed;
  installed.files = as_model_files(manifest, *task, found.folder);
  installed.version = fmt::format("{}:{}:{}:{}:{}:{}", manifest.task, manifest.format, manifest.context,
                                  manifest.memory, fmt::join(manifest.languages, ","), when.time_since_epoch().count());
  std::vector<fs::path> parts;
  for (const models::ModelFile& file : manifest.files) {
    if (file.role == "part") parts.push_back(found.folder / file.name);
    installed.version += fmt::format(":{}={}={}", file.role, file.name, file.sha256);
  }
  std::optional<models::ModelFacts> facts;
  if (installed.files.files.contains("model")) facts = look_at(installed.files, parts);
  if (facts) size_up(installed.files, *facts, memory);
  installed.shown = shown(found, facts ? &*facts : nullptr);
  return installed;
}

fs::file_time_type installed_at(const models::InstalledModel& model) {
  std::error_code ec;
  const auto time = fs::last_write_time(model.folder / "model.yaml", ec);
  return ec ? fs::file_time_type::min() : time;
}

}  // namespace

std::vector<Installed> installed_models(const models::ModelStore& store, std::uint64_t memory) {
  std::vector<Error> problems;
  std::vector<models::InstalledModel> found = store.list(&problems);
  for (const Error& problem : problems)
    log::error("models", "an installed model is no good", {{"error", problem.describe()}});
  std::ranges::sort(found, std::ranges::greater(), [](const models::InstalledModel& model) {
    return std::pair(installed_at(model), model.manifest.name);
  });
  std::vector<Installed> all;
  for (const models::InstalledModel& model : found)
    if (auto installed = as_installed(model, installed_at(model), memory)) all.push_back(std::move(*installed));
  return all;
}

const engines::EngineSpec* Instances::engine_for(const engines::ModelFiles& model) const {
  const auto found = std::ranges::find_if(templates_, [&](const engines::EngineSpec& spec) {
    return engines::fits(spec.manifest, model) &&
           (with_.phonemes != nullptr || !engines::takes_phonemes(spec.manifest, model.task));
  });
  return found == templates_.end() ? nullptr : &*found;
}

net::awaitable<Result<void>> Instances::refresh() {
  if (std::exchange(busy_, true)) {
    again_ = true;
    co_return Result<void>();
  }
  Result<void> done;
  do {
    again_ = false;
    try {
      done = co_await refresh_once();
    } catch (const std::exception& e) {  // a bug, but not one that ends all later refreshes
      done = fail(Errc::internal, e.what());
    }
  } while (again_);
  busy_ = false;
  co_return done;
}

net::awaitable<Result<void>> Instances::refresh_once() {
  auto look = [store = with_.store]() -> Result<std::vector<Installed>> {
    const auto memory = hardware::machine_memory();
    return installed_models(*store, memory ? memory->total : 0);
  };
  auto looked = co_await with_.pool->run(std::move(look));
  if (!looked) co_return fail(looked.error());
  std::vector<Installed> installed = std::move(*looked);
  std::erase_if(installed, [this](const Installed& model) {
    if (engine_for(model.files) != nullptr) return false;
    log::info("models", "no engine of this box loads it", {{"model", model.files.id}, {"format", model.files.format}});
    return true;
  });

  std::vector<std::string> leaving;  // models that are gone, or there in another version
  for (const auto& [id, running] : running_) {
    const bool stays = std::ranges::any_of(
        installed, [&](const Installed& model) { return model.files.id == id && model.version == running.version; });
    if (!stays) leaving.push_back(id);
  }
  // What is new need not wait for what goes; what goes leaves the catalogue before it leaves memory; and what is there
  // in another version stays in the catalogue: it is back in a moment.
  add_missing(installed);
  installed_ = installed;
  publish();
  for (const std::string& id : leaving) {
    const std::string engine = running_.at(id).engine;
    const auto removed = co_await with_.supervisor->remove(engine, Deadline::in(kLeaveTime));
    if (!removed) log::warn("models", "an engine could not be removed", {{"error", removed.error().describe()}});
    running_.erase(id);
  }
  add_missing(installed);
  publish();
  co_return Result<void>();
}

void Instances::add_missing(const std::vector<Installed>& installed) {
  for (const Installed& model : installed) {
    if (running_.contains(model.files.id)) continue;
    const engines::EngineSpec& engine = *engine_for(model.files);
    engines::EngineSpec instance{engines::instantiate(engine.manifest, model.files), engine.settings};
    if (with_.care != nullptr) instance.check = [care = with_.care, id = model.files.id] { return care->look(id); };
    Running running{model.version, instance.manifest.name, instance.manifest.models, model.files.memory,
                    engines::takes_phonemes(engine.manifest, model.files.task)};
    const auto added = with_.supervisor->add(std::move(instance));
    if (!added) {
      log::error("models", "a model cannot be served",
                 {{"model", model.files.id}, {"error", added.error().describe()}});
      continue;
    }
    if (const auto held = held_.find(model.files.id); held != held_.end()) [[maybe_unused]]
      const auto done = with_.supervisor->hold(running.engine, held->second);
    running_.emplace(model.files.id, std::move(running));
  }
}

void Instances::hold(const std::string& model, const std::string& why) {
  why.empty() ? static_cast<void>(held_.erase(model)) : static_cast<void>(held_[model] = why);
  const auto running = running_.find(model);
  if (running == running_.end()) return;
  [[maybe_unused]] const auto done = with_.supervisor->hold(running->second.engine, why);
  publish();
}

void Instances::engine_changed(const std::string& engine, engines::Event on, engines::State to) {
  using engines::State;
  if (to == State::failing) last_failure_[engine] = trouble_of(on);
  if (to == State::ready) last_failure_.erase(engine);
  std::optional<engines::Trouble> trouble;
  if (on == engines::Event::no_memory) trouble = engines::Trouble::no_memory;
  if (to == State::quarantined) {
    const auto last = last_failure_.find(engine);
    trouble = last == last_failure_.end() ? engines::Trouble::crash_loop : last->second;
  }
  if (to == State::backoff || to == State::quarantined) {
    const auto model = std::ranges::find(running_, engine, [](const auto& entry) { return entry.second.engine; });
    if (model != running_.end() && with_.care != nullptr) with_.care->suspect(model->first);
  }
  if (trouble) {
    for (const std::string& model : models_of(engine)) {
      for (const std::string& step : ladders_.trouble(model, *trouble, with_.supervisor->memory().budget, steady_now()))
        with_.record->note(step);
    }
  }
  publish();
}

std::vector<std::string> Instances::models_of(std::string_view engine) const {
  std::vector<std::string> ids;
  for (const gateway::Model& model : in_order()) {
    if (model.upstream->name() == engine && std::ranges::find(ids, model.id) == ids.end()) ids.push_back(model.id);
  }
  return ids;
}

// A model that was pulled comes before those that are built in, so that the names that clients have built in lead to
// it. Who looks for things without a wish does not mean faces only.
std::vector<gateway::Model> Instances::in_order() const {
  std::vector<gateway::Model> first;
  std::vector<gateway::Model> last;
  for (const Installed& model : installed_) {
    const auto running = running_.find(model.files.id);
    if (running == running_.end()) continue;
    const auto upstream = std::make_shared<EngineUpstream>(with_.supervisor, running->second.engine);
    std::vector<gateway::Model>& list = model.files.kind == "face" ? last : first;
    for (const engines::Model& served : running->second.models)
      if (const auto task = gateway_task(served.task))
        list.push_back({served.id,
                        *task,
                        served.description,
                        served.languages,
                        upstream,
                        {},
                        running->second.takes_phonemes ? with_.phonemes : nullptr,
                        running->second.version,
                        {},
                        {},
                        model.shown});
  }
  first.insert(first.end(), built_in_.begin(), built_in_.end());
  first.insert(first.end(), last.begin(), last.end());
  return first;
}

engines::Rung Instances::rung_of(const gateway::Model& model) const {
  engines::Rung rung;
  rung.kind = engines::RungKind::other_model;
  rung.name = model.id;
  const auto state = with_.supervisor->state(model.upstream->name());
  // Vectors of another model would not do in place of those of one that is being mended.
  const bool awaited = !may_stand_in(model.task) && held_.contains(model.id);
  rung.available = state && (*state != engines::State::absent || awaited);
  if (const auto running = running_.find(model.id); running != running_.end()) rung.memory = running->second.memory;
  return rung;
}

// The model that serves whoever does not choose comes first of its task.
void Instances::follow_ladders(std::vector<gateway::Model>& models) {
  std::map<gateway::Task, std::vector<engines::Rung>> rungs;
  for (const gateway::Model& model : models) rungs[model.task].push_back(rung_of(model));
  for (auto& [task, list] : rungs) {
    list.front().kind = engines::RungKind::as_configured;
    const auto step = ladders_.update(task, std::move(list), with_.supervisor->memory().budget, steady_now());
    if (step) with_.record->note(*step);
  }
  std::vector<gateway::Model> ordered;
  for (const bool leads : {true, false}) {
    for (const gateway::Model& model : models)
      if ((model.id == ladders_.leader(model.task)) == leads) ordered.push_back(model);
  }
  models = std::move(ordered);
}

void Instances::publish() {
  std::vector<gateway::Model> models = in_order();
  follow_ladders(models);
  with_.catalogue->replace(std::move(models));
}

}  // namespace hearth::daemon
