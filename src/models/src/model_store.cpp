#include "digest.h"

#include <hearth/core/file_hash.h>
#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/core/units.h>
#include <hearth/models/model_store.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = 64 * 1024;
constexpr std::string_view kBlobPrefix = "sha256-";

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) entries.push_back(it->path());
  std::ranges::sort(entries);
  return entries;
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code ec;
  const auto bytes = fs::file_size(path, ec);
  return ec ? 0 : bytes;
}

// What the file takes of the disk: a download has its space reserved before it has its bytes.
std::uint64_t disk_size_of(const fs::path& path) {
  struct stat s{};
  return ::stat(path.c_str(), &s) == 0 ? static_cast<std::uint64_t>(s.st_blocks) * 512 : 0;
}

Result<ModelManifest> read_manifest(const fs::path& folder) {
  const fs::path file = folder / "model.yaml";
  auto text = read_file(file, kMaxManifest);
  if (!text) return fail(Errc::corrupt, text.error().describe());
  auto manifest = parse_model_manifest(*text, file.string());
  if (!manifest) return fail(Errc::corrupt, manifest.error().describe());
  if (manifest->name != folder.filename().string())
    return fail(Errc::corrupt, fmt::format("{} is about a model called {}", file.string(), manifest->name));
  return manifest;
}

std::string again(const ModelManifest& m) {
  return fmt::format("get it again with: hearth pull {} --name {}", m.source, m.name);
}

}  // namespace

ModelStore::Lease& ModelStore::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    store_ = std::exchange(other.store_, nullptr);
    key_ = std::move(other.key_);
  }
  return *this;
}

void ModelStore::Lease::release() noexcept {
  if (store_ == nullptr) return;
  const std::lock_guard lock(store_->leases_mutex_);
  const auto found = store_->leases_.find(key_);
  if (found != store_->leases_.end() && --found->second == 0) store_->leases_.erase(found);
  store_ = nullptr;
}

ModelStore::Lease ModelStore::lease(std::string key) {
  const std::lock_guard lock(leases_mutex_);
  ++leases_[key];
  return Lease(this, std::move(key));
}

bool ModelStore::leased(const std::string& key) const {
  const std::lock_guard lock(leases_mutex_);
  return leases_.contains(key);
}

Result<std::unique_ptr<ModelStore>> ModelStore::open(fs::path root, StoreOptions options, Disk& disk) {
  std::unique_ptr<ModelStore> store(new ModelStore(std::move(root), options, disk));
  HEARTH_TRY(disk.make_folder(store->root_));
  HEARTH_TRY(disk.remove(store->root_ / "staging"));
  for (const char* folder : {"blobs", "partial", "pins", "staging"}) {
    HEARTH_TRY(disk.make_folder(store->root_ / folder));
  }
  return store;
}

fs::path ModelStore::blob_path(std::string_view sha256) const {
  return root_ / "blobs" / fmt::format("{}{}", kBlobPrefix, sha256);
}
fs::path ModelStore::partial_path(std::string_view key) const {
  return root_ / "partial" / fmt::format("{}.data", key);
}
fs::path ModelStore::state_path(std::string_view key) const {
  return root_ / "partial" / fmt::format("{}.state", key);
}

bool ModelStore::has_blob(std::string_view sha256, std::uint64_t bytes) const {
  std::error_code ec;
  const auto there = fs::file_size(blob_path(sha256), ec);
  return !ec && there == bytes;
}

std::vector<InstalledModel> ModelStore::list(std::vector<Error>* problems) const {
  std::vector<InstalledModel> models;
  for (const fs::path& folder : entries_of(root_)) {
    if (!is_model_name(folder.filename().string())) continue;
    auto manifest = read_manifest(folder);
    if (manifest) {
      models.push_back({*std::move(manifest), folder});
    } else if (problems != nullptr) {
      problems->push_back(manifest.error());
    }
  }
  return models;
}

Result<InstalledModel> ModelStore::show(std::string_view name) const {
  const fs::path folder = root_ / name;
  std::error_code ec;
  if (!is_model_name(name) || !fs::is_directory(folder, ec))
    return fail(
        Errc::not_found,
        fmt::format("no model called \"{}\" is installed; `hearth models` lists those that are", name.substr(0, 100)));
  HEARTH_TRY_ASSIGN(ModelManifest manifest, read_manifest(folder));
  return InstalledModel{std::move(manifest), folder};
}

Result<void> ModelStore::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const fs::path folder = root_ / name;
  std::error_code ec;
  if (!is_model_name(name) || !fs::is_directory(folder, ec))
    return fail(
        Errc::not_found,
        fmt::format("no model called \"{}\" is installed; `hearth models` lists those that are", name.substr(0, 100)));
  // Out of sight in one step; what is removed after it may take its time.
  const fs::path away = root_ / "staging" / fmt::format("{}.{}", name, new_id("gone_"));
  HEARTH_TRY(disk_.rename(folder, away));
  HEARTH_TRY(disk_.sync_folder(root_));
  HEARTH_TRY(disk_.remove(away));
  const auto collected = collect(false);
  if (!collected)  // the model is gone all the same
    log::warn("models", "files that nobody uses were not removed", {{"error", collected.error().describe()}});
  return {};
}

std::set<std::string> ModelStore::blobs_in_use() const {
  std::set<std::string> used;
  for (const InstalledModel& model : list())
    for (const ModelFile& file : model.manifest.files) used.insert(std::string(kBlobPrefix) + file.sha256);
  return used;
}

Result<GcReport> ModelStore::gc(bool partials_too) {
  const std::lock_guard lock(mutex_);
  return collect(partials_too);
}

Result<GcReport> ModelStore::collect(bool partials_too) {
  GcReport report;
  // A model that cannot be read may still be repaired: nothing is thrown away that could belong to it.
  std::vector<Error> problems;
  [[maybe_unused]] const auto readable = list(&problems);
  if (!problems.empty()) return fail(problems.front().wrap("nothing is thrown away while a model cannot be read"));
  const std::set<std::string> used = blobs_in_use();
  for (const fs::path& blob : entries_of(root_ / "blobs")) {
    const std::string name = blob.filename().string();
    const std::lock_guard hold(leases_mutex_);  // a pull that finds the blob there has leased it before
    if (used.contains(name) || leases_.contains(name)) continue;
    report.bytes += disk_size_of(blob);
    HEARTH_TRY(disk_.remove(blob));
    ++report.blobs;
  }
  if (!partials_too) return report;
  for (const fs::path& part : entries_of(root_ / "partial")) {
    const std::string file = part.filename().string();
    if (leased(file.substr(0, file.find('.')))) continue;
    report.bytes += disk_size_of(part);
    HEARTH_TRY(disk_.remove(part));
    if (part.extension() == ".data") ++report.partials;
  }
  return report;
}

void ModelStore::verify_model(const InstalledModel& model, std::map<std::string, std::string>& known,
                              VerifyReport& report, const std::stop_token& stop) {
  for (const ModelFile& file : model.manifest.files) {
    ++report.files;
    const fs::path path = model.folder / file.name;
    // A blob that several models share is read once; a link that is another file is not.
    struct stat status{};
    const bool there = ::stat(path.c_str(), &status) == 0;
    const std::string id = fmt::format("{}:{}:{}", status.st_dev, status.st_ino, file.sha256);
    auto seen = there ? known.find(id) : known.end();
    if (seen == known.end()) {
      std::string what;
      const auto digest = digest_file(path, WithGit::no, stop);
      if (stop.stop_requested()) return;
      if (!digest) {
        what = digest.error().is(Errc::not_found) ? "is missing"
                                                  : fmt::format("cannot be read: {}", digest.error().describe());
      } else if (digest->bytes != file.bytes) {
        what = fmt::format("has {} bytes instead of {}", digest->bytes, file.bytes);
      } else if (digest->sha256 != file.sha256) {
        what = fmt::format("is damaged: its SHA-256 is {} and should be {}", digest->sha256, file.sha256);
      }
      if (digest) report.bytes += digest->bytes;
      seen = known.insert_or_assign(id, std::move(what)).first;
    }
    if (seen->second.empty()) continue;
    report.broken.push_back(
        {model.manifest.name, file.name, fmt::format("{} {}; {}", path.string(), seen->second, again(model.manifest))});
    // The blob is the same bytes. Out of the way, so that it is downloaded anew.
    const auto blob = digest_file(blob_path(file.sha256), WithGit::no, stop);
    if (blob && blob->sha256 != file.sha256) {
      const auto removed = disk_.remove(blob_path(file.sha256));
      if (!removed) report.broken.back().what += fmt::format(" (first remove {})", blob_path(file.sha256).string());
    }
  }
}

Result<VerifyReport> ModelStore::verify(std::string_view name, const std::stop_token& stop) {
  VerifyReport report;
  std::vector<InstalledModel> models;
  std::vector<Error> problems;
  if (name.empty()) {
    models = list(&problems);
  } else {
    HEARTH_TRY_ASSIGN(InstalledModel model, show(name));
    models.push_back(std::move(model));
  }
  for (const Error& problem : problems)
    report.broken.push_back({"", "model.yaml", problem.describe() + "; remove its folder and pull the model again"});
  std::map<std::string, std::string> known;
  for (const InstalledModel& model : models) {
    ++report.models;
    verify_model(model, known, report, stop);
    if (stop.stop_requested()) return fail(Errc::cancelled, "the check was stopped");
  }
  return report;
}

Result<void> ModelStore::adopt(std::string_view key, std::string_view sha256) {
  HEARTH_TRY_ASSIGN(Fd fd, disk_.open(partial_path(key), O_RDONLY, 0));
  if (::fchmod(fd.get(), 0444) != 0) return fail_errno(errno, "cannot make a model's file read-only");
  HEARTH_TRY(disk_.sync(fd.get()));
  fd.reset();
  HEARTH_TRY(disk_.rename(partial_path(key), blob_path(sha256)));
  HEARTH_TRY(disk_.sync_folder(root_ / "blobs"));
  return disk_.remove(state_path(key));
}

Result<void> ModelStore::discard(std::string_view key) {
  HEARTH_TRY(disk_.remove(state_path(key)));
  return disk_.remove(partial_path(key));
}

Result<void> ModelStore::remove_blob(std::string_view sha256) {
  const std::lock_guard lock(mutex_);
  return disk_.remove(blob_path(sha256));
}

std::uint64_t ModelStore::used_bytes() const {
  std::uint64_t used = 0;
  for (const fs::path& blob : entries_of(root_ / "blobs")) used += size_of(blob);
  for (const fs::path& part : entries_of(root_ / "partial")) used += disk_size_of(part);
  return used;
}

Result<void> ModelStore::check_space(std::uint64_t more) const {
  HEARTH_TRY_ASSIGN(const std::uint64_t available, disk_.free_bytes(root_));
  if (more + options_.keep_free > available) {
    return fail(
        Errc::resource_exhausted,
        fmt::format("the disk of {} has {} free; this needs {}, and {} stay free (models.keep_free): {} are missing. "
                    "hearth models gc and hearth models rm NAME free some",
                    root_.string(), format_bytes(available), format_bytes(more), format_bytes(options_.keep_free),
                    format_bytes(more + options_.keep_free - available)));
  }
  if (options_.quota == 0) return {};
  const std::uint64_t used = used_bytes();
  if (used + more > options_.quota) {
    return fail(
        Errc::resource_exhausted,
        fmt::format("models take {} of the {} they may (models.quota); this needs {}: {} are missing. hearth models "
                    "rm NAME frees some",
                    format_bytes(used), format_bytes(options_.quota), format_bytes(more),
                    format_bytes(used + more - options_.quota)));
  }
  return {};
}

Result<void> ModelStore::stage(const ModelManifest& manifest, const fs::path& folder) {
  HEARTH_TRY(disk_.make_folder(folder));
  for (const ModelFile& file : manifest.files) {
    if (!has_blob(file.sha256, file.bytes))
      return fail(Errc::failed_precondition, fmt::format("the file {} of {} is not there", file.name, manifest.name));
    HEARTH_TRY(disk_.link(blob_path(file.sha256), folder / file.name));
  }
  return disk_.write_file(folder / "model.yaml", write_model_manifest(manifest));
}

Result<InstalledModel> ModelStore::install(const ModelManifest& manifest) {
  // What would not be read back is not written.
  HEARTH_TRY(parse_model_manifest(write_model_manifest(manifest), manifest.name));
  const std::lock_guard lock(mutex_);
  const fs::path place = root_ / manifest.name;
  const fs::path staged = root_ / "staging" / fmt::format("{}.{}", manifest.name, new_id("new_"));
  if (auto done = stage(manifest, staged); !done) {
    [[maybe_unused]] const auto removed = disk_.remove(staged);  // the next start removes it if this does not
    return fail(done.error().wrap(fmt::format("{} is not installed", manifest.name)));
  }
  std::error_code ec;
  const bool replaces = fs::exists(place, ec);
  const auto moved = replaces ? disk_.exchange(staged, place) : disk_.rename(staged, place);
  if (!moved) {
    [[maybe_unused]] const auto removed = disk_.remove(staged);
    return fail(moved.error().wrap(fmt::format("{} is not installed", manifest.name)));
  }
  HEARTH_TRY(disk_.sync_folder(root_));
  // From here on the model is there, whatever becomes of the old one.
  if (replaces) [[maybe_unused]]
    const auto removed = disk_.remove(staged);
  return InstalledModel{manifest, place};
}

Result<std::optional<Pin>> ModelStore::pin(std::string_view source) const {
  const auto text = read_file(root_ / "pins" / sha256_hex(source), 8192);
  if (!text && text.error().is(Errc::not_found)) return std::nullopt;
  if (!text) return fail(text.error());
  Pin pin;
  const std::string_view line(*text);
  const auto space = line.find(' ');
  const auto end = line.find(' ', space == std::string_view::npos ? space : space + 1);
  if (space != 64 || end == std::string_view::npos || !is_sha256(line.substr(0, space)) ||
      std::from_chars(line.data() + space + 1, line.data() + end, pin.bytes).ptr != line.data() + end)
    return fail(Errc::corrupt, fmt::format("{} is damaged; remove it to pull {} again as if for the first time",
                                           (root_ / "pins" / sha256_hex(source)).string(), source));
  pin.sha256 = line.substr(0, space);
  return pin;
}

Result<void> ModelStore::set_pin(std::string_view source, const Pin& pin) {
  const std::lock_guard lock(mutex_);
  return disk_.write_file(root_ / "pins" / sha256_hex(source),
                          fmt::format("{} {} {}\n", pin.sha256, pin.bytes, source));
}

}  // namespace hearth::models
