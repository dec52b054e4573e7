// hearth.yaml: what a person may set. Every field has a default that needs nothing; this struct is those defaults.
//
// An immutable snapshot: loaded once, then only read. docs/configuration.md and `hearth config show` come from the same
// table of keys as the loader (src/config/src/keys.cpp), so they cannot disagree.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/log.h>
#include <hearth/core/paths.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth::config {

enum class Auth { automatic, required, off };  // automatic: keys are needed unless every listener is loopback
enum class SandboxMode {
  required,
  best_effort,
  off
};  // best_effort: run without what this host cannot give, and say so

struct Server {
  std::vector<std::string> listen{"127.0.0.1:8420"};
  Auth auth = Auth::automatic;
  std::vector<std::string> allowed_hosts;    // besides localhost, this host's name, NAME.local and IP literals
  std::vector<std::string> allowed_origins;  // besides the same host
  std::uint64_t connections = 1024;
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds idle_time{75'000};
  std::chrono::milliseconds stall_time{30'000};
  std::chrono::milliseconds drain_time{15'000};
};

struct Limits {
  std::uint64_t json_body = 64ULL << 20;     // a JSON request, data URLs included
  std::uint64_t upload = 1ULL << 30;         // a file in a multipart request
  std::uint64_t memory_body = 256ULL << 10;  // a file up to this size stays in memory, a larger one goes to disk
  std::uint64_t spool = 8ULL << 30;          // all spooled files together
  std::chrono::milliseconds audio_duration{std::chrono::hours(2)};
  std::uint64_t embedding_inputs = 2048;
  std::uint64_t speech_characters = 4096;
  std::uint64_t image_pixels = 40'000'000;
  std::uint64_t document_pages = 500;
  std::chrono::milliseconds request_time{std::chrono::hours(1)};
};

struct Logging {
  log::Level level = log::Level::info;
  std::optional<log::Format> format;  // not set: text on a terminal, else json
};

// Overrides for one engine; what is not set comes from its engine.yaml.
struct EngineOverride {
  bool enabled = true;
  std::optional<bool> keep_warm;  // start with the daemon and never stop for idleness
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> concurrency;
  std::optional<std::uint64_t> queue;
  std::optional<std::uint64_t> memory;
  std::optional<std::chrono::milliseconds> idle_stop;
};

struct Engines {
  SandboxMode sandbox = SandboxMode::required;
  std::uint64_t memory_budget = 0;                  // for all engines together; 0: what the machine has, less a part
  std::map<std::string, EngineOverride> overrides;  // by engine name
};

struct Models {
  std::string endpoint_hf = "https://huggingface.co";
  std::string endpoint_ms = "https://modelscope.cn";
  std::string hf_token_file;  // empty: none
  std::uint64_t quota = 0;    // 0: only what the disk has
  std::uint64_t keep_free = std::uint64_t{1} << 30U;
  std::uint64_t parallel = 4;
};

// Where engine packs come from.
struct Packs {
  std::string suite = "forky";
  std::string mirror = "auto";  // auto: the one in the host's apt configuration
  std::string keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  bool check_valid_until = false;
};

// What the egress ledger keeps of what left the box.
struct Egress {
  std::chrono::milliseconds keep{std::chrono::hours(24 * 90)};
  std::uint64_t keep_records = 1'000'000;
};

struct Config {
  Server server;
  Limits limits;
  Logging log;
  Engines engines;
  Models models;
  Packs packs;
  Egress egress;
  Paths paths;                 // from defaults, environment and command line; not in hearth.yaml
  bool file_was_read = false;  // false: there is no hearth.yaml, defaults are in force
};

// Reads paths.config_file (absent: defaults) and the environment (HEARTH_SERVER_LISTEN=… for server.listen, and so on:
// upper case, '.' becomes '_'; lists are comma-separated). invalid_argument names file, line, the key and, for an
// unknown one, the nearest known key.
Result<Config> load(const Paths& paths);
// The same from text, for tests, the fuzzer and `hearth config check`. `origin` is named in errors.
Result<Config> parse(std::string_view yaml, std::string_view origin);

// One documented key, for docs/configuration.md, hearth.yaml's commented sample and `hearth config show`.
struct KeyDoc {
  std::string key;       // "limits.upload"; "engines.NAME.threads" for a pattern
  std::string type;      // "size", "duration", "number", "list of strings", "one of: …"
  std::string fallback;  // the default, as one would write it
  std::string meaning;   // one sentence
};
std::vector<KeyDoc> documentation();
// The configuration in force, one "key: value" a line, for `hearth config show`.
std::string render(const Config& config);

}  // namespace hearth::config
