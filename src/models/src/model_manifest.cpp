#include "entry_fields.h"

#include <hearth/core/file_hash.h>
#include <hearth/models/model_manifest.h>
#include <hearth/yaml/fields.h>

#include <algorithm>
#include <array>
#include <set>

namespace hearth::models {
namespace {

constexpr std::size_t kMaxManifest = 64 * 1024;
constexpr std::size_t kMaxName = 96;
constexpr std::size_t kMaxFileName = 200;

constexpr std::array<std::string_view, 10> kTasks{"chat", "embedding", "rerank", "transcription", "speech",
                                                  "ocr",  "detection", "face",   "vad",           "vision-chat"};
constexpr std::array<std::string_view, 12> kRoles{"model",  "part",      "mmproj", "detector", "classifier", "config",
                                                  "tokens", "tokenizer", "voices", "labels",   "licence",    "other"};
// Folders of the store itself.
constexpr std::array<std::string_view, 4> kReserved{"blobs", "partial", "pins", "staging"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

Result<ModelFile> read_file_entry(const YAML::Node& node, std::string_view origin, std::size_t index) {
  const std::string where = "files[" + std::to_string(index) + "]";
  HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                    yaml::Fields::of(node, origin, where, {"role", "name", "sha256", "bytes"}));
  ModelFile file;
  HEARTH_TRY_ASSIGN(file.role, fields.required_text("role"));
  if (!is_role(file.role)) return fail(fields.wrong("role", "is no role of a file"));
  HEARTH_TRY_ASSIGN(file.name, fields.required_text("name"));
  if (!is_file_name(file.name)) return fail(fields.wrong("name", "must be a plain file name"));
  HEARTH_TRY_ASSIGN(file.sha256, fields.required_text("sha256"));
  if (!is_sha256(file.sha256)) return fail(fields.wrong("sha256", "must be 64 lower-case hexadecimal digits"));
  HEARTH_TRY_ASSIGN(file.bytes, fields.number("bytes", 0, 0, std::uint64_t{1} << 50U));
  return file;
}

Result<ModelManifest> read(const YAML::Node& root, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                    yaml::Fields::of(root, origin, "",
                                     {"name", "task", "format", "engine", "description", "source", "revision",
                                      "licence", "commercial", "languages", "memory", "context", "canary", "files"}));
  ModelManifest m;
  HEARTH_TRY_ASSIGN(m.name, fields.required_text("name"));
  if (!is_model_name(m.name)) return fail(fields.wrong("name", "is no name for a model"));
  HEARTH_TRY_ASSIGN(m.task, fields.required_text("task"));
  if (!is_task(m.task)) return fail(fields.wrong("task", "is no task"));
  HEARTH_TRY_ASSIGN(m.format, fields.required_text("format"));
  HEARTH_TRY_ASSIGN(m.engine, optional_text(fields, "engine"));
  HEARTH_TRY_ASSIGN(m.description, optional_text(fields, "description"));
  HEARTH_TRY_ASSIGN(m.source, optional_text(fields, "source"));
  HEARTH_TRY_ASSIGN(m.revision, optional_text(fields, "revision"));
  HEARTH_TRY_ASSIGN(m.licence, optional_text(fields, "licence"));
  HEARTH_TRY_ASSIGN(m.commercial, flag(fields, "commercial", true));
  HEARTH_TRY_ASSIGN(m.languages, fields.texts("languages", 200));
  HEARTH_TRY_ASSIGN(m.memory, fields.size("memory", 0));
  HEARTH_TRY_ASSIGN(m.context, fields.number("context", 0, 0, 1U << 30U));
  HEARTH_TRY_ASSIGN(m.canary, read_canary(fields, origin));
  const YAML::Node files = fields.node("files");
  if (!files.IsDefined() || !files.IsSequence() || files.size() == 0 || files.size() > 256)
    return fail(fields.wrong("files", "must be a list of 1 to 256 files"));
  std::set<std::string> names;
  for (std::size_t i = 0; i < files.size(); ++i) {
    HEARTH_TRY_ASSIGN(ModelFile file, read_file_entry(files[i], origin, i));
    if (file.name.starts_with("model.yaml") || !names.insert(file.name).second)
      return fail(fields.wrong("files", "\"" + file.name + "\" is there twice"));
    m.files.push_back(std::move(file));
  }
  return m;
}

}  // namespace

std::span<const std::string_view> tasks() noexcept {
  return kTasks;
}
bool is_task(std::string_view text) noexcept {
  return among(kTasks, text);
}
bool is_role(std::string_view text) noexcept {
  return among(kRoles, text);
}

bool is_model_name(std::string_view text) noexcept {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kMaxName && letter(text.front()) && !among(kReserved, text) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_file_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxFileName && text != "." && text != ".." &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == '\\'; });
}

std::uint64_t ModelManifest::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const ModelFile& file : files) sum += file.bytes;
  return sum;
}

const ModelFile* ModelManifest::file(std::string_view role) const noexcept {
  const auto found = std::ranges::find(files, role, &ModelFile::role);
  return found == files.end() ? nullptr : &*found;
}

Result<ModelManifest> parse_model_manifest(std::string_view text, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const YAML::Node root, yaml::load(text, origin, kMaxManifest));
  return read(root, origin);
}

std::string write_model_manifest(const ModelManifest& m) {
  YAML::Emitter out;
  out.SetStringFormat(YAML::DoubleQuoted);
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) out << YAML::Key << YAML::Auto << key << YAML::Value << YAML::DoubleQuoted << value;
  };
  const auto number = [&](const char* key, std::uint64_t value) {
    if (value != 0) out << YAML::Key << YAML::Auto << key << YAML::Value << value;
  };
  out << YAML::BeginMap;
  text("name", m.name);
  text("task", m.task);
  text("format", m.format);
  text("engine", m.engine);
  text("description", m.description);
  text("source", m.source);
  text("revision", m.revision);
  text("licence", m.licence);
  out << YAML::Key << YAML::Auto << "commercial" << YAML::Value << m.commercial;
  if (!m.languages.empty()) {
    out << YAML::Key << YAML::Auto << "languages" << YAML::Value << YAML::Flow << YAML::BeginSeq;
    for (const std::string& language : m.languages) out << YAML::DoubleQuoted << language;
    out << YAML::EndSeq;
  }
  number("memory", m.memory);
  number("context", m.context);
  if (m.canary) {
    out << YAML::Key << YAML::Auto << "canary" << YAML::Value << YAML::BeginMap;
    text("path", m.canary->path);
    text("body", m.canary->body);
    text("expect", m.canary->expect);
    out << YAML::EndMap;
  }
  out << YAML::Key << YAML::Auto << "files" << YAML::Value << YAML::BeginSeq;
  for (const ModelFile& file : m.files) {
    out << YAML::BeginMap;
    text("role", file.role);
    text("name", file.name);
    text("sha256", file.sha256);
    out << YAML::Key << YAML::Auto << "bytes" << YAML::Value << file.bytes;
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace hearth::models
