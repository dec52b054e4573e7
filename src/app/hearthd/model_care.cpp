#include "model_care.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/core/units.h>
#include <hearth/models/model_file.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;

constexpr Millis kWatchPull{200};
constexpr Millis kPullsFull{5'000};  // too many pulls at once: tried again after so long

FileLook look_at(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {.there = S_ISREG(info.st_mode),
          .bytes = static_cast<std::uint64_t>(info.st_size),
          .changed = info.st_mtim.tv_sec};
}

std::vector<FileLook> looks_of(const models::InstalledModel& model) {
  std::vector<FileLook> looks;
  for (const models::ModelFile& file : model.manifest.files) looks.push_back(look_at(model.folder / file.name));
  return looks;
}

std::optional<std::string> fault_of(const models::InstalledModel& model, const std::vector<FileLook>& looks) {
  return find_fault(model.manifest, looks, look_at(model.folder / "model.yaml").changed);
}

// What a start would find out the hard way.
std::optional<std::string> header_fault(const models::InstalledModel& model) {
  const models::ModelFile* file = model.manifest.file("model");
  if (file == nullptr) return std::nullopt;
  const auto facts = models::inspect_model(model.folder / file->name);
  if (facts || !facts.error().is(Errc::corrupt)) return std::nullopt;
  return facts.error().message();
}

std::string in_words(const models::VerifyReport& report, const std::optional<std::string>& fault) {
  if (fault) return *fault;
  return fmt::format("{} does not have the bytes that were installed", report.broken.front().file);
}

std::optional<models::PullEvent> last_of(models::PullJob& job) {
  std::vector<models::PullEvent> events = job.take();
  if (events.empty()) return std::nullopt;
  return std::move(events.back());
}

WallTime time_of(const fs::path& file) {
  return WallTime(Seconds(look_at(file).changed));
}

}  // namespace

ModelCare::ModelCare(With with, Rhythm rhythm)
    : with_(std::move(with)), rhythm_(rhythm), next_look_(steady_now() + rhythm.look_every) {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

ModelCare::~ModelCare() {
  stop();
}

void ModelCare::stop() {
  thread_.request_stop();
}

Result<void> ModelCare::look(const std::string& model) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(model); held != held_.end()) return fail(Errc::corrupt, held->second);
  }
  const auto shown = with_.store->show(model);
  if (!shown) return fail(shown.error());
  const Looks looks = looks_of(*shown);
  auto fault = fault_of(*shown, looks);
  if (is_known_good(model, looks)) return {};
  if (!fault) fault = header_fault(*shown);
  if (!fault) return {};
  suspect(model);
  return fail(Errc::corrupt, fmt::format("its model is being checked: {}", *fault));
}

void ModelCare::suspect(const std::string& model) {
  const std::lock_guard lock(mutex_);
  suspects_.insert(model);
  woken_.notify_all();
}

bool ModelCare::is_known_good(const std::string& model, const Looks& looks) const {
  const std::lock_guard lock(mutex_);
  const auto known = good_.find(model);
  return known != good_.end() && known->second.looks == looks;
}

bool ModelCare::read_lately(const std::string& model, const Looks& looks) const {
  const std::lock_guard lock(mutex_);
  const auto known = good_.find(model);
  return known != good_.end() && known->second.looks == looks &&
         steady_now() - known->second.at < rhythm_.suspect_every;
}

void ModelCare::tell(const std::string& model, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (why.empty() && held_.erase(model) == 0) return;
    if (!why.empty()) held_[model] = why;
  }
  with_.hold(model, why);
}

void ModelCare::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::set<std::string> suspects;
    {
      const std::lock_guard lock(mutex_);
      suspects.swap(suspects_);
    }
    for (const std::string& model : suspects) check(model, stop);
    tend();
    if (steady_now() >= next_look_) look_at_all();
    read_all(stop);
    SteadyTime until = next_look_;
    for (const auto& [name, repair] : repairs_)
      until = std::min(until, repair.job ? steady_now() + kWatchPull : repair.next);
    std::unique_lock lock(mutex_);
    woken_.wait_until(lock, stop, until, [this] { return !suspects_.empty(); });
  }
}

// Reads all of it.
void ModelCare::check(const std::string& model, const std::stop_token& stop) {
  if (stop.stop_requested() || repairs_.contains(model)) return;
  const auto shown = with_.store->show(model);
  if (!shown) return tell(model, {});  // removed, or nothing that is known about it can be read
  const Looks looks = looks_of(*shown);
  if (read_lately(model, looks)) return;
  auto fault = fault_of(*shown, looks);
  if (!fault) fault = header_fault(*shown);
  if (fault) tell(model, fmt::format("its model is being checked: {}", *fault));
  const auto report = with_.store->verify(model, stop);
  if (!report && report.error().is(Errc::cancelled)) return;
  if (!report)
    log::warn("models", "a model could not be checked", {{"model", model}, {"error", report.error().describe()}});
  if (report && !report->broken.empty()) return mend(shown->manifest, in_words(*report, fault));
  {
    const std::lock_guard lock(mutex_);
    good_[model] = {looks, steady_now()};
  }
  tell(model, {});
}

void ModelCare::look_at_all() {
  next_look_ = steady_now() + rhythm_.look_every;
  for (const models::InstalledModel& model : with_.store->list()) {
    const Looks looks = looks_of(model);
    if (fault_of(model, looks) && !is_known_good(model.manifest.name, looks)) suspect(model.manifest.name);
  }
}

// A model at a time, so that a request that comes meanwhile has the disk to itself soon.
void ModelCare::read_all(const std::stop_token& stop) {
  if (to_read_.empty()) {
    if (!look_at(with_.marker).there) {  // this box is new: it has just been written
      [[maybe_unused]] const auto made = write_file_atomic(with_.marker, "");
      return;
    }
    if (!is_due(time_of(with_.marker), wall_now(), rhythm_.read_every)) return;
    for (const models::InstalledModel& model : with_.store->list()) to_read_.push_back(model.manifest.name);
  }
  while (!to_read_.empty() && with_.idle() && !stop.stop_requested()) {
    check(to_read_.back(), stop);
    to_read_.pop_back();
  }
  if (!to_read_.empty() || stop.stop_requested()) return;
  const auto written = write_file_atomic(with_.marker, "");
  if (!written)
    log::warn("models", "that all models were read cannot be noted", {{"error", written.error().describe()}});
}

void ModelCare::mend(const models::ModelManifest& manifest, std::string fault) {
  log::warn("models", "a model is damaged", {{"model", manifest.name}, {"what", fault}});
  {
    const std::lock_guard lock(mutex_);
    good_.erase(manifest.name);
  }
  // Damaged blobs are out of the way: where all are left, only a name was lost.
  if (with_.store->install(manifest)) {
    log::info("models", "a model was put together again from its files", {{"model", manifest.name}});
    tell(manifest.name, {});
    return with_.changed();
  }
  repairs_[manifest.name] = {.manifest = manifest, .fault = std::move(fault), .tries = 0, .next = {}, .job = {}};
}

void ModelCare::tend() {
  std::vector<std::string> over;
  for (auto& [name, repair] : repairs_) {
    if (repair.job) settle(repair);
    if (!repair.job && steady_now() >= repair.next && !is_whole(repair)) begin(repair);
    if (!repair.job && is_whole(repair)) over.push_back(name);
  }
  for (const std::string& name : over) {
    repairs_.erase(name);
    tell(name, {});
  }
}

// Or somebody has removed it.
bool ModelCare::is_whole(const Repair& repair) const {
  const auto shown = with_.store->show(repair.manifest.name);
  if (!shown) return shown.error().is(Errc::not_found);
  return !fault_of(*shown, looks_of(*shown)) &&
         std::ranges::all_of(shown->manifest.files, [this](const models::ModelFile& file) {
           return with_.store->has_blob(file.sha256, file.bytes);
         });
}

void ModelCare::begin(Repair& repair) {
  const models::ModelManifest& m = repair.manifest;
  // What was pinned when it was first pulled holds: other bytes are refused.
  models::PullRequest request;
  request.source = m.source;
  request.name = m.name;
  request.task = m.task;
  auto job = with_.puller->pull(std::move(request));
  if (!job) {
    repair.next = steady_now() + kPullsFull;
    return;
  }
  repair.job = std::move(*job);
  if (repair.tries == 0) tell(m.name, fmt::format("its model is damaged ({}); it is being pulled again", repair.fault));
}

void ModelCare::settle(Repair& repair) {
  if (!repair.job->over()) return;
  const auto last = last_of(*repair.job);
  repair.job.reset();
  const models::ModelManifest& m = repair.manifest;
  if (last && last->kind == models::PullEvent::Kind::installed) {
    log::info("models", "a damaged model was pulled again", {{"model", m.name}, {"tries", repair.tries + 1}});
    return;
  }
  const Error error = last && last->error ? *last->error : Error(Errc::internal, "it ended without a word");
  const Millis pause = retry_pause(++repair.tries, error, rhythm_.retry);
  repair.next = steady_now() + pause;
  log::warn(
      "models", "a damaged model could not be pulled again",
      {{"model", m.name}, {"source", m.source}, {"again_in", format_duration(pause)}, {"error", error.describe()}});
  tell(m.name, fmt::format("its model is damaged ({}); pulling it again failed and is tried again in {}: {}",
                           repair.fault, format_duration(pause), error.describe()));
}

}  // namespace hearth::daemon
