#include "yaml_fields.h"

#include <hearth/core/file.h>
#include <hearth/core/units.h>
#include <hearth/engines/manifest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = 64 * 1024;
constexpr std::size_t kMaxCanaryBody = 4 * 1024 * 1024;
constexpr std::size_t kMaxModels = 256;
constexpr std::size_t kMaxList = 256;
constexpr std::size_t kMaxNodes = 20'000;  // aliases make a small file a large tree
constexpr std::uint64_t kLeastMemory = 16ULL << 20;

struct TaskName {
  Task task;
  std::string_view name;
};
constexpr std::array kTasks{TaskName{Task::embedding, "embedding"},         TaskName{Task::speech, "speech"},
                            TaskName{Task::transcription, "transcription"}, TaskName{Task::ocr, "ocr"},
                            TaskName{Task::detection, "detection"},         TaskName{Task::media, "media"}};

struct ClassName {
  DeviceClass device;
  std::string_view name;
};
constexpr std::array kClasses{ClassName{DeviceClass::cpu, "cpu"}, ClassName{DeviceClass::gpu, "gpu"},
                              ClassName{DeviceClass::npu, "npu"}};

// yaml-cpp's parser calls itself for every level, so depth is bounded before it sees the text. Indentation, dashes and
// brackets each open at most one level.
bool too_deep(std::string_view yaml) {
  constexpr std::size_t kMaxDepth = 64;
  std::size_t flow = 0;
  std::size_t line_openers = 0;
  bool at_start = true;
  std::size_t indent = 0;
  for (const char c : yaml) {
    if (c == '\n') {
      at_start = true;
      indent = line_openers = 0;
      continue;
    }
    if (c == '[' || c == '{') ++flow;
    if ((c == ']' || c == '}') && flow > 0) --flow;
    if (at_start && c == ' ') ++indent;
    if (at_start && (c == '-' || c == '?' || c == ':')) ++line_openers;
    if (c != ' ' && c != '-' && c != '?' && c != ':' && c != '\t') at_start = false;
    if (flow > kMaxDepth || line_openers > kMaxDepth || indent > 8 * kMaxDepth) return true;
  }
  return false;
}

// Bounded in number and depth: an anchor may hold itself.
std::size_t count_nodes(const YAML::Node& node, std::size_t budget, std::size_t depth = 0) {
  constexpr std::size_t kMaxDepth = 128;
  if (depth > kMaxDepth) return budget;
  std::size_t count = 1;
  const auto add = [&](const YAML::Node& child) {
    if (count < budget) count += count_nodes(child, budget - count, depth + 1);
  };
  if (node.IsSequence()) {
    for (const auto& child : node) add(child);
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      add(entry.first);
      add(entry.second);
    }
  }
  return count;
}

bool is_name(std::string_view text) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= 32 && text.front() != '-' && std::ranges::all_of(text, ok);
}

// A file inside the engine's folder: no way out of it.
bool is_inside(const fs::path& path) {
  return path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
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
  HEARTH_TRY_ASSIGN(const std::string task, fields.required_text("task"));
  const auto known = std::ranges::find(kTasks, task, &TaskName::name);
  if (known == kTasks.end())
    return fail(fields.wrong("task", "must be one of embedding, speech, transcription, ocr, detection, media"));
  model.task = known->task;
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
  std::set<std::string> ids;
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_TRY_ASSIGN(Model model, read_model(list[i], origin, i));
    if (!ids.insert(model.id).second)
      return fail(manifest.wrong("models", fmt::format("\"{}\" is listed twice", model.id)));
    models.push_back(std::move(model));
  }
  return models;
}

Result<std::vector<DeviceKind>> read_devices(const Fields& manifest) {
  constexpr std::size_t kMaxDevices = 16;
  constexpr std::size_t kMaxDriver = 32;
  HEARTH_TRY_ASSIGN(const auto names, manifest.texts("devices", kMaxDevices));
  if (names.empty()) return std::vector{DeviceKind{}};
  std::vector<DeviceKind> devices;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/');
    const auto known = std::ranges::find(kClasses, std::string_view(name).substr(0, slash), &ClassName::name);
    const std::string driver = slash == std::string::npos ? std::string() : name.substr(slash + 1);
    const auto in_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    };
    if (known == kClasses.end() || driver.size() > kMaxDriver || !std::ranges::all_of(driver, in_word) ||
        (slash != std::string::npos && driver.empty()))
      return fail(
          manifest.wrong("devices", "must be a list of cpu, gpu and npu, each maybe with a driver: npu/intel_vpu"));
    devices.push_back({known->device, driver});
  }
  return devices;
}

std::string guess_content_type(std::string_view body) {
  if (body.empty()) return {};
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  return json ? "application/json" : "application/octet-stream";
}

Result<Canary> read_canary(const Fields& manifest, std::string_view origin, const fs::path& folder) {
  HEARTH_TRY_ASSIGN(const Fields fields, Fields::of(manifest.node("canary"), origin, "canary",
                                                    {"method", "path", "content_type", "body", "body_file", "expect"}));
  Canary canary;
  HEARTH_TRY_ASSIGN(auto method, fields.text("method"));
  HEARTH_TRY_ASSIGN(canary.path, fields.required_text("path"));
  HEARTH_TRY_ASSIGN(auto body, fields.text("body"));
  HEARTH_TRY_ASSIGN(auto body_file, fields.text("body_file"));
  HEARTH_TRY_ASSIGN(auto content_type, fields.text("content_type"));
  HEARTH_TRY_ASSIGN(auto expect, fields.text("expect"));
  const auto token = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  if (canary.path.front() != '/' || !std::ranges::all_of(canary.path, token))
    return fail(fields.wrong("path", "must begin with / and hold no blanks"));
  if (body && body_file) return fail(fields.wrong("body_file", "give either body or body_file"));
  canary.body = std::move(body).value_or("");
  if (body_file) {
    if (!is_inside(*body_file)) return fail(fields.wrong("body_file", "must be a file in the engine's folder"));
    HEARTH_TRY_ASSIGN(canary.body, read_file(folder / *body_file, kMaxCanaryBody));
  }
  canary.method = std::move(method).value_or(canary.body.empty() ? "GET" : "POST");
  if (canary.method != "GET" && canary.method != "POST") return fail(fields.wrong("method", "must be GET or POST"));
  canary.content_type = std::move(content_type).value_or(guess_content_type(canary.body));
  if (!std::ranges::all_of(canary.content_type, [](unsigned char c) { return c >= ' ' && c < 0x7f; }))
    return fail(fields.wrong("content_type", "must be a media type"));
  canary.expect = std::move(expect).value_or("");
  return canary;
}

Result<void> read_paths(Manifest& manifest, const Fields& fields) {
  HEARTH_TRY_ASSIGN(const std::string program, fields.required_text("program"));
  if (!is_inside(program)) return fail(fields.wrong("program", "must be a file in the engine's folder"));
  manifest.program = normal(manifest.folder / program);
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
  HEARTH_TRY_ASSIGN(const Fields fields,
                    Fields::of(root, origin, "",
                               {"name", "title", "program", "args", "data", "binds", "models", "devices", "concurrency",
                                "queue", "memory", "start_deadline", "request_deadline", "idle_stop", "canary"}));
  Manifest manifest;
  manifest.folder = normal(folder);
  HEARTH_TRY_ASSIGN(manifest.name, fields.required_text("name"));
  if (!is_name(manifest.name))
    return fail(fields.wrong("name", "must be at most 32 lower-case letters, digits, '-' and '_'"));
  HEARTH_TRY_ASSIGN(auto title, fields.text("title"));
  manifest.title = std::move(title).value_or(manifest.name);
  HEARTH_TRY(read_paths(manifest, fields));
  HEARTH_TRY_ASSIGN(manifest.args, fields.texts("args", kMaxList));
  HEARTH_TRY_ASSIGN(manifest.models, read_models(fields, origin));
  HEARTH_TRY_ASSIGN(manifest.devices, read_devices(fields));
  HEARTH_TRY(read_limits(manifest, fields));
  if (fields.has("canary")) {
    HEARTH_TRY_ASSIGN(manifest.canary, read_canary(fields, origin, manifest.folder));
  }
  return manifest;
}

}  // namespace

std::string_view to_string(Task task) noexcept {
  for (const TaskName& known : kTasks) {
    if (known.task == task) return known.name;
  }
  return "unknown";
}

std::string_view to_string(DeviceClass c) noexcept {
  for (const ClassName& known : kClasses) {
    if (known.device == c) return known.name;
  }
  return "unknown";
}

Result<Manifest> parse_manifest(std::string_view yaml, std::string_view origin, const fs::path& folder) {
  if (yaml.size() > kMaxManifest)
    return fail(Errc::too_large, fmt::format("{}: a manifest has at most {}", origin, format_bytes(kMaxManifest)));
  if (too_deep(yaml)) return fail(Errc::invalid_argument, fmt::format("{}: is nested too deeply", origin));
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap()) return fail(wrong_at(root, origin, "", "must be a mapping of keys to values"));
    if (count_nodes(root, kMaxNodes) >= kMaxNodes)
      return fail(Errc::invalid_argument, fmt::format("{}: has too many values", origin));
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
