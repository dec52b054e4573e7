// engine.yaml: what an engine is, how it is started and how much it may use. docs/engine-protocol.md lists the keys.
//
// Plain data; any thread. Loading reads files: at start, or on the blocking pool.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

enum class Task { embedding, speech, transcription, translation, ocr, detection, chat, rerank, media, phonemes };
std::string_view to_string(Task task) noexcept;

struct Model {
  std::string id;
  Task task = Task::media;
  std::vector<std::string> languages;  // BCP 47; empty: it does not matter
  std::string description;
};

// The request an engine must answer before it counts as ready.
struct Canary {
  std::string method = "GET";
  std::string path;          // with its query, as sent
  std::string content_type;  // guessed from the body when not given
  std::string body;
  std::string expect;  // the answer must contain it; empty: any 2xx will do
};

// How a template engine serves the models of one task.
struct Serving {
  Task task = Task::chat;
  std::vector<Task> also;            // what else a model of this task does in the same process
  std::vector<std::string> args;     // after the manifest's own
  std::vector<std::string> needs{};  // roles of files that a model must have besides "model"
  bool takes_phonemes = false;       // speech: it is given phonemes, which another engine makes of the text
  std::optional<std::uint32_t> concurrency = std::nullopt;
  std::uint32_t ahead = 0;
  std::optional<Canary> canary = std::nullopt;
};

enum class DeviceClass { cpu, gpu, npu };
std::string_view to_string(DeviceClass c) noexcept;

// A kind of device that an engine can compute on: "cpu", "gpu", "npu/intel_vpu".
struct DeviceKind {
  DeviceClass device = DeviceClass::cpu;
  std::string driver;  // the kernel's driver; empty: whichever
};

struct Manifest {
  std::string name;
  std::string title;
  std::filesystem::path folder;   // where engine.yaml lies; absolute
  std::string pack;               // the engine pack it runs in; empty: the host's own /usr
  std::filesystem::path program;  // absolute; with a pack it may be one of the pack's (see program_in_pack)
  bool program_in_pack = false;
  std::vector<std::string> args;  // before {data} and the like are replaced
  std::filesystem::path data;     // absolute; the engine's folder when the manifest names none
  std::vector<std::filesystem::path> binds;
  std::vector<Model> models;
  std::vector<DeviceKind> devices{DeviceKind{}};
  std::optional<std::uint32_t> concurrency = 1;  // nullopt: as many as usable cores
  std::uint32_t ahead = 0;  // requests it is sent beyond those, so that it need not wait for the next
  std::uint32_t queue = 64;
  std::uint64_t memory = 512ULL << 20;  // bytes
  std::uint64_t reserve = 0;            // bytes it is expected to use, until it was measured; 0: `memory`
  Millis start_deadline{30'000};
  Millis request_deadline{300'000};
  Millis idle_stop{600'000};  // 0: never
  std::optional<Canary> canary = std::nullopt;
  // A template (instance.h) has these in place of `models`:
  std::vector<std::string> formats;                      // of the model files it loads
  std::vector<Serving> serves;                           // by task
  std::map<std::string, std::vector<std::string>> with;  // arguments for a file that a model may have, by its role
  [[nodiscard]] bool is_template() const noexcept { return !formats.empty(); }
};

// `origin` is named in errors; `folder` is what relative paths start from; `body_file` of the canary is read from it.
// invalid_argument names origin, line and key, and for an unknown key the nearest known one; not_found, too_large and
// io_error for the canary's file.
Result<Manifest> parse_manifest(std::string_view yaml, std::string_view origin, const std::filesystem::path& folder);
// Reads FOLDER/engine.yaml. As above; not_found when there is none, too_large past 64 KiB.
Result<Manifest> load_manifest(const std::filesystem::path& folder);

struct Discovery {
  std::vector<Manifest> manifests;  // by name
  std::vector<Error> problems;      // folders with a manifest that is no good: the others work all the same
};
// Every folder of `dir` that has an engine.yaml. A missing `dir` is an empty one.
Discovery discover(const std::filesystem::path& dir);

}  // namespace hearth::engines
