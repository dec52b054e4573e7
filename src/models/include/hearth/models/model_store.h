// Where models lie: <data>/models.
//
//   blobs/sha256-DIGEST    every file of every model, once, read-only
//   NAME/model.yaml        an installed model, and hard links to its blobs under the names that engines expect
//   partial/               downloads under way, with what is known of them
//   pins/                  the digest that each source had when it was first pulled
//   staging/               a model being put together; emptied at each start
//
// A model appears in one step (a rename) after all its bytes are on the disk: a power cut at any instant leaves the
// whole model or none of it. One process owns the folder (store::DataLock). Blocking; any thread.
#pragma once

#include <hearth/models/disk.h>
#include <hearth/models/model_manifest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

struct StoreOptions {
  std::uint64_t quota = 0;                            // bytes of all blobs together; 0: no limit but the disk's
  std::uint64_t keep_free = std::uint64_t{1} << 30U;  // what a download leaves free on the disk
};

struct InstalledModel {
  ModelManifest manifest;
  std::filesystem::path folder;
};

// What the digest of a source's file was when it was first pulled.
struct Pin {
  std::string sha256;
  std::uint64_t bytes = 0;
};

struct BrokenFile {
  std::string model;
  std::string file;
  std::string what;  // a sentence: what is wrong and what to do
};

struct VerifyReport {
  std::size_t models = 0;
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<BrokenFile> broken;
};

struct GcReport {
  std::size_t blobs = 0;
  std::size_t partials = 0;
  std::uint64_t bytes = 0;  // what became free
};

class ModelStore {
 public:
  // Keeps a blob or a download from gc() while somebody works with it.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept : store_(std::exchange(other.store_, nullptr)), key_(std::move(other.key_)) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

   private:
    friend class ModelStore;
    Lease(ModelStore* store, std::string key) : store_(store), key_(std::move(key)) {}
    void release() noexcept;
    ModelStore* store_ = nullptr;
    std::string key_;
  };

  // Makes the folders and removes what an interrupted installation left in staging/. `disk` outlives the store.
  // io_error.
  static Result<std::unique_ptr<ModelStore>> open(std::filesystem::path root, StoreOptions options, Disk& disk);

  // By name. A folder whose model.yaml is no good is left out and told in `problems`.
  [[nodiscard]] std::vector<InstalledModel> list(std::vector<Error>* problems = nullptr) const;
  // not_found names the near ones; corrupt: its model.yaml cannot be read.
  [[nodiscard]] Result<InstalledModel> show(std::string_view name) const;
  // The model goes; its blobs stay until gc() if another model needs them, else they go too. not_found.
  Result<void> remove(std::string_view name);
  // Removes blobs that no model has and downloads that nobody works on, but not those that are younger than
  // `keep_partials_since` says: they may still be resumed.
  Result<GcReport> gc(bool partials_too);
  // Re-reads every file of the model, or of all (empty name). A broken blob is taken out of blobs/, so that pulling
  // again brings a good one; the model stays as it is until then. not_found, cancelled.
  Result<VerifyReport> verify(std::string_view name, const std::stop_token& stop);

  // ── What pulling needs
  [[nodiscard]] bool has_blob(std::string_view sha256, std::uint64_t bytes) const;
  [[nodiscard]] std::filesystem::path blob_path(std::string_view sha256) const;
  [[nodiscard]] std::filesystem::path partial_path(std::string_view key) const;
  [[nodiscard]] std::filesystem::path state_path(std::string_view key) const;
  [[nodiscard]] Lease lease(std::string key);
  // Moves a complete, verified, synced download to its place among the blobs.
  Result<void> adopt(std::string_view key, std::string_view sha256);
  // Forgets a download.
  Result<void> discard(std::string_view key);
  Result<void> remove_blob(std::string_view sha256);
  // resource_exhausted, with how much is missing: `more` bytes would not fit the disk or the quota.
  [[nodiscard]] Result<void> check_space(std::uint64_t more) const;
  // All blobs must be there. Replaces a model of the same name in one step.
  Result<InstalledModel> install(const ModelManifest& manifest);
  [[nodiscard]] Result<std::optional<Pin>> pin(std::string_view source) const;
  Result<void> set_pin(std::string_view source, const Pin& pin);
  [[nodiscard]] Disk& disk() const noexcept { return disk_; }
  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

 private:
  ModelStore(std::filesystem::path root, StoreOptions options, Disk& disk)
      : root_(std::move(root)), options_(options), disk_(disk) {}
  [[nodiscard]] std::uint64_t used_bytes() const;
  [[nodiscard]] std::set<std::string> blobs_in_use() const;
  [[nodiscard]] bool leased(const std::string& key) const;
  Result<void> stage(const ModelManifest& manifest, const std::filesystem::path& folder);
  Result<GcReport> collect(bool partials_too);
  void verify_model(const InstalledModel& model, std::map<std::string, std::string>& known, VerifyReport& report,
                    const std::stop_token& stop);

  std::filesystem::path root_;
  StoreOptions options_;
  Disk& disk_;
  mutable std::mutex mutex_;  // installing, removing and collecting exclude each other
  mutable std::mutex leases_mutex_;
  std::map<std::string, int, std::less<>> leases_;
};

}  // namespace hearth::models
