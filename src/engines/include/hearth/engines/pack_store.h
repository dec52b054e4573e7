// The folder with all packs: which versions there are, which are in use, and the .debs they were made from.
//
//     store/NAME-HASH/root, store/NAME-HASH/lock    one version, never changed once it is there
//     NAME/current, NAME/previous                   links to versions
//     NAME/lock                                     what the current version is made of
//     debs/                                         the .debs of versions that are kept
//
// Holds nothing but a path: any thread, any number of processes. Changes are atomic (links and whole folders are
// renamed); those that belong together are done under exclusive().
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/engines/pack.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

struct PackStatus {
  std::string name;
  std::string current;   // the version's id; empty: none, or damaged
  std::string previous;  // empty: none
  std::string origin;
  std::string suite;
  std::uint64_t bytes = 0;  // of the current version's root
  std::vector<PackFile> files;
  std::string problem;  // in words; empty: none
};

class PackStore {
 public:
  explicit PackStore(std::filesystem::path packs) : packs_(std::move(packs)) {}
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return packs_; }
  [[nodiscard]] std::filesystem::path version(std::string_view id) const { return packs_ / "store" / id; }
  [[nodiscard]] std::filesystem::path debs() const { return packs_ / "debs"; }

  // Makes the folders and keeps other installs out as long as the result lives. resource_exhausted (another one is
  // under way), io_error.
  [[nodiscard]] Result<Fd> exclusive() const;

  // What is installed, by name. Sizes are counted, which reads folders.
  [[nodiscard]] std::vector<PackStatus> list() const;
  // The id that a link leads to; nullopt: no link. The version need not be there.
  [[nodiscard]] std::optional<std::string> current(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> previous(std::string_view name) const;
  // A version of NAME that is there although no link leads to one: its links were lost. The newest; nullopt: none.
  [[nodiscard]] std::optional<std::string> stray(std::string_view name) const;
  // What is locked for NAME; nullopt: nothing. corrupt, io_error.
  [[nodiscard]] Result<std::optional<PackLock>> locked(std::string_view name) const;

  // Makes version `id` current; what was becomes previous. io_error, not_found.
  [[nodiscard]] Result<void> activate(std::string_view name, std::string_view id) const;
  // Makes the previous version current, and the other way round. Returns its id. not_found (none to go back to).
  [[nodiscard]] Result<std::string> rollback(std::string_view name) const;
  // After a failed first install: NAME has no current version any more. io_error.
  [[nodiscard]] Result<void> deactivate(std::string_view name) const;

  // Removes versions that are neither current nor previous of any pack, .debs of none, and what broken-off installs
  // left. Under exclusive(), when no engine runs in such a version. io_error.
  [[nodiscard]] Result<void> collect_garbage() const;
  // Removes what broken-off installs left. Under exclusive(). io_error.
  [[nodiscard]] Result<void> remove_leftovers() const;

 private:
  std::filesystem::path packs_;
};

// Writes all of the folder's file system to the disk. io_error.
Result<void> sync_file_system(const std::filesystem::path& folder);

}  // namespace hearth::engines
