#include "manifest_parts.h"

#include <hearth/core/file.h>
#include <hearth/core/units.h>
#include <hearth/engines/manifest.h>
#include <hearth/engines/pack.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = 64 * 1024;
constexpr std::size_t kMaxModels = 256;
constexpr std::uint64_t kLeastMemory = 16ULL << 20;

bool is_name(std::string_view text) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= 32 && text.front() != '-' && std::ranges::all_of(text, ok);
}

fs::path normal(const fs::path& path) {
  fs::path clean = path.lexically_normal();
  return clean.has_filename() || clean == clean.root_path() ? clean : clean.parent_path();
}

Result<Model> read_model(const YAML::Node& node, std::string_view origin, std::size_t index) {
  const std::string where = fmt::format("models[{}]", index);
  HEARTH_TRY_ASSIGN(const Fields fields, Fields::of(node, origin, where, {"id", "task", "languages", "description"}));
  Model model;
  HEARTH_TRY_ASSIGN(model.id, fields.required_text("id"));
  HEARTH_TRY_ASSIGN(model.task, read_task(fields));
  HEARTH_TRY_ASSIGN(model.languages, fields.texts("languages", kMaxList));
  HEARTH_TRY_ASSIGN(auto description, fields.text("description"));
  model.description = std::move(description).value_or("");
  return model;
}

Result<std::vector<Model>> read_models(const Fields& manifest, std::string_view origin) {
  const YAML::Node list = manifest.node("models");
  if (!list.IsDefined() || !list.IsSequence() || list.size() == 0)
    return fail(manifest.wrong("models", "must be a list with at least one model"));
  if (list.size() > kMaxModels) return fail(manifest.wrong("models", fmt::format("more than {}", kMaxModels)));
  std::vector<Model> models;
  std::set<std::pair<std::string, Task>> seen;  // one model may serve several tasks
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_TRY_ASSIGN(Model model, read_model(list[i], origin, i));
    if (!seen.emplace(model.id, model.task).second)
      return fail(manifest.wrong("models", fmt::format("\"{}\" is listed twice", model.id)));
    models.push_back(std::move(model));
  }
  return models;
}

Result<void> read_paths(Manifest& manifest, const Fields& fields) {
  HEARTH_TRY_ASSIGN(auto pack, fields.text("pack"));
  manifest.pack = std::move(pack).value_or("");
  if (!manifest.pack.empty() && !is_pack_name(manifest.pack))
    return fail(fields.wrong("pack", "must be at most 32 lower-case letters, digits, '.', '-' and '_'"));
  HEARTH_TRY_ASSIGN(const std::string program, fields.required_text("program"));
  manifest.program_in_pack = !manifest.pack.empty() && fs::path(program).is_absolute();
  if (!manifest.program_in_pack && !is_inside(program))
    return fail(
        fields.wrong("program", "must be a file in the engine's folder, or with `pack` an absolute path in it"));
  manifest.program = normal(manifest.program_in_pack ? fs::path(program) : manifest.folder / program);
  HEARTH_TRY_ASSIGN(const auto data, fields.text("data"));
  manifest.data = data && !data->empty() ? normal(manifest.folder / *data) : manifest.folder;
  if (manifest.data == "/") return fail(fields.wrong("data", "must be a folder of its own, not /"));
  HEARTH_TRY_ASSIGN(const auto binds, fields.texts("binds", kMaxList));
  for (const std::string& bind : binds) {
    const fs::path path = normal(bind);
    if (!path.is_absolute() || path == "/") return fail(fields.wrong("binds", "must be absolute paths other than /"));
    manifest.binds.push_back(path);
  }
  return {};
}

Result<void> read_limits(Manifest& manifest, const Fields& fields) {
  HEARTH_TRY_ASSIGN(const auto concurrency, fields.text("concurrency"));
  if (concurrency && *concurrency == "cores") {
    manifest.concurrency = std::nullopt;
  } else {
    HEARTH_TRY_ASSIGN(const auto number, fields.number("concurrency", 1, 1, 1024));
    manifest.concurrency = static_cast<std::uint32_t>(number);
  }
  HEARTH_TRY_ASSIGN(const auto queue, fields.number("queue", manifest.queue, 0, 100'000));
  manifest.queue = static_cast<std::uint32_t>(queue);
  HEARTH_TRY_ASSIGN(manifest.memory, fields.size("memory", manifest.memory));
  if (manifest.memory < kLeastMemory) return fail(fields.wrong("memory", "must be at least 16 MiB"));
  HEARTH_TRY_ASSIGN(manifest.reserve, fields.size("reserve", manifest.reserve));
  HEARTH_TRY_ASSIGN(manifest.start_deadline, fields.duration("start_deadline", manifest.start_deadline));
  HEARTH_TRY_ASSIGN(manifest.request_deadline, fields.duration("request_deadline", manifest.request_deadline));
  HEARTH_TRY_ASSIGN(manifest.idle_stop, fields.duration("idle_stop", manifest.idle_stop));
  constexpr Millis kLongest = std::chrono::hours(24 * 30);
  for (const auto& [key, value] : {std::pair<std::string_view, Millis>{"start_deadline", manifest.start_deadline},
                                   {"request_deadline", manifest.request_deadline}}) {
    if (value <= Millis(0) || value > kLongest) return fail(fields.wrong(key, "must be from 1 ms to 30 d"));
  }
  if (manifest.idle_stop > kLongest) return fail(fields.wrong("idle_stop", "must be at most 30 d; 0 means never"));
  return {};
}

Result<Manifest> read_manifest(const YAML::Node& root, std::string_view origin, const fs::path& folder) {
  HEARTH_TRY_ASSIGN(
      const Fields fields,
      Fields::of(root, origin, "", {"name",      "title",  "pack",    "program",        "args",
                                    "data",      "binds",  "models",  "devices",        "concurrency",
                                    "queue",     "memory", "reserve", "start_deadline", "request_deadline",
                                    "idle_stop", "canary", "formats", "serves",         "with"}));
  Manifest manifest;
  manifest.folder = normal(folder);
  HEARTH_TRY_ASSIGN(manifest.name, fields.required_text("name"));
  if (!is_name(manifest.name))
    return fail(fields.wrong("name", "must be at most 32 lower-case letters, digits, '-' and '_'"));
  HEARTH_TRY_ASSIGN(auto title, fields.text("title"));
  manifest.title = std::move(title).value_or(manifest.name);
  HEARTH_TRY(read_paths(manifest, fields));
  HEARTH_TRY_ASSIGN(manifest.args, fields.texts("args", kMaxList));
  if (fields.has("formats")) {
    HEARTH_TRY(read_template(manifest, fields, origin));
  } else {
    HEARTH_TRY_ASSIGN(manifest.models, read_models(fields, origin));
  }
  HEARTH_TRY_ASSIGN(manifest.devices, read_devices(fields));
  HEARTH_TRY(read_limits(manifest, fields));
  if (fields.has("canary")) {
    HEARTH_TRY_ASSIGN(manifest.canary, read_canary(fields, origin, "canary", manifest.folder));
  }
  return manifest;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::string_view origin, const fs::path& folder) {
  HEARTH_TRY_ASSIGN(const YAML::Node root, yaml::load(text, origin, kMaxManifest));
  try {
    if (!root.IsMap()) return fail(yaml::wrong_at(root, origin, "", "must be a mapping of keys to values"));
    return read_manifest(root, origin, folder);
  } catch (const YAML::Exception& e) {
    const std::string place = e.mark.line >= 0 ? fmt::format("{}:{}", origin, e.mark.line + 1) : std::string(origin);
    return fail(Errc::invalid_argument, fmt::format("{}: is not YAML: {}", place, e.msg));
  }
}

Result<Manifest> load_manifest(const fs::path& folder) {
  std::error_code ec;
  const fs::path absolute = fs::absolute(folder, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot resolve {}", folder.string())));
  const fs::path file = absolute / "engine.yaml";
  HEARTH_TRY_ASSIGN(const std::string text, read_file(file, kMaxManifest));
  return parse_manifest(text, file.string(), absolute);
}

Discovery discover(const fs::path& dir) {
  Discovery found;
  std::error_code ec;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code none;
    if (fs::exists(it->path() / "engine.yaml", none)) folders.push_back(it->path());
  }
  std::ranges::sort(folders);
  std::set<std::string> names;
  for (const fs::path& folder : folders) {
    auto manifest = load_manifest(folder);
    if (!manifest) {
      found.problems.push_back(manifest.error());
    } else if (!names.insert(manifest->name).second) {
      found.problems.emplace_back(Errc::already_exists, fmt::format("{}: another engine is already called \"{}\"",
                                                                    folder.string(), manifest->name));
    } else {
      found.manifests.push_back(*std::move(manifest));
    }
  }
  std::ranges::sort(found.manifests, {}, &Manifest::name);
  return found;
}

}  // namespace hearth::engines
