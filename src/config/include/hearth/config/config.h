// hearth.yaml: what a person may set. Every field has a default that needs nothing; this struct is those defaults.
//
// An immutable snapshot: loaded once, then only read. docs/configuration.md and `hearth config show` come from the same
// table of keys as the loader (src/config/src/keys.cpp), so they cannot disagree.
#pragma once

#include <hearth/core/data_class.h>
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

// Answers that are kept for when the same is asked again.
struct Cache {
  bool enabled = true;
  std::uint64_t memory = 16ULL << 20;
  std::uint64_t disk = 256ULL << 20;  // 0: memory only
  std::uint64_t answer = 4ULL << 20;  // larger ones are not kept
  std::chrono::milliseconds lifetime{std::chrono::hours(24)};
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

// Where connections out of the box may lead.
enum class EgressMode { open, listed, closed };
struct Egress {
  EgressMode mode = EgressMode::open;
  std::vector<std::string> allow;  // "HOST", "HOST:PORT", "*.example.com"
  // What the egress ledger keeps of what left the box.
  std::chrono::milliseconds keep{std::chrono::hours(24 * 90)};
  std::uint64_t keep_records = 1'000'000;
};

enum class Speaks { openai, anthropic };

// Another server that answers: a provider in the cloud, or a machine of one's own.
struct Provider {
  std::string url;  // "https://api.openai.com/v1": what stands before /chat/completions or /messages
  Speaks speaks = Speaks::openai;
  bool responses = false;                     // it has OpenAI's Responses API, too
  std::vector<std::string> models;            // for chat, by the names that it knows them by
  std::vector<std::string> embedding_models;  // the same, for embeddings
  std::vector<std::string> key_files;         // one key each; with several, a refused one is passed over
  std::optional<DataClass> sees;              // the highest class of data that may go there; must be set
  bool lan = false;                           // a machine of one's own: private addresses are what is expected
  std::string region;                         // where it computes, by a word of policy.regions, and
  std::string retention;                      // how long it keeps what it gets, in words for people
  std::string ca_file;                        // certificates to trust in place of the system's; empty: those
  std::uint64_t concurrency = 64;
  std::optional<std::uint64_t> max_output;  // tokens of the longest answer, where a request does not say
  std::chrono::milliseconds connect_time{5'000};
  std::chrono::milliseconds first_byte_time{120'000};
  std::chrono::milliseconds stall_time{60'000};
};

// Whom a name leads to that clients ask for.
struct Route {
  std::vector<std::string> use;                          // steps (route_step.h), tried in this order
  std::optional<std::chrono::milliseconds> hedge_after;  // the second is asked, too, when the first is silent so long
};

struct Policy {
  DataClass default_class = kUnknownClass;  // of a call that nothing says the class of
  bool repeat_uncertain = false;
  std::vector<std::string> quality;  // "MODEL FIGURE" (route_step.h)
  std::vector<std::string> regions;  // where personal data and secrets may go; empty: wherever they may be seen
};

// A program that calls in somebody's name, and says which it is.
struct Agent {
  std::optional<DataClass> data_class;  // that its calls are at least of; not set: it says nothing
};

// Calls that are answered later.
struct Deferred {
  std::uint64_t calls = 10'000;
  std::uint64_t space = std::uint64_t{2} << 30U;
  std::chrono::milliseconds keep{std::chrono::hours(7 * 24)};
  std::chrono::milliseconds deadline{std::chrono::hours(24)};
  std::uint64_t parallel = 2;
  std::vector<std::string> cheap_hours;  // "22:00-06:00"
  std::vector<std::string> webhooks;     // URLs; what lies below them is allowed, too
  bool repeat_uncertain = false;
};

// The line to the world outside.
struct Link {
  bool metered = false;
  std::string probe;          // a URL; empty: none
  std::string probe_expects;  // the page's text; empty: any
  std::chrono::milliseconds probe_every{60'000};
};

// What may be spent on calls that leave the box (docs/budgets.md). As written; parse_budget() and parse_own_price()
// read every line.
struct Budgets {
  std::vector<std::string> limits;
  std::vector<std::string> prices;
};

// What becomes of a finding of the detectors in a call that would go where its class may not.
enum class WhenLeaving { block, redact };

struct Privacy {
  WhenLeaving internal = WhenLeaving::block;
  WhenLeaving personal = WhenLeaving::block;
  WhenLeaving secret = WhenLeaving::block;
};

// What is left out of chats on their way to a provider (docs/trimming.md).
struct Trim {
  bool enabled = true;
  std::vector<std::string> steps{"blobs", "whitespace", "json", "markup", "logs", "duplicates", "tools"};
  std::uint64_t smallest = 512;  // shorter texts stay as they are
};

// What is found besides what the detectors know.
struct Pattern {
  std::string regex;  // RE2's syntax; must be set
  DataClass data_class = DataClass::personal;
};

// When a call's data are of a lower class than what is said and found makes them (docs/privacy.md).
struct Declassify {
  std::vector<std::string> keys;    // whose calls, by names or ids of API keys; must be set
  std::vector<std::string> agents;  // and on behalf of whom; empty: of anybody, or nobody
  std::vector<std::string> found;   // kinds and names of patterns that may have been found
  bool inputs = false;              // pictures, sounds and documents may be in it
  std::optional<DataClass> to;      // must be set
};

struct Config {
  Server server;
  Limits limits;
  Cache cache;
  Logging log;
  Engines engines;
  Models models;
  Packs packs;
  Egress egress;
  std::map<std::string, Provider> providers;  // by name
  std::map<std::string, Route> routes;        // by the name that clients ask for
  Policy policy;
  std::map<std::string, Agent> agents;  // by the name that they give
  Deferred deferred;
  Link link;
  Budgets budgets;
  Privacy privacy;
  Trim trim;
  std::map<std::string, Pattern> patterns;       // by name
  std::map<std::string, Declassify> declassify;  // by name
  Paths paths;                                   // from defaults, environment and command line; not in hearth.yaml
  bool file_was_read = false;                    // false: there is no hearth.yaml, defaults are in force
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
