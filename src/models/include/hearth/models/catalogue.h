// The models that Hearth knows by name: for each task a ladder from tiny to good.
//
// Data in catalogue/*.yaml, one file per task. A digest is there only where a source that can be cited gives it; else
// the registry's own digest is what a download is checked against.
#pragma once

#include <hearth/models/model_manifest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

struct CatalogueFile {
  std::string role;
  std::string path;    // in the repository, or a URL of its own
  std::string sha256;  // empty: the registry's
  std::optional<std::uint64_t> bytes = std::nullopt;
};

enum class Rung { tiny, small, medium, good };
std::string_view to_string(Rung rung) noexcept;

struct CatalogueEntry {
  std::string name;
  std::string task;
  Rung rung = Rung::small;
  bool preferred = false;  // what a box without a wish of its own takes for the task; never a non-commercial licence
  std::string source;      // of any kind but a name of the catalogue
  std::string format;
  std::string engine;
  std::string description;
  std::string licence;
  bool commercial = true;
  std::vector<std::string> languages;
  std::uint64_t memory = 0;
  std::uint64_t context = 0;
  std::optional<ModelCanary> canary = std::nullopt;
  std::vector<CatalogueFile> files;  // empty: the source decides by its variant
};

class Catalogue {
 public:
  Catalogue() = default;
  explicit Catalogue(std::vector<CatalogueEntry> entries);

  // Task by task, each from tiny to good.
  [[nodiscard]] const std::vector<CatalogueEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] const CatalogueEntry* find(std::string_view name) const noexcept;
  // The known name that a mistyped one probably means; empty: none is near.
  [[nodiscard]] std::string nearest(std::string_view name) const;

 private:
  std::vector<CatalogueEntry> entries_;
};

// One file of the catalogue. invalid_argument with line and key; too_large past 256 KiB.
Result<std::vector<CatalogueEntry>> parse_catalogue(std::string_view yaml, std::string_view origin);

struct LoadedCatalogue {
  Catalogue catalogue;
  std::vector<Error> problems;  // files that are no good, names that are there twice: the rest works all the same
};
// Every *.yaml of `folder`; a missing folder is an empty catalogue.
LoadedCatalogue load_catalogue(const std::filesystem::path& folder);

}  // namespace hearth::models
