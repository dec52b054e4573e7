#include "src/keys.h"

#include "src/values.h"

#include <hearth/config/budget.h>
#include <hearth/config/route_step.h>
#include <hearth/core/nearest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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

// A web page, or "none".
Kind<std::string> optional_url() {
  return {"URL, or none",
          [](std::string_view text) -> Result<std::string> {
            if (text == "none") return std::string();
            HEARTH_TRY(check_web_url(text));
            return std::string(text);
          },
          [](const std::string& v) { return v.empty() ? std::string("none") : v; }};
}

// Printable characters without quotes, which a line of YAML can hold between them.
Kind<std::string> text(std::size_t most) {
  return {fmt::format("text of at most {} characters", most),
          [=](std::string_view given) -> Result<std::string> {
            const auto plain = [](unsigned char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; };
            if (given.size() > most || !std::ranges::all_of(given, plain))
              return fail(Errc::invalid_argument,
                          fmt::format("must have at most {} printable characters without quotes", most));
            return std::string(given);
          },
          [](const std::string& v) { return fmt::format("\"{}\"", v); }};
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

Kind<DataClass> data_class() {
  return one_of<DataClass>({kDataClasses.begin(), kDataClasses.end()});
}

// A few words for people.
Kind<std::string> words(std::string type) {
  return {std::move(type),
          [](std::string_view text) -> Result<std::string> {
            constexpr std::size_t kMost = 160;  // two of them fit into a record of the egress ledger
            if (text.size() > kMost) return fail(Errc::invalid_argument, "is too long");
            return std::string(text);
          },
          [](const std::string& v) { return v; }};
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

// A member of the entries of a named section: T or optional<T>. `map` (Config& -> map of entries by name).
template <typename T, typename Map, typename Member>
Key named(std::string section, std::string leaf, Kind<T> kind, Map map, Member member, std::string fallback,
          std::string meaning) {
  Key key{section + ".NAME." + leaf, Shape::scalar, kind.type, std::move(fallback), std::move(meaning), {}, {}};
  key.assign = [=](Config& config, std::string_view name, const Items& items) -> Result<void> {
    HEARTH_TRY_ASSIGN(map(config)[std::string(name)].*member, kind.read(items.front()));
    return {};
  };
  key.show = [=](const Config& config, std::string_view name) -> std::string {
    const auto& entries = map(const_cast<Config&>(config));  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
    const auto found = entries.find(std::string(name));
    if (found == entries.end()) return {};
    const auto& value = found->second.*member;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::optional<T>>) {
      return value ? kind.write(*value) : std::string();
    } else {
      return kind.write(value);
    }
  };
  return key;
}

template <typename Map, typename Member>
Key named_list(std::string section, std::string leaf, std::string type, CheckItem check, Map map, Member member,
               std::string meaning) {
  Key key{section + ".NAME." + leaf, Shape::list, std::move(type), "[]", std::move(meaning), {}, {}};
  key.assign = [=](Config& config, std::string_view name, const Items& items) -> Result<void> {
    if (items.size() > kMaxItems)
      return fail(Errc::invalid_argument, fmt::format("there are {} entries; {} at most", items.size(), kMaxItems));
    for (const std::string& item : items) {
      HEARTH_TRY(check(item));
    }
    map(config)[std::string(name)].*member = items;
    return {};
  };
  key.show = [=](const Config& config, std::string_view name) -> std::string {
    const auto& entries = map(const_cast<Config&>(config));  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
    const auto found = entries.find(std::string(name));
    return found == entries.end() || (found->second.*member).empty() ? std::string()
                                                                     : write_list(found->second.*member);
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

void add_cache(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, auto kind, auto member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("cache.{}", leaf), std::move(kind), [=](Config& c) -> auto& { return c.cache.*member; }, meaning));
  };
  add("enabled", boolean(), &Cache::enabled,
      "Whether answers that would be the same again are kept (docs/caching.md).");
  add("memory", size(0, 64 * kGiB), &Cache::memory, "Memory for them.");
  add("disk", size(0, 1024 * kGiB), &Cache::disk, "Disk space for them; 0: they are kept in memory only.");
  add("answer", size(kKiB, kGiB), &Cache::answer,
      "Largest answer that is kept, for the cache, for requests with an Idempotency-Key and for whoever joins a call "
      "under way.");
  add("lifetime", duration(seconds(1), hours(24 * 365)), &Cache::lifetime, "How long an answer is kept.");
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
  const auto overrides = [](Config& c) -> auto& { return c.engines.overrides; };
  const auto engine = [&](const char* leaf, auto kind, auto member, const char* fallback, const char* meaning) {
    return named("engines", leaf, std::move(kind), overrides, member, fallback, meaning);
  };
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
      "egress.mode",
      one_of<EgressMode>({{"open", EgressMode::open}, {"listed", EgressMode::listed}, {"closed", EgressMode::closed}}),
      [](Config& c) -> auto& { return c.egress.mode; },
      "Where connections out of the box may lead. `open`: to what the configuration names, and for models, packs and "
      "deliveries to any public address. `listed`: only to what the configuration names. `closed`: nowhere."));
  table.push_back(list(
      "egress.allow", "list of hosts", check_word, [](Config& c) -> auto& { return c.egress.allow; },
      "Hosts that the configuration names besides those in its other keys: `HOST`, `HOST:PORT` or `*.example.com`. "
      "Addresses in private networks and on this machine are contacted only when they, or the names that lead there, "
      "stand here in full."));
  table.push_back(scalar(
      "egress.keep", duration(hours(24), hours(24 * 3650)), [](Config& c) -> auto& { return c.egress.keep; },
      "How long the egress ledger keeps each call that left the box. What is older is added up by class, destination "
      "and rule."));
  table.push_back(scalar(
      "egress.keep_records", number(10'000, 100'000'000), [](Config& c) -> auto& { return c.egress.keep_records; },
      "Most records in the egress ledger, two for each call, half a kilobyte each; past that the oldest are added "
      "up."));
}

Result<void> check_key_file(std::string_view text) {
  if (!text.starts_with('/')) return fail(Errc::invalid_argument, fmt::format("\"{}\" is no absolute path", text));
  return {};
}

Result<void> check_step(std::string_view text) {
  HEARTH_TRY(parse_route_step(text));
  return {};
}

void add_providers(std::vector<Key>& table) {
  using P = Provider;
  const auto map = [](Config& c) -> auto& { return c.providers; };
  const auto add = [&](const char* leaf, auto kind, auto member, std::string fallback, const char* meaning) {
    table.push_back(named("providers", leaf, std::move(kind), map, member, std::move(fallback), meaning));
  };
  const auto add_list = [&](const char* leaf, const char* type, CheckItem check, auto member, const char* meaning) {
    table.push_back(named_list("providers", leaf, type, check, map, member, meaning));
  };
  add("url", endpoint(), &P::url, "must be set",
      "Where it is: what stands before /chat/completions or /messages, like https://api.openai.com/v1.");
  add("sees", data_class(), &P::sees, "must be set",
      "The highest class of data that may go there. What nothing says the class of is `personal` "
      "(`policy.default_class`).");
  add("speaks", one_of<Speaks>({{"openai", Speaks::openai}, {"anthropic", Speaks::anthropic}}), &P::speaks, "openai",
      "Whose API it has. vLLM, SGLang, llama.cpp and other boxes have OpenAI's.");
  add("responses", boolean(), &P::responses, "false",
      "It has OpenAI's Responses API, too: clients of that one are passed on as they wrote, with all that it alone "
      "can. OpenAI, vLLM, llama.cpp and other boxes have it.");
  add_list("models", "list of model names", check_word, &P::models,
           "Its models for chat. Clients ask for them by this name, or as NAME/model.");
  add_list("embedding_models", "list of model names", check_word, &P::embedding_models, "Its models for embeddings.");
  add_list("key_files", "list of absolute paths", check_key_file, &P::key_files,
           "Files with an API key each. With several, a key that it refuses is passed over.");
  add("lan", boolean(), &P::lan, "false",
      "A machine of your own: it may have a private address, and its calls are recorded in the background.");
  add("region", words("words"), &P::region, "not said",
      "Where it computes, as its operator says: `policy.regions` goes by it, and the egress ledger records it.");
  add("retention", words("words"), &P::retention, "not said",
      "How long it keeps what it gets, as its operator says; the egress ledger records it.");
  add("ca_file", optional_path(), &P::ca_file, "none", "Certificates to trust in place of the system's.");
  add("concurrency", number(1, 10'000), &P::concurrency, "64", "Calls to it at once; further ones wait.");
  add("max_output", number(1, 10'000'000), &P::max_output, "the model's",
      "Most tokens of an answer where a request does not say: what budgets set aside, and what a provider is told that "
      "wants it said. Without it budgets take what the list of prices says of the model, and such a provider is told "
      "4096.");
  add("connect_time", duration(milliseconds(100), minutes(5)), &P::connect_time, "5s", "Time to connect.");
  add("first_byte_time", duration(milliseconds(100), hours(1)), &P::first_byte_time, "2min",
      "Time until its answer begins.");
  add("stall_time", duration(milliseconds(100), hours(1)), &P::stall_time, "1min",
      "How long it may send nothing in the middle of an answer.");
}

void add_routes(std::vector<Key>& table) {
  table.push_back(named_list(
      "routes", "use", "list of steps", check_step, [](Config& c) -> auto& { return c.routes; }, &Route::use,
      "Models in the order in which they are tried, each with its conditions: `local if size<8k`, `openai/gpt-5 if "
      "price<0.02USD and no metered`. `local` is any model of this box, `any` whoever costs least. The conditions "
      "are in docs/providers.md."));
  table.push_back(named(
      "routes", "hedge_after", duration(milliseconds(10), hours(1)), [](Config& c) -> auto& { return c.routes; },
      &Route::hedge_after, "never",
      "When the first candidate has not begun to answer after so long, the second is asked, too, unless both charge; "
      "whoever begins first answers, and the other is given up."));
}

Result<void> check_quality(std::string_view text) {
  HEARTH_TRY(parse_quality(text));
  return {};
}

void add_policy(std::vector<Key>& table) {
  table.push_back(scalar(
      "policy.default_class", data_class(), [](Config& c) -> auto& { return c.policy.default_class; },
      "The class of a call that nothing says the class of: no key, no header, no agent."));
  table.push_back(scalar(
      "policy.repeat_uncertain", boolean(), [](Config& c) -> auto& { return c.policy.repeat_uncertain; },
      "Whether the next provider is asked when one has had a call, may have charged for it, and its answer is lost."));
  table.push_back(list(
      "policy.regions", "list of regions", check_word, [](Config& c) -> auto& { return c.policy.regions; },
      "Where personal data and secrets may go: whoever has another `region`, or none, may see internal data at most. "
      "Your own machines (`lan`) are where you are. Empty: wherever `sees` allows."));
  table.push_back(list(
      "policy.quality", "list of models with a figure", check_quality,
      [](Config& c) -> auto& { return c.policy.quality; },
      "How good you hold models to be, from 0 to 1, for the condition `quality>=0.7` of routes: `openai/gpt-5 0.9`, "
      "`qwen3-4b 0.5`. Hearth does not measure it."));
}

void add_agents(std::vector<Key>& table) {
  table.push_back(named(
      "agents", "class", data_class(), [](Config& c) -> auto& { return c.agents; }, &Agent::data_class, "not said",
      "The class that calls with the header `x-hearth-agent: NAME` are at least of."));
}

void add_deferred(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, auto kind, auto member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("deferred.{}", leaf), std::move(kind), [=](Config& c) -> auto& { return c.deferred.*member; },
        meaning));
  };
  add("calls", number(1, 1'000'000), &Deferred::calls,
      "Most deferred calls at a time, those whose answers are still kept included.");
  add("space", size(kMiB, 1024 * kGiB), &Deferred::space,
      "Disk space for all deferred requests and their answers together.");
  add("keep", duration(minutes(1), hours(24 * 365)), &Deferred::keep, "How long an answer is kept to be fetched.");
  add("deadline", duration(seconds(1), hours(24 * 365)), &Deferred::deadline,
      "When a deferred call is given up, unless its client says something else.");
  add("parallel", number(1, 64), &Deferred::parallel, "Deferred calls that are worked on at a time.");
  table.push_back(list(
      "deferred.cheap_hours", "list of hours of the day", check_hours,
      [](Config& c) -> auto& { return c.deferred.cheap_hours; },
      "When calls with `x-hearth-not-before: cheap` are made, in the box's time zone, such as 22:00-06:00."));
  table.push_back(list(
      "deferred.webhooks", "list of URLs", check_web_url, [](Config& c) -> auto& { return c.deferred.webhooks; },
      "Where clients may have the end of their deferred calls reported to: these URLs and all below them."));
  add("repeat_uncertain", boolean(), &Deferred::repeat_uncertain,
      "Whether a call is made again when a provider may have answered, and charged for, an attempt that was cut off.");
}

void add_link(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, auto kind, auto member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("link.{}", leaf), std::move(kind), [=](Config& c) -> auto& { return c.link.*member; }, meaning));
  };
  add("metered", boolean(), &Link::metered, "Whether the line costs by volume.");
  add("probe", optional_url(), &Link::probe,
      "A page that is asked for now and then, to know whether the world can be reached. `none`: the hosts of the "
      "configured providers are.");
  add("probe_expects", text(200), &Link::probe_expects,
      "What that page says; anything else comes from a portal that wants somebody to log in first. Empty: any page "
      "will do.");
  add("probe_every", duration(seconds(5), hours(24)), &Link::probe_every,
      "How often the world is asked for while all is well.");
}

Result<void> check_budget(std::string_view text) {
  HEARTH_TRY(parse_budget(text));
  return {};
}

Result<void> check_own_price(std::string_view text) {
  HEARTH_TRY(parse_own_price(text));
  return {};
}

void add_budgets(std::vector<Key>& table) {
  table.push_back(list(
      "budgets.limits", "list of budgets", check_budget, [](Config& c) -> auto& { return c.budgets.limits; },
      "What calls that leave the box may cost, in money or tokens: `box 20 USD per day`, `each key 2 USD per month`, "
      "`key laptop 500000 tokens per day`, `agent digest 5 USD in total`. A call that may cost more than is left of "
      "any budget it falls under is not made."));
  table.push_back(list(
      "budgets.prices", "list of prices", check_own_price, [](Config& c) -> auto& { return c.budgets.prices; },
      "Prices for a million tokens that go before those in prices.yaml: "
      "`openai/my-model input 2.50 cached 0.25 output 10 USD`."));
}

void add_privacy(std::vector<Key>& table) {
  const auto add = [&](const char* leaf, WhenLeaving Privacy::* member, const char* meaning) {
    table.push_back(scalar(
        fmt::format("privacy.{}", leaf),
        one_of<WhenLeaving>({{"block", WhenLeaving::block}, {"redact", WhenLeaving::redact}}),
        [=](Config& c) -> auto& { return c.privacy.*member; }, meaning));
  };
  add("personal", &Privacy::personal,
      "Personal data that was found in a call, where the call would leave for somebody who may not see it. `block`: "
      "the "
      "call does not go there. `redact`: placeholders go in its place, and the answer has the originals again.");
  add("secret", &Privacy::secret, "The same for keys, passwords and card numbers.");
  add("internal", &Privacy::internal, "The same for what `patterns` of your own say is internal.");
}

Result<void> check_trim_step(std::string_view text) {
  const std::vector<std::string> steps = Trim().steps;
  std::vector<std::string_view> names(steps.begin(), steps.end());
  HEARTH_TRY(read_choice(text, names));
  return {};
}

void add_trim(std::vector<Key>& table) {
  table.push_back(scalar(
      "trim.enabled", boolean(), [](Config& c) -> auto& { return c.trim.enabled; },
      "Whether chats go to providers without what costs tokens and says nothing (docs/trimming.md). Models of this box "
      "get them as they are."));
  table.push_back(list(
      "trim.steps", "list of steps", check_trim_step, [](Config& c) -> auto& { return c.trim.steps; },
      "What is done. One that does not pay for a model rests by itself."));
  table.push_back(scalar(
      "trim.smallest", size(64, kMiB), [](Config& c) -> auto& { return c.trim.smallest; },
      "Shorter texts stay as they are."));
}

// Compiled where it is used: this room knows no RE2.
Kind<std::string> expression() {
  return {"regular expression in RE2's syntax",
          [](std::string_view text) -> Result<std::string> {
            constexpr std::size_t kMost = 1000;
            if (text.empty() || text.size() > kMost)
              return fail(Errc::invalid_argument, fmt::format("must have 1 to {} characters", kMost));
            return std::string(text);
          },
          [](const std::string& v) { return v; }};
}

void add_patterns(std::vector<Key>& table) {
  const auto map = [](Config& c) -> auto& { return c.patterns; };
  table.push_back(named("patterns", "regex", expression(), map, &Pattern::regex, "must be set",
                        "What is to be found in requests, like `\\bS-[0-9]{6}\\b`; matches of up to 1,024 bytes."));
  table.push_back(
      named("patterns", "class", data_class(), map, &Pattern::data_class, "personal", "The class of what it finds."));
}

void add_declassify(std::vector<Key>& table) {
  using D = Declassify;
  const auto map = [](Config& c) -> auto& { return c.declassify; };
  const auto add_list = [&](const char* leaf, std::string type, CheckItem check, auto member, const char* meaning) {
    table.push_back(named_list("declassify", leaf, std::move(type), check, map, member, meaning));
  };
  add_list(
      "keys", "list of names or ids of API keys", check_name, &D::keys,
      "Whose calls: those with a key of that name or id. Must be set: what a client says of itself lowers nothing.");
  add_list("agents", "list of names of agents", check_name, &D::agents,
           "Of those, only calls on behalf of these agents. Empty: all.");
  add_list("found", fmt::format("list of: {}, names under `patterns`", fmt::join(kFoundKinds, ", ")), check_word,
           &D::found,
           "What may have been found in the call at most. Of a call with anything else the rule says nothing.");
  table.push_back(named("declassify", "inputs", boolean(), map, &D::inputs, "false",
                        "Whether pictures, sounds and documents, which nobody looks into, may be in the call."));
  table.push_back(named("declassify", "to", data_class(), map, &D::to, "must be set",
                        "The class that the call then is of, unless its key, its header or its agent says a higher "
                        "one."));
}

std::vector<Key> make_table() {
  std::vector<Key> table;
  add_server(table);
  add_limits(table);
  add_cache(table);
  add_log(table);
  add_models(table);
  add_packs(table);
  add_egress(table);
  add_engines(table);
  add_providers(table);
  add_routes(table);
  add_policy(table);
  add_agents(table);
  add_budgets(table);
  add_deferred(table);
  add_link(table);
  add_privacy(table);
  add_trim(table);
  add_patterns(table);
  add_declassify(table);
  return table;
}

// Lower-case letters, digits and '-', up to 40, beginning with a letter.
bool is_plain_name(std::string_view name) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, ok);
}

bool is_model_name(std::string_view name) {
  constexpr std::size_t kMost = 128;
  return !name.empty() && name.size() <= kMost &&
         std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\''; });
}

template <typename T>
std::vector<std::string> names_of(const std::map<std::string, T>& entries) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : entries) names.push_back(name);
  return names;
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

std::span<const NamedSection> named_sections() {
  static constexpr std::array kSections{
      NamedSection{"engines", "an engine's name (lower-case letters, digits and '-')", "speech",
                   "One engine, by its name (`hearth engines` lists them):", is_plain_name,
                   [](Config& config, const std::string& name) { config.engines.overrides[name]; },
                   [](const Config& config) { return names_of(config.engines.overrides); }},
      NamedSection{"providers", "a provider's name (lower-case letters, digits and '-')", "openai",
                   "One provider, by a name of your choice:", is_plain_name,
                   [](Config& config, const std::string& name) { config.providers[name]; },
                   [](const Config& config) { return names_of(config.providers); }},
      NamedSection{"routes", "a model's name", "auto", "One name that clients ask for:", is_model_name,
                   [](Config& config, const std::string& name) { config.routes[name]; },
                   [](const Config& config) { return names_of(config.routes); }},
      NamedSection{"agents", "an agent's name (without blanks)", "digest", "One agent, by the name that it gives:",
                   is_model_name, [](Config& config, const std::string& name) { config.agents[name]; },
                   [](const Config& config) { return names_of(config.agents); }},
      NamedSection{"patterns", "a pattern's name (lower-case letters, digits and '-')", "staff-number",
                   "One pattern, by a name of your choice:", is_plain_name,
                   [](Config& config, const std::string& name) { config.patterns[name]; },
                   [](const Config& config) { return names_of(config.patterns); }},
      NamedSection{"declassify", "a rule's name (lower-case letters, digits and '-')", "shop-orders",
                   "One rule, by a name of your choice:", is_plain_name,
                   [](Config& config, const std::string& name) { config.declassify[name]; },
                   [](const Config& config) { return names_of(config.declassify); }},
  };
  return kSections;
}

const NamedSection* find_named_section(std::string_view section) {
  const auto found = std::ranges::find(named_sections(), section, &NamedSection::section);
  return found == named_sections().end() ? nullptr : &*found;
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
