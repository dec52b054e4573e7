#include "entry_fields.h"

#include <hearth/core/file.h>
#include <hearth/core/file_hash.h>
#include <hearth/core/nearest.h>
#include <hearth/models/catalogue.h>
#include <hearth/models/source.h>
#include <hearth/yaml/fields.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCatalogue = 256 * 1024;
constexpr std::size_t kMaxEntries = 256;
constexpr std::array<std::pair<std::string_view, Rung>, 4> kRungs{
    {{"tiny", Rung::tiny}, {"small", Rung::small}, {"medium", Rung::medium}, {"good", Rung::good}}};
constexpr std::array<std::string_view, 4> kFormats{"gguf", "onnx", "whisper", "other"};

bool is_file_path(std::string_view path) {
  if (path.starts_with("https://")) return parse_source(path).has_value();
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (!is_file_name(path.substr(at, slash - at))) return false;
    at = slash + 1;
  }
  return true;
}

Result<CatalogueFile> read_file_entry(const YAML::Node& node, std::string_view origin, const std::string& where) {
  HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                    yaml::Fields::of(node, origin, where, {"role", "path", "sha256", "bytes"}));
  CatalogueFile file;
  HEARTH_TRY_ASSIGN(file.role, fields.required_text("role"));
  if (!is_role(file.role)) return fail(fields.wrong("role", "is no role of a file"));
  HEARTH_TRY_ASSIGN(file.path, fields.required_text("path"));
  if (!is_file_path(file.path)) return fail(fields.wrong("path", "must be a relative path or an https:// URL"));
  HEARTH_TRY_ASSIGN(file.sha256, optional_text(fields, "sha256"));
  if (!file.sha256.empty() && !is_sha256(file.sha256))
    return fail(fields.wrong("sha256", "must be 64 lower-case hexadecimal digits"));
  if (fields.has("bytes")) {
    HEARTH_TRY_ASSIGN(file.bytes, fields.number("bytes", 0, 1, std::uint64_t{1} << 50U));
  }
  return file;
}

Result<void> read_files(CatalogueEntry& entry, const yaml::Fields& fields, std::string_view origin,
                        const std::string& where) {
  const YAML::Node list = fields.node("files");
  if (!list.IsDefined()) return {};
  if (!list.IsSequence() || list.size() == 0 || list.size() > 64)
    return fail(fields.wrong("files", "must be a list of 1 to 64 files"));
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_TRY_ASSIGN(CatalogueFile file, read_file_entry(list[i], origin, fmt::format("{}.files[{}]", where, i)));
    if (!names.insert(file.path.substr(file.path.rfind('/') + 1)).second)
      return fail(fields.wrong("files", fmt::format("two files are called like {}", file.path)));
    entry.files.push_back(std::move(file));
  }
  if (std::ranges::find(entry.files, "model", &CatalogueFile::role) == entry.files.end())
    return fail(fields.wrong("files", "one of them must have the role model"));
  return {};
}

Result<CatalogueEntry> read_entry(const YAML::Node& node, std::string_view origin, std::size_t index) {
  const std::string where = fmt::format("models[{}]", index);
  HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                    yaml::Fields::of(node, origin, where,
                                     {"name", "task", "rung", "preferred", "source", "format", "engine", "description",
                                      "licence", "commercial", "languages", "memory", "context", "canary", "files"}));
  CatalogueEntry e;
  HEARTH_TRY_ASSIGN(e.name, fields.required_text("name"));
  if (!is_model_name(e.name)) return fail(fields.wrong("name", "is no name for a model"));
  HEARTH_TRY_ASSIGN(e.task, fields.required_text("task"));
  if (!is_task(e.task)) return fail(fields.wrong("task", "is no task"));
  HEARTH_TRY_ASSIGN(const std::string rung, fields.required_text("rung"));
  const auto known = std::ranges::find(kRungs, rung, &std::pair<std::string_view, Rung>::first);
  if (known == kRungs.end()) return fail(fields.wrong("rung", "must be tiny, small, medium or good"));
  e.rung = known->second;
  HEARTH_TRY_ASSIGN(e.preferred, flag(fields, "preferred", false));
  HEARTH_TRY_ASSIGN(e.source, fields.required_text("source"));
  const auto source = parse_source(e.source);
  if (!source) return fail(fields.wrong("source", source.error().message()));
  if (source->kind == SourceKind::catalogue || source->kind == SourceKind::file || e.source.starts_with("http://"))
    return fail(fields.wrong("source", "must be hf:, ms:, oci:// or https://"));
  HEARTH_TRY_ASSIGN(e.format, fields.required_text("format"));
  if (std::ranges::find(kFormats, e.format) == kFormats.end())
    return fail(fields.wrong("format", "must be gguf, onnx, whisper or other"));
  HEARTH_TRY_ASSIGN(e.engine, optional_text(fields, "engine"));
  HEARTH_TRY_ASSIGN(e.description, fields.required_text("description"));
  HEARTH_TRY_ASSIGN(e.licence, fields.required_text("licence"));
  HEARTH_TRY_ASSIGN(e.commercial, flag(fields, "commercial", true));
  if (e.preferred && !e.commercial)
    return fail(fields.wrong("preferred", "a licence that forbids commercial use is never the default"));
  HEARTH_TRY_ASSIGN(e.languages, fields.texts("languages", 200));
  HEARTH_TRY_ASSIGN(e.memory, fields.size("memory", 0));
  HEARTH_TRY_ASSIGN(e.context, fields.number("context", 0, 0, 1U << 30U));
  HEARTH_TRY_ASSIGN(e.canary, read_canary(fields, origin));
  HEARTH_TRY(read_files(e, fields, origin, where));
  return e;
}

}  // namespace

std::string_view to_string(Rung rung) noexcept {
  for (const auto& [name, value] : kRungs)
    if (value == rung) return name;
  return "small";
}

Catalogue::Catalogue(std::vector<CatalogueEntry> entries) : entries_(std::move(entries)) {
  const auto order = [](const CatalogueEntry& e) {
    const auto all = tasks();
    return std::tuple(std::ranges::find(all, e.task) - all.begin(), e.rung, e.name);
  };
  std::ranges::sort(entries_, {}, order);
}

const CatalogueEntry* Catalogue::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(entries_, name, &CatalogueEntry::name);
  return found == entries_.end() ? nullptr : &*found;
}

std::string Catalogue::nearest(std::string_view name) const {
  const auto begun = std::ranges::find_if(entries_, [&](const auto& entry) { return entry.name.starts_with(name); });
  if (begun != entries_.end()) return begun->name;
  return std::string(hearth::nearest(name, entries_ | std::views::transform(&CatalogueEntry::name)));
}

Result<std::vector<CatalogueEntry>> parse_catalogue(std::string_view text, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const YAML::Node root, yaml::load(text, origin, kMaxCatalogue));
  HEARTH_TRY_ASSIGN(const yaml::Fields fields, yaml::Fields::of(root, origin, "", {"models"}));
  const YAML::Node list = fields.node("models");
  if (!list.IsDefined() || !list.IsSequence() || list.size() == 0 || list.size() > kMaxEntries)
    return fail(fields.wrong("models", fmt::format("must be a list of 1 to {} models", kMaxEntries)));
  std::vector<CatalogueEntry> entries;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_TRY_ASSIGN(CatalogueEntry entry, read_entry(list[i], origin, i));
    if (!names.insert(entry.name).second)
      return fail(fields.wrong("models", fmt::format("\"{}\" is listed twice", entry.name)));
    entries.push_back(std::move(entry));
  }
  return entries;
}

LoadedCatalogue load_catalogue(const fs::path& folder) {
  LoadedCatalogue loaded;
  std::vector<fs::path> files;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".yaml") files.push_back(it->path());
  std::ranges::sort(files);
  std::vector<CatalogueEntry> all;
  std::set<std::string> names;
  for (const fs::path& file : files) {
    const auto text = read_file(file, kMaxCatalogue);
    auto entries = text ? parse_catalogue(*text, file.string()) : std::unexpected(text.error());
    if (!entries) {
      loaded.problems.push_back(entries.error());
      continue;
    }
    for (CatalogueEntry& entry : *entries) {
      if (names.insert(entry.name).second) {
        all.push_back(std::move(entry));
      } else {
        loaded.problems.emplace_back(Errc::already_exists,
                                     fmt::format("{}: \"{}\" is in another file too", file.string(), entry.name));
      }
    }
  }
  loaded.catalogue = Catalogue(std::move(all));
  return loaded;
}

}  // namespace hearth::models
