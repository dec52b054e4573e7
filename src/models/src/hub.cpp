#include "hub.h"

#include "outside.h"
#include "parts.h"

#include <hearth/core/file_hash.h>
#include <hearth/models/model_manifest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace hearth::models {
namespace {

constexpr std::size_t kMaxFiles = 20'000;

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// No part of it leads out of a folder or means something in a URL.
bool is_listed_path(std::string_view path) {
  if (path.empty() || path.size() > 512) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (!is_file_name(path.substr(at, slash - at))) return false;
    at = slash + 1;
  }
  return true;
}

bool ends_with_word(std::string_view name, std::string_view word) {
  if (!name.ends_with(word)) return false;
  if (name.size() == word.size()) return true;
  const char before = name[name.size() - word.size() - 1];
  return before == '-' || before == '.' || before == '_' || before == '/';
}

using Group = std::vector<const ListedFile*>;

// Complete models of a repository by the name they share; parts in order.
std::map<std::string, Group> gguf_groups(std::span<const ListedFile> files) {
  std::map<std::string, std::map<int, const ListedFile*>> parts;
  std::map<std::string, int> counts;
  for (const ListedFile& file : files) {
    if (!file.path.ends_with(".gguf") || lower(base_name(file.path)).find("mmproj") != std::string::npos) continue;
    const Split split = split_of(file.path);
    parts[split.stem].emplace(split.index, &file);
    counts[split.stem] = split.count;
  }
  std::map<std::string, Group> groups;
  for (const auto& [stem, by_index] : parts) {
    if (by_index.size() != static_cast<std::size_t>(counts[stem])) continue;
    for (const auto& [index, file] : by_index) groups[stem].push_back(file);
  }
  return groups;
}

// What suits a small box: four bits lose little, less loses much, more costs memory.
constexpr std::array<std::string_view, 12> kQuantisations{"q4_k_m", "q4_k_s", "q5_k_m", "q4_0", "q5_k_s", "q5_0",
                                                          "q6_k",   "q8_0",   "iq4_xs", "f16",  "bf16",   "f32"};

const ListedFile* projector_of(std::span<const ListedFile> files) {
  const ListedFile* best = nullptr;
  int best_rank = 99;
  for (const ListedFile& file : files) {
    const std::string name = lower(base_name(file.path));
    if (!name.ends_with(".gguf") || name.find("mmproj") == std::string::npos) continue;
    const int rank = name.find("q8_0") != std::string::npos   ? 0
                     : name.find("bf16") != std::string::npos ? 2
                     : name.find("f16") != std::string::npos  ? 1
                                                              : 3;
    if (rank < best_rank) {
      best = &file;
      best_rank = rank;
    }
  }
  return best;
}

std::vector<ChosenFile> with_projector(const Group& group, std::span<const ListedFile> files) {
  std::vector<ChosenFile> chosen;
  for (const ListedFile* file : group) chosen.push_back({chosen.empty() ? "model" : "part", *file});
  if (const ListedFile* projector = projector_of(files)) chosen.push_back({"mmproj", *projector});
  return chosen;
}

std::optional<std::vector<ChosenFile>> choose_gguf(std::span<const ListedFile> files, const std::string& variant) {
  const auto groups = gguf_groups(files);
  const auto matching = [&](std::string_view word) -> const Group* {
    for (const auto& [stem, group] : groups)
      if (ends_with_word(lower(stem), word)) return &group;
    return nullptr;
  };
  if (!variant.empty()) {
    const Group* group = matching(variant);
    return group != nullptr ? std::optional(with_projector(*group, files)) : std::nullopt;
  }
  for (const std::string_view quantisation : kQuantisations)
    if (const Group* group = matching(quantisation)) return with_projector(*group, files);
  if (groups.size() == 1) return with_projector(groups.begin()->second, files);
  return std::nullopt;
}

// An ONNX model, the weights beside it, and what its engine reads besides.
std::vector<ChosenFile> with_companions(const ListedFile& model, std::span<const ListedFile> files) {
  std::vector<ChosenFile> chosen{{"model", model}};
  std::set<std::string> names{std::string(base_name(model.path))};
  for (const ListedFile& file : files) {
    const bool weights = file.path == model.path + "_data" || file.path == model.path + ".data";
    const bool settings = file.path == model.path + ".json";
    const std::string_view role = weights ? "part" : settings ? "config" : role_of(file.path);
    const bool beside = weights || settings || role == "config" || role == "tokens" || role == "tokenizer";
    if (!beside || file.path == model.path) continue;
    // From the repository's root or the model's own folder.
    const std::string_view folder =
        std::string_view(model.path).substr(0, model.path.size() - base_name(model.path).size());
    const bool near =
        file.path.find('/') == std::string::npos || file.path == fmt::format("{}{}", folder, base_name(file.path));
    if (!near || !names.insert(std::string(base_name(file.path))).second) continue;
    chosen.push_back({std::string(role), file});
  }
  return chosen;
}

std::optional<std::vector<ChosenFile>> choose_onnx(std::span<const ListedFile> files, const std::string& variant) {
  std::vector<const ListedFile*> models;
  for (const ListedFile& file : files)
    if (file.path.ends_with(".onnx")) models.push_back(&file);
  const auto matching = [&](std::string_view word) -> const ListedFile* {
    for (const ListedFile* file : models)
      if (ends_with_word(lower(std::string_view(file->path).substr(0, file->path.size() - 5)), word)) return file;
    return nullptr;
  };
  const ListedFile* model = nullptr;
  if (!variant.empty()) {
    model = matching(variant);
  } else {
    for (const std::string_view word : {"quantized", "int8", "model"})
      if (model == nullptr) model = matching(word);
    if (model == nullptr && models.size() == 1) model = models.front();
  }
  return model != nullptr ? std::optional(with_companions(*model, files)) : std::nullopt;
}

std::optional<std::vector<ChosenFile>> choose_whisper(std::span<const ListedFile> files, const std::string& variant) {
  std::vector<const ListedFile*> models;
  for (const ListedFile& file : files)
    if (base_name(file.path).starts_with("ggml-") && file.path.ends_with(".bin")) models.push_back(&file);
  for (const ListedFile* file : models) {
    const std::string name = lower(base_name(file->path));
    if (!variant.empty() && (name == "ggml-" + variant + ".bin" || models.size() == 1))
      return std::vector<ChosenFile>{{"model", *file}};
  }
  if (variant.empty() && models.size() == 1) return std::vector<ChosenFile>{{"model", *models.front()}};
  return std::nullopt;
}

std::string what_there_is(std::span<const ListedFile> files) {
  std::vector<std::string> names;
  for (const ListedFile& file : files) {
    const std::string_view name = base_name(file.path);
    if (!name.ends_with(".gguf") && !name.ends_with(".onnx") && !(name.starts_with("ggml-") && name.ends_with(".bin")))
      continue;
    if (names.size() == 24) {
      names.emplace_back("…");
      break;
    }
    names.push_back(file.path);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<RepositoryInfo> parse_hf_info(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "the hub's answer about the repository"));
  RepositoryInfo info;
  info.revision = json::text(root, "sha");
  if (!is_hex(info.revision, 40))
    return fail(Errc::protocol_error, "the hub's answer about the repository names no commit");
  const json::value& card = json::field(root, "cardData");
  info.licence = json::text(card, "license");
  if (info.licence == "other") info.licence = json::text(card, "license_name");
  info.pipeline = json::text(root, "pipeline_tag");
  for (const json::value& language : json::list(card, "language"))
    if (const auto* s = language.if_string(); s != nullptr && s->size() <= 20 && info.languages.size() < 200)
      info.languages.emplace_back(s->data(), s->size());
  if (const std::string one = json::text(card, "language"); !one.empty() && one.size() <= 20)
    info.languages.push_back(one);
  if (info.licence.size() > 100) info.licence.clear();
  return info;
}

Result<std::vector<ListedFile>> parse_hf_tree(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "the hub's list of files"));
  if (!root.is_array()) return fail(Errc::protocol_error, "the hub's list of files is no list");
  std::vector<ListedFile> files;
  for (const json::value& entry : root.get_array()) {
    if (json::text(entry, "type") != "file") continue;
    ListedFile file;
    file.path = json::text(entry, "path");
    const json::value& lfs = json::field(entry, "lfs");
    const auto bytes = json::size(lfs.is_object() ? lfs : entry, "size");
    if (!is_listed_path(file.path) || !bytes)
      return fail(Errc::protocol_error, "the hub's list has a file without a proper name or size");
    file.bytes = *bytes;
    if (lfs.is_object()) file.sha256 = json::text(lfs, "oid");
    if (file.sha256.starts_with("sha256:")) file.sha256.erase(0, 7);
    if (!is_sha256(file.sha256)) file.sha256.clear();
    // What git names is the pointer when the file itself is in large-file storage.
    if (!lfs.is_object()) file.git_oid = json::text(entry, "oid");
    if (!is_hex(file.git_oid, 40)) file.git_oid.clear();
    files.push_back(std::move(file));
    if (files.size() > kMaxFiles) return fail(Errc::too_large, "the repository has more files than a model can have");
  }
  return files;
}

Result<std::vector<ListedFile>> parse_ms_files(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "ModelScope's list of files"));
  const auto code = json::size(root, "Code");
  if (code && *code != 200) {
    const std::string message = json::text(root, "Message").substr(0, 200);
    return fail(*code == 404 ? Errc::not_found : Errc::unavailable, fmt::format("ModelScope says: {}", message));
  }
  const json::value& data = json::field(root, "Data");
  if (!json::field(data, "Files").is_array())
    return fail(Errc::protocol_error, "ModelScope's answer has no list of files");
  std::vector<ListedFile> files;
  for (const json::value& entry : json::list(data, "Files")) {
    if (json::text(entry, "Type") == "tree") continue;
    ListedFile file;
    file.path = json::text(entry, "Path");
    const auto bytes = json::size(entry, "Size");
    if (!is_listed_path(file.path) || !bytes)
      return fail(Errc::protocol_error, "ModelScope's list has a file without a proper name or size");
    file.bytes = *bytes;
    file.sha256 = lower(json::text(entry, "Sha256"));
    if (!is_sha256(file.sha256)) file.sha256.clear();
    files.push_back(std::move(file));
    if (files.size() > kMaxFiles) return fail(Errc::too_large, "the repository has more files than a model can have");
  }
  return files;
}

std::string_view role_of(std::string_view path) noexcept {
  const std::string_view name = base_name(path);
  if (name.find("mmproj") != std::string_view::npos) return "mmproj";
  if (name.ends_with(".gguf") || name.ends_with(".onnx") || name.ends_with(".bin")) return "model";
  if (name == "tokens.txt" || name == "vocab.txt" || name == "vocab.json" || name == "merges.txt") return "tokens";
  if (name == "tokenizer.json" || name == "tokenizer_config.json" || name == "special_tokens_map.json" ||
      name == "sentencepiece.bpe.model" || name == "tokenizer.model")
    return "tokenizer";
  if (name == "config.json" || name == "preprocessor_config.json" || name == "generation_config.json" ||
      name.ends_with(".onnx.json"))
    return "config";
  if (name.starts_with("LICENSE") || name.starts_with("LICENCE")) return "licence";
  if (name.ends_with(".labels") || name == "labels.txt") return "labels";
  return "other";
}

Result<std::vector<ChosenFile>> choose_files(std::span<const ListedFile> files, std::string_view variant,
                                             std::string_view repository) {
  // A path, or a whole file name.
  for (const ListedFile& file : files) {
    if (variant.empty() || (file.path != variant && base_name(file.path) != variant)) continue;
    if (file.path.ends_with(".onnx")) return with_companions(file, files);
    if (!file.path.ends_with(".gguf")) return std::vector<ChosenFile>{{"model", file}};
    for (const auto& [stem, group] : gguf_groups(files))
      if (std::ranges::find(group, &file) != group.end()) return with_projector(group, files);
    return std::vector<ChosenFile>{{"model", file}};
  }
  const std::string wish = lower(variant);
  if (auto chosen = choose_gguf(files, wish)) return *std::move(chosen);
  if (auto chosen = choose_onnx(files, wish)) return *std::move(chosen);
  if (auto chosen = choose_whisper(files, wish)) return *std::move(chosen);
  const std::string there = what_there_is(files);
  if (there.empty())
    return fail(
        Errc::unsupported,
        fmt::format("{} has no file that an engine here can run (GGUF, ONNX, whisper.cpp's ggml-*.bin)", repository));
  if (variant.empty())
    return fail(Errc::not_found, fmt::format("{} has several models; name one behind a colon: {}", repository, there));
  return fail(Errc::not_found, fmt::format("{} has nothing called {}; there is: {}", repository, variant, there));
}

bool is_non_commercial(std::string_view licence) {
  const std::string name = lower(licence);
  return name.find("-nc") != std::string::npos || name.find("non-commercial") != std::string::npos ||
         name.find("noncommercial") != std::string::npos;
}

std::string_view task_of_pipeline(std::string_view pipeline) noexcept {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kPipelines{
      {{"text-generation", "chat"},
       {"image-text-to-text", "vision-chat"},
       {"feature-extraction", "embedding"},
       {"sentence-similarity", "embedding"},
       {"text-ranking", "rerank"},
       {"automatic-speech-recognition", "transcription"},
       {"text-to-speech", "speech"},
       {"object-detection", "detection"},
       {"image-to-text", "ocr"},
       {"voice-activity-detection", "vad"},
       {"conversational", "chat"}}};
  for (const auto& [name, task] : kPipelines)
    if (name == pipeline) return task;
  return {};
}

}  // namespace hearth::models
