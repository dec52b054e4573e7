#include "src/keys.h"

#include "src/values.h"

#include <hearth/core/nearest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

namespace hearth::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr std::uint64_t kGiB = kMiB * 1024;

// A kind of value: its name in the documentation, how it is read and how it is written.
template <typename T>
struct Kind {
  std::string type;
  std::function<Result<T>(std::string_view)> read;
  std::function<std::string(const T&)> write;
};

Kind<std::uint64_t> size(std::uint64_t min, std::uint64_t max) {
  return {fmt::format("size, {} to {}", write_size(min), write_size(max)),
          [=](std::string_view text) { return read_size(text, {min, max}); }, write_size};
}

Kind<std::uint64_t> number(std::uint64_t min, std::uint64_t max) {
  return {fmt::format("number, {} to {}", min, max),
          [=](std::string_view text) { return read_number(text, {min, max}); },
          [](const std::uint64_t& v) { return fmt::format("{}", v); }};
}

Kind<milliseconds> duration(milliseconds min, milliseconds max) {
  return {fmt::format("duration, {} to {}", write_duration(min), write_duration(max)),
          [=](std::string_view text) { return read_duration(text, {min, max}); }, write_duration};
}

Kind<std::string> endpoint() {
  return {"URL",
          [](std::string_view text) -> Result<std::string> {
            const bool web = text.starts_with("https://") || text.starts_with("http://");
            const bool plain = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
            if (!web || !plain || text.size() > 500 || text.find_first_of("?#@") != std::string_view::npos)
              return fail(
                  Errc::invalid_argument,
                  fmt::format("\"{}\" is no endpoint; write it like https://huggingface.co", text.substr(0, 100)));
            while (text.ends_with('/')) text.remove_suffix(1);
            return std::string(text);
          },
          [](const std::string& v) { return v; }};
}

// An absolute path, or "none".
Kind<std::string> optional_path() {
  return {"absolute path, or none",
          [](std::string_view text) -> Result<std::string> {
            if (text == "none") return std::string();
            if (!text.starts_with('/')) return fail(Errc::invalid_argument, "must be an absolute path, or none");
            return std::string(text);
          },
          [](const std::string& v) { return v.empty() ? std::string("none") : v; }};
}

Kind<bool> boolean() {
  return {"true or false", read_bool, [](const bool& v) { return std::string(v ? "true" : "false"); }};
}

Kind<std::string> word(std::string type) {
  return {std::move(type),
          [](std::string_view text) -> Result<std::string> {
            HEARTH_TRY(check_word(text));
            return std::string(text);
          },
          [](const std::string& v) { return v; }};
}

template <typename T>
Kind<T> one_of(std::vector<std::pair<std::string_view, T>> choices) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : choices) names.push_back(name);
  return {fmt::format("one of: {}", fmt::join(names, ", ")),
          [=](std::string_view text) -> Result<T> {
            HEARTH_TRY_ASSIGN(const std::size_t i, read_choice(text, names));
            return choices[i].second;
          },
          [=](const T& v) {
            const auto found = std::ranges::find(choices, v, &std::pair<std::string_view, T>::second);
            return std::string(found == choices.end() ? "" : found->first);
          }};
}

// A plain member, reached through `get` (Config& -> T&).
template <typename T, typename Get>
Key scalar(std::string path, Kind<T> kind, Get get, std::string meaning) {
  Config defaults;
  Key key{std::move(path), Shape::scalar, kind.type, kind.write(get(defaults)), std::move(meaning), {}, {}};
  key.assign = [=](Config& config, std::string_view, const Items& items) -> Result<void> {
    HEARTH_TRY_ASSIGN(get(config), kind.read(items.front()));
    return {};
  };
  key.show = [=](const Config& config, std::string_view) {
    return kind.write(get(const_cast<Config&>(config)));  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
  };
  return key;
}

using CheckItem = Result<void> (*)(std::string_view);
constexpr std::size_t kMaxItems = 64;

template <typename Get>
Key list(std::string path, std::string type, CheckItem check, Get get, std::string meaning) {
  Config defaults;
  Key key{std::move(path), Shape::list, std::move(type), write_list(get(defaults)), std::move(meaning), {}, {}};
  key.assign = [=](Config& config, std::string_view, const Items& items) -> Result<void> {
    if (items.size() > kMaxItems)
      return fail(Errc::invalid_argument, fmt::format("there are {} entries; {} at most", items.size(), kMaxItems));
    for (const std::string& item : items) {
      HEARTH_TRY(check(item));
    }
    get(config) = items;
    return {};
  };
  key.show = [=](const Config& config, std::string_view) {
    return write_list(get(const_cast<Config&>(config)));  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
  };
  return key;
}

// A member of EngineOverride: T or optional<T>.
template <typename T, typename Member>
Key engine(std::string leaf, Kind<T> kind, Member member, std::string fallback, std::string meaning) {
  Key key{"engines.NAME." + leaf, Shape::scalar, kind.type, std::move(fallback), std::move(meaning), {}, {}};
  key.assign = [=](Config& config, std::string_view name, const Items& items) -> Result<void> {
    HEARTH_TRY_ASSIGN(config.engines.overrides[std::string(name)].*member, kind.read(items.front()));
    return {};
  };
  key.show = [=](const Config& config, std::string_view name) -> std::string {
    const auto found = config.engines.overrides.find(std::string(name));
    if (found == config.engines.overrides.end()) return {};
    const auto& value = found->second.*member;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::optional<T>>) {
      return value ? kind.write(*value) : std::string();
    } else {
      return kind.write(value);
    }
  };
  return key;
}

void add_server(std::vector<Key>& table) {
  const auto time = [&](const char* leaf, milliseconds Server::* member, milliseconds max, const char* meaning) {
    table.push_back(scalar(
        fmt::format("server.{}", leaf), duration(milliseconds(100), max),
        [=](Config& c) -> auto& { return c.server.*member; }, meaning));
  };
  table.push_back(list(
      "server.listen", "list of addresses with ports", check_listen_address,
      [](Config& c) -> auto& { return c.server.listen; },
      "Where clients reach the API. Port 0 lets the system choose; an empty list leaves only the Unix "
      "socket in the runtime folder."));
  table.push_back(scalar(
      "server.auth", one_of<Auth>({{"automatic", Auth::automatic}, {"required", Auth::required}, {"off", Auth::off}}),
      [](Config& c) -> auto& { return c.server.auth; },
      "Whether requests need a key. With `automatic` they do unless every address in `server.listen` "
      "is loopback."));
  table.push_back(list(
      "server.allowed_hosts", "list of host names", check_host,
      [](Config& c) -> auto& { return c.server.allowed_hosts; },
      "Names that a request's Host header may carry besides localhost, this host's name, its .local name "
      "and IP addresses. Others are refused: that is what stops DNS rebinding."));
  table.push_back(list(
      "server.allowed_origins", "list of origins", check_origin,
      [](Config& c) -> auto& { return c.server.allowed_origins; },
      "Web pages that may call the API from a browser, besides those served from the same host."));
  table.push_back(scalar(
      "server.connections", number(1, 100'000), [](Config& c) -> auto& { return c.server.connections; },
      "Open client connections; past that new ones only get an answer that says the box is full."));
  time("header_time", &Server::header_time, hours(1), "Time a client has to send a request's header.");
  time("idle_time", &Server::idle_time, hours(24), "How long a connection without a request is kept open.");
  time("stall_time", &Server::stall_time, hours(1),
       "How long a client may send nothing of its body, or take nothing of its answer.");
  time("drain_time", &Server::drain_time, hours(1),
       "How long requests in flight may go on when the daemon is told to stop.");
}

void add_limits(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, auto kind, auto member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("limits.{}", leaf), std::move(kind), [=](Config& c) -> auto& { return c.limits.*member; },
        meaning));
  };
  constexpr std::uint64_t kTiB = kGiB * 1024;
  add("json_body", size(kKiB, kGiB), &Limits::json_body, "Largest JSON request, data URLs in it included.");
  add("upload", size(kKiB, kTiB), &Limits::upload, "Largest file in a multipart request.");
  add("memory_body", size(0, kGiB), &Limits::memory_body,
      "A file up to this size stays in memory while it is worked on; a larger one goes to disk.");
  add("spool", size(kKiB, 64 * kTiB), &Limits::spool, "Disk space for all files on disk together.");
  add("audio_duration", duration(seconds(1), hours(24)), &Limits::audio_duration,
      "Longest recording that is transcribed.");
  add("embedding_inputs", number(1, 100'000), &Limits::embedding_inputs, "Most texts in one embedding request.");
  add("speech_characters", number(1, 1'000'000), &Limits::speech_characters,
      "Longest text in one speech request, in characters.");
  add("image_pixels", number(10'000, 1'000'000'000), &Limits::image_pixels,
      "Largest image or page, in pixels (width times height).");
  add("document_pages", number(1, 100'000), &Limits::document_pages, "Most pages of one document.");
  add("request_time", duration(seconds(1), hours(24)), &Limits::request_time, "Longest time one request may take.");
}

void add_log(std::vector<Key>& table) {
  using log::Format;
  using log::Level;
  table.push_back(scalar(
      "log.level",
      one_of<Level>({{"debug", Level::debug}, {"info", Level::info}, {"warn", Level::warn}, {"error", Level::error}}),
      [](Config& c) -> auto& { return c.log.level; }, "The least serious messages that are logged."));
  table.push_back(scalar(
      "log.format",
      one_of<std::optional<Format>>({{"auto", std::nullopt}, {"text", Format::text}, {"json", Format::json}}),
      [](Config& c) -> auto& { return c.log.format; },
      "How log lines look. `auto`: text on a terminal, else one JSON object a line."));
}

void add_engines(std::vector<Key>& table) {
  table.push_back(scalar(
      "engines.sandbox",
      one_of<SandboxMode>(
          {{"required", SandboxMode::required}, {"best_effort", SandboxMode::best_effort}, {"off", SandboxMode::off}}),
      [](Config& c) -> auto& { return c.engines.sandbox; },
      "`required`: an engine that cannot be fully sandboxed does not start. `best_effort`: it starts "
      "without what this host cannot give, and `hearth engines` says what is missing."));
  table.push_back(scalar(
      "engines.memory_budget", size(0, 1024 * kGiB), [](Config& c) -> auto& { return c.engines.memory_budget; },
      "Memory for all engines together. An engine starts when what it needs fits beside the others; idle ones leave "
      "for "
      "it. 0: what the machine has, less an eighth of it (256 MiB to 4 GiB) for everything else."));
  using O = EngineOverride;
  table.push_back(engine("enabled", boolean(), &O::enabled, "true", "Whether the engine is used at all."));
  table.push_back(engine("keep_warm", boolean(), &O::keep_warm, "from engine.yaml",
                         "Start it with the daemon and never stop it for idleness."));
  table.push_back(engine("threads", number(1, 1024), &O::threads, "planned",
                         "Threads the engine computes with; hearth explain placement tells the plan."));
  table.push_back(
      engine("concurrency", number(1, 1024), &O::concurrency, "from engine.yaml", "Requests it works on at once."));
  table.push_back(engine("queue", number(0, 100'000), &O::queue, "from engine.yaml",
                         "Further requests that may wait for it; past that clients get 429."));
  table.push_back(engine("memory", size(16 * kMiB, 1024 * kGiB), &O::memory, "from engine.yaml",
                         "Most memory the engine may use for its data."));
  table.push_back(engine("idle_stop", duration(seconds(1), hours(24 * 365)), &O::idle_stop, "from engine.yaml",
                         "How long without a request until it is stopped to free its memory."));
}

void add_models(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, auto kind, auto member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("models.{}", leaf), std::move(kind), [=](Config& c) -> auto& { return c.models.*member; },
        meaning));
  };
  constexpr std::uint64_t kPiB = kGiB * 1024 * 1024;
  add("endpoint_hf", endpoint(), &Models::endpoint_hf,
      "Where hf: sources are pulled from: Hugging Face, or a mirror of it.");
  add("endpoint_ms", endpoint(), &Models::endpoint_ms, "Where ms: sources are pulled from.");
  add("hf_token_file", optional_path(), &Models::hf_token_file,
      "A file with a Hugging Face token, for private repositories and those that ask to accept a licence.");
  add("quota", size(0, kPiB), &Models::quota, "Most disk space for all models together; 0: as much as the disk has.");
  add("keep_free", size(0, kPiB), &Models::keep_free, "What a download leaves free on the disk.");
  add("parallel", number(1, 16), &Models::parallel, "Connections that one file is downloaded over.");
}

void add_packs(std::vector<Key>& table) {
  table.push_back(scalar(
      "packs.suite", word("a suite of Debian"), [](Config& c) -> auto& { return c.packs.suite; },
      "The suite that engine packs are made from."));
  table.push_back(scalar(
      "packs.mirror", word("URL of a Debian mirror, or auto"), [](Config& c) -> auto& { return c.packs.mirror; },
      "The mirror they are fetched from. `auto`: the Debian mirror in this host's apt configuration, whose proxy "
      "settings hold too; without one deb.debian.org."));
  table.push_back(scalar(
      "packs.keyring", word("path of a file"), [](Config& c) -> auto& { return c.packs.keyring; },
      "The keys that the mirror's index must be signed with. There is no way to do without."));
  table.push_back(scalar(
      "packs.check_valid_until", boolean(), [](Config& c) -> auto& { return c.packs.check_valid_until; },
      "Whether an index that is older than it says it may be is refused. Its signature is verified in any case; a box "
      "behind a mirror that is seldom updated wants this off."));
}

void add_egress(std::vector<Key>& table) {
  table.push_back(scalar(
      "egress.keep", duration(hours(24), hours(24 * 3650)), [](Config& c) -> auto& { return c.egress.keep; },
      "How long the egress ledger keeps each call that left the box. What is older is added up by class, destination "
      "and rule."));
  table.push_back(scalar(
      "egress.keep_records", number(10'000, 100'000'000), [](Config& c) -> auto& { return c.egress.keep_records; },
      "Most records in the egress ledger, two for each call, half a kilobyte each; past that the oldest are added "
      "up."));
}

std::vector<Key> make_table() {
  std::vector<Key> table;
  add_server(table);
  add_limits(table);
  add_log(table);
  add_models(table);
  add_packs(table);
  add_egress(table);
  add_engines(table);  // last: `config show` appends the engines' own keys
  return table;
}

std::string_view leaf_of(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

}  // namespace

std::string Key::path_for(std::string_view name) const {
  if (!is_pattern()) return path;
  return fmt::format("{}.{}.{}", section(), name, leaf());
}

std::span<const Key> keys() {
  static const std::vector<Key> table = make_table();
  return table;
}

bool is_engine_name(std::string_view name) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, ok);
}

std::string nearest_key(std::string_view path) {
  constexpr std::size_t kMost = 80;  // what is longer is no slip of the finger, and slips() costs the product
  path = path.substr(0, kMost);
  std::vector<std::string> candidates;
  for (const Key& key : keys()) {
    candidates.emplace_back(key.path);
    if (candidates.end() == std::ranges::find(candidates, key.section())) candidates.emplace_back(key.section());
  }
  std::string best;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string& known : candidates) {
    // A right word in the wrong section is nearer than any misspelling.
    const bool misplaced = leaf_of(known) == leaf_of(path);
    const std::size_t n = misplaced ? 0 : slips(path, known);
    if (n < least) std::tie(best, least) = std::pair(known, n);
  }
  return best;
}

std::string variable_of(std::string_view path) {
  std::string name = "HEARTH_";
  for (const char c : path) {
    if (c == '.' || c == '-') {
      name.push_back('_');
    } else {
      name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  }
  return name;
}

}  // namespace hearth::config
