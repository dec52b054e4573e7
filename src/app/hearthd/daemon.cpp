#include "daemon.h"

#include "admin.h"
#include "answers.h"
#include "box.h"
#include "deferred_service.h"
#include "egress_host.h"
#include "engine_upstream.h"
#include "front.h"
#include "healing_record.h"
#include "instances.h"
#include "link_watch.h"
#include "model_care.h"
#include "model_hint.h"
#include "models_service.h"
#include "notify.h"
#include "pack_care.h"
#include "packs.h"
#include "provider_upstream.h"
#include "spend_settings.h"
#include "tasks.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/egress/ledger.h>
#include <hearth/engines/control_groups.h>
#include <hearth/engines/starter.h>
#include <hearth/engines/supervisor.h>
#include <hearth/gateway/gateway.h>
#include <hearth/hardware/machine.h>
#include <hearth/hardware/memory.h>
#include <hearth/spend/budgets.h>
#include <hearth/store/data_lock.h>
#include <hearth/store/keys.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>
#include <map>
#include <optional>

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;
namespace asio = net::asio;

constexpr std::size_t kPoolThreads = 2;
constexpr std::size_t kPoolQueue = 1024;
constexpr std::size_t kMaxOpenApi = 8 << 20;
constexpr Seconds kSweepFiles{600};
constexpr Seconds kWriteSpending{1};
constexpr Seconds kTendLedger{3600};
constexpr Seconds kTryAgain{30};  // how often models that were in trouble are thought of
constexpr std::uint64_t kFilesQuota = std::uint64_t{8} << 30;

// ── From configuration to what the rooms want
// ───────────────────────────────────────────────────────────────────────────────

Result<void> make_folder(const fs::path& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec)
    return fail(Errc::io_error,
                fmt::format("cannot create {}: {}; choose another place with --data", path.string(), ec.message()));
  ::chmod(path.c_str(), 0700);
  return {};
}

bool is_loopback(const net::ListenAddress& address) {
  return address.host.starts_with("127.") || address.host == "::1" || !address.unix_path.empty();
}

Result<std::vector<net::ListenAddress>> listen_addresses(const config::Config& config) {
  std::vector<net::ListenAddress> addresses;
  for (const std::string& text : config.server.listen) {
    HEARTH_TRY_ASSIGN(net::ListenAddress address, net::parse_listen_address(text));
    addresses.push_back(std::move(address));
  }
  const bool open_to_others = !std::ranges::all_of(addresses, is_loopback);
  if (open_to_others && config.server.auth == config::Auth::off) {
    return fail(Errc::invalid_argument,
                "server.auth is off, but server.listen names an address that other machines can reach: set server.auth "
                "to automatic, or "
                "listen on 127.0.0.1");
  }
  return addresses;
}

// Of the providers that are not in the network around.
std::vector<HostAndPort> hosts_of(const std::map<std::string, config::Provider>& providers) {
  std::vector<HostAndPort> hosts;
  for (const auto& [name, provider] : providers) {
    if (provider.lan) continue;
    const auto to = egress::destination_of(egress::Purpose::provider, provider.url, name);
    if (to) hosts.push_back({to->host, to->port});
  }
  return hosts;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// invalid_argument: a pattern of hearth.yaml is no regular expression.
Result<privacy::Detectors> detectors_of(const config::Config& config) {
  std::vector<privacy::Pattern> patterns;
  for (const auto& [name, pattern] : config.patterns) patterns.push_back({name, pattern.regex, pattern.data_class});
  return privacy::Detectors::create(patterns);
}

// invalid_argument: a rule of hearth.yaml names what nobody could find.
Result<std::vector<privacy::DeclassifyRule>> rules_of(const config::Config& config,
                                                      const privacy::Detectors& detectors) {
  std::vector<privacy::DeclassifyRule> rules;
  for (const auto& [name, rule] : config.declassify) {
    const privacy::WrittenRule written{.name = name,
                                       .keys = rule.keys,
                                       .agents = rule.agents,
                                       .found = rule.found,
                                       .inputs = rule.inputs,
                                       .to = rule.to.value_or(DataClass::secret)};
    HEARTH_TRY_ASSIGN(privacy::DeclassifyRule made, privacy::make_rule(written, detectors));
    rules.push_back(std::move(made));
  }
  return rules;
}

gateway::AccessPolicy access_policy(const config::Config& config, const std::vector<net::ListenAddress>& addresses,
                                    store::KeyStore& keys) {
  gateway::AccessPolicy policy;
  policy.key_required = config.server.auth == config::Auth::required || !std::ranges::all_of(addresses, is_loopback);
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) {
    policy.allowed_hosts.push_back(lower(name.data()));
    policy.allowed_hosts.push_back(lower(name.data()) + ".local");
  }
  for (const std::string& host : config.server.allowed_hosts) policy.allowed_hosts.push_back(lower(host));
  policy.allowed_origins = config.server.allowed_origins;
  policy.verify = [&keys](std::string_view key) -> std::optional<gateway::Principal> {
    auto who = keys.verify(key, wall_now());
    if (!who) return std::nullopt;
    return gateway::Principal{std::move(who->id), std::move(who->name), who->data_class};
  };
  policy.find = [&keys](std::string_view id) -> std::optional<gateway::Principal> {
    for (const store::KeyInfo& key : keys.list())
      if (key.id == id) return gateway::Principal{key.id, key.name, key.data_class};
    return std::nullopt;
  };
  return policy;
}

net::ServerLimits server_limits(const config::Server& server) {
  net::ServerLimits limits;
  limits.connections = server.connections;
  limits.connections_hard = server.connections + 128;
  limits.header_time = server.header_time;
  limits.idle_time = server.idle_time;
  limits.stall_time = server.stall_time;
  return limits;
}

engines::SandboxMode sandbox_mode(config::SandboxMode mode) {
  switch (mode) {
    case config::SandboxMode::required:
      return engines::SandboxMode::required;
    case config::SandboxMode::best_effort:
      return engines::SandboxMode::best_effort;
    case config::SandboxMode::off:
      return engines::SandboxMode::off;
  }
  return engines::SandboxMode::required;
}

std::optional<std::uint32_t> narrow(const std::optional<std::uint64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, 1U << 20U));
}

std::vector<engines::EngineSpec> engine_specs(const config::Engines& config) {
  engines::Discovery found = engines::discover(engines_dir());
  for (const Error& problem : found.problems)
    log::error("hearthd", "an engine's manifest is no good", {{"error", problem.describe()}});
  std::vector<engines::EngineSpec> specs;
  for (engines::Manifest& manifest : found.manifests) {
    engines::EngineSettings settings;
    if (const auto set = config.overrides.find(manifest.name); set != config.overrides.end()) {
      const config::EngineOverride& o = set->second;
      settings = {
          o.enabled,  o.keep_warm.value_or(false), narrow(o.threads), narrow(o.concurrency), narrow(o.queue), o.memory,
          o.idle_stop};
    }
    specs.push_back({std::move(manifest), settings});
  }
  for (const auto& [name, ignored] : config.overrides) {
    if (!std::ranges::any_of(specs, [&](const auto& s) { return s.manifest.name == name; }))
      log::warn("hearthd", "hearth.yaml has settings for an engine that is not installed", {{"engine", name}});
  }
  return specs;
}

// The engines as upstreams, and the models they serve.
struct Upstreams {
  std::shared_ptr<EngineUpstream> media;
  std::shared_ptr<EngineUpstream> phonemes;
  std::vector<gateway::Model> models;
};

Upstreams make_upstreams(engines::Supervisor& supervisor, const std::vector<engines::Manifest>& manifests) {
  Upstreams upstreams;
  for (const engines::Manifest& manifest : manifests) {
    const auto upstream = std::make_shared<EngineUpstream>(&supervisor, manifest.name);
    for (const engines::Model& model : manifest.models) {
      if (model.task == engines::Task::media) upstreams.media = upstream;
      if (model.task == engines::Task::phonemes) upstreams.phonemes = upstream;
      if (const auto task = gateway_task(model.task))
        upstreams.models.push_back({model.id, *task, model.description, model.languages, upstream, {}});
    }
  }
  return upstreams;
}

// Takes the engines that load models out of `specs`.
std::vector<engines::EngineSpec> take_templates(std::vector<engines::EngineSpec>& specs) {
  std::vector<engines::EngineSpec> templates;
  for (const auto& spec : specs)
    if (spec.manifest.is_template() && spec.settings.enabled) templates.push_back(spec);
  std::erase_if(specs, [](const auto& spec) { return spec.manifest.is_template(); });
  return templates;
}

std::vector<engines::Manifest> manifests_of(const std::vector<engines::EngineSpec>& specs) {
  std::vector<engines::Manifest> manifests;
  for (const auto& spec : specs)
    if (spec.settings.enabled) manifests.push_back(spec.manifest);
  return manifests;
}

std::string display_url(const std::vector<net::ListenAddress>& addresses, std::uint16_t port) {
  for (const auto& address : addresses) {
    if (!address.unix_path.empty()) continue;
    const std::string host = address.host == "0.0.0.0"                     ? "127.0.0.1"
                             : address.host == "::"                        ? "[::1]"
                             : address.host.find(':') != std::string::npos ? "[" + address.host + "]"
                                                                           : address.host;
    return fmt::format("http://{}:{}", host, port);
  }
  return {};
}

// ── The daemon
// ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

// Members in the order of their start; they go in reverse.
class Daemon {
 public:
  Daemon(config::Config config, asio::io_context& io)
      : config_(std::move(config)), io_(io), tasks_(io.get_executor()) {}

  // Everything that can fail before the first request.
  Result<void> prepare();
  // Runs until told to stop; then stops.
  net::awaitable<void> live();
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  net::awaitable<void> serve(net::Exchange& exchange, gateway::Gateway::Trust trust);
  net::awaitable<Result<void>> open();
  net::awaitable<void> close();
  void close_upstreams();
  net::awaitable<void> stop_flights(Deadline drained);
  net::awaitable<void> keep_watchdog();
  net::awaitable<void> watch_starter();
  net::awaitable<void> sweep_files();
  net::awaitable<void> write_spending();
  net::awaitable<void> tend_ledger();
  net::awaitable<void> refresh_models();
  net::awaitable<void> tend_instances();
  void engine_changed(const std::string& engine, engines::State from, engines::Event on, engines::State to);
  ModelCare::With care_for_models();
  std::string expose_metrics();
  Result<void> open_store();
  Result<void> watch_link();
  Line line();
  Result<void> open_models();
  void open_ledger();
  Result<void> listen();

  config::Config config_;
  asio::io_context& io_;
  SteadyTime started_ = steady_now();
  std::vector<net::ListenAddress> addresses_;
  std::optional<store::DataLock> lock_;
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<store::KeyStore> keys_;
  std::unique_ptr<spend::Budgets> budgets_;
  std::unique_ptr<egress::Ledger> ledger_;  // null: nothing may leave, and ledger_problem_ says why
  std::optional<Error> ledger_problem_;
  std::unique_ptr<gateway::FileStore> files_;
  std::unique_ptr<EgressHost> egress_;
  std::unique_ptr<DeferredService> deferred_;
  std::unique_ptr<ModelsService> models_;
  HealingRecord record_;
  std::unique_ptr<ModelCare> model_care_;
  net::BlockingPool pool_{kPoolThreads, kPoolQueue};
  gateway::Metrics metrics_;
  std::unique_ptr<Box> box_;
  std::unique_ptr<engines::Supervisor> supervisor_;
  std::unique_ptr<PackManager> packs_;
  std::unique_ptr<PackCare> pack_care_;
  Upstreams upstreams_;
  std::unique_ptr<gateway::Catalogue> catalogue_;
  std::unique_ptr<Instances> instances_;
  gateway::AccessPolicy access_;
  std::unique_ptr<Answers> answers_;
  privacy::Detectors detectors_;
  std::vector<privacy::DeclassifyRule> declassify_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<egress::Http> probes_;  // nullptr: no page is asked for
  std::unique_ptr<LinkWatch> link_;
  std::atomic<bool> ready_{false};
  Vitals vitals_;
  std::unique_ptr<net::HttpServer> server_;  // server.listen
  std::unique_ptr<net::HttpServer> owner_;   // <runtime>/hearth.sock
  std::unique_ptr<AdminServer> admin_;
  std::optional<Error> failure_;
  net::TaskGroup tasks_;
};

Result<void> Daemon::open_store() {
  HEARTH_TRY_ASSIGN(lock_, store::DataLock::acquire(config_.paths.data));
  HEARTH_TRY_ASSIGN(store_, store::StoreThread::start(config_.paths.data / "hearth.db", store::schema()));
  HEARTH_TRY_ASSIGN(keys_, store::KeyStore::open(*store_));
  HEARTH_TRY_ASSIGN(spend::Budgets::Settings spending, spend_settings(config_.budgets));
  HEARTH_TRY_ASSIGN(budgets_, spend::Budgets::open(*store_, std::move(spending), wall_now()));
  open_ledger();
  HEARTH_TRY_ASSIGN(files_, gateway::FileStore::open(config_.paths.data / "files", kFilesQuota));
  HEARTH_TRY_ASSIGN(deferred_, DeferredService::open(config_, *store_));
  return {};
}

Result<void> Daemon::open_models() {
  HEARTH_TRY_ASSIGN(egress_, EgressHost::open(config_, ledger_.get()));
  HEARTH_TRY_ASSIGN(models_, ModelsService::open(config_, egress_->connect(egress::Purpose::pull, "models")));
  return {};
}

Line Daemon::line() {
  return {.is_down = [this] { return !egress::is_up(link_->state()); },
          .answered = [this] { link_->call_answered(); },
          .unanswered = [this] { link_->call_failed(); }};
}

Result<void> Daemon::watch_link() {
  LinkWatch::With with;
  with.pool = &pool_;
  with.policy.metered = config_.link.metered;
  with.policy.every = config_.link.probe_every;
  const std::vector<HostAndPort> hosts = hosts_of(config_.providers);
  const egress::Connect connect = egress_->connect_unrecorded(egress::Purpose::provider, "link");
  with.changed = [this](egress::LinkState state) {
    if (egress::is_up(state)) deferred_->link_is_up();
  };
  if (!config_.link.probe.empty()) {
    egress::HttpOptions options;
    options.connect = connect;
    HEARTH_TRY_ASSIGN(probes_, egress::Http::start(std::move(options)));
    with.probe = [this] { return probe_page(probes_.get(), config_.link.probe, config_.link.probe_expects); };
  } else if (connect && !hosts.empty()) {
    with.probe = [connect, hosts] { return probe_hosts(connect, hosts); };
  }
  with.policy.probing = with.probe != nullptr;
  link_ = std::make_unique<LinkWatch>(io_.get_executor(), std::move(with));
  return {};
}

// A box whose ledger was tampered with goes on serving what needs nothing from outside.
void Daemon::open_ledger() {
  egress::LedgerOptions options;
  options.keep = config_.egress.keep;
  options.keep_records = config_.egress.keep_records;
  auto ledger = egress::Ledger::open(*store_, config_.paths.data / "egress.key", std::move(options));
  if (ledger) {
    ledger_ = std::move(*ledger);
    return;
  }
  ledger_problem_ = ledger.error();
  log::error("hearthd", "nothing may leave the box: its egress ledger cannot be continued",
             {{"error", ledger.error().describe()}});
}

Result<void> Daemon::prepare() {
  HEARTH_TRY_ASSIGN(addresses_, listen_addresses(config_));
  HEARTH_TRY_ASSIGN(detectors_, detectors_of(config_));
  HEARTH_TRY_ASSIGN(declassify_, rules_of(config_, detectors_));
  HEARTH_TRY(make_folder(config_.paths.data));
  HEARTH_TRY(open_store());
  HEARTH_TRY(make_folder(config_.paths.data / "spool"));
  HEARTH_TRY(make_folder(config_.paths.runtime));
  HEARTH_TRY(open_models());

  engines::SupervisorOptions options;
  options.runtime = config_.paths.runtime;
  options.packs = config_.paths.data / "packs";
  options.sandbox = sandbox_mode(config_.engines.sandbox);
  if (options.sandbox != engines::SandboxMode::off) options.containment = engines::probe_containment();
  auto groups = engines::claim_control_groups();
  if (groups) options.containment.groups = std::move(*groups);
  if (!groups && !groups.error().is(Errc::not_found))
    log::warn("hearthd", "engines get no control groups", {{"why", groups.error().describe()}});
  if (!options.containment.isolated() && options.sandbox != engines::SandboxMode::off)
    log::warn("hearthd", "engines cannot be sandboxed here", {{"why", options.containment.problem}});
  options.cpus = hardware::usable_cpus();
  options.memory_budget = config_.engines.memory_budget;
  options.learned_file = config_.paths.data / "engines-learned";
  options.on_state = [this](const std::string& engine, engines::State from, engines::Event on, engines::State to) {
    asio::post(io_, [this, engine, from, on, to] { engine_changed(engine, from, on, to); });
  };
  const engines::Containment containment = options.containment;
  std::vector<engines::EngineSpec> specs = engine_specs(config_.engines);
  std::vector<engines::EngineSpec> templates = take_templates(specs);
  box_ = std::make_unique<Box>(specs, config_.paths.data);
  engines::apply_threads(box_->place({}), specs);
  const std::vector<engines::Manifest> manifests = manifests_of(specs);
  supervisor_ = std::make_unique<engines::Supervisor>(io_.get_executor(), std::move(options), std::move(specs));
  packs_ = std::make_unique<PackManager>(config_, containment, egress_->for_packs(), *supervisor_, io_.get_executor(),
                                         [this] { tasks_.spawn("hearthd.models", refresh_models()); });
  pack_care_ = std::make_unique<PackCare>(
      io_.get_executor(), PackCare::With{supervisor_.get(), packs_.get(), &pool_, &record_}, PackCare::Rhythm());
  model_care_ = std::make_unique<ModelCare>(care_for_models(), ModelCare::Rhythm());
  upstreams_ = make_upstreams(*supervisor_, manifests);
  HEARTH_TRY(watch_link());
  std::ranges::move(provider_models(io_.get_executor(), &egress_->gate(), config_.providers, config_.policy.regions,
                                    budgets_->prices(), line()),
                    std::back_inserter(upstreams_.models));
  catalogue_ = std::make_unique<gateway::Catalogue>(upstreams_.models);
  models_->give_hints([templates, packs = config_.paths.data / "packs"](const models::ModelManifest& model) {
    return engine_hint(model, templates, packs);
  });
  instances_ =
      std::make_unique<Instances>(Instances::Collaborators{supervisor_.get(), catalogue_.get(), &models_->store(),
                                                           &pool_, model_care_.get(), &record_, upstreams_.phonemes},
                                  std::move(templates), std::move(upstreams_.models));
  access_ = access_policy(config_, addresses_, *keys_);

  answers_ = std::make_unique<Answers>(io_.get_executor(), config_, *store_);
  gateway::Collaborators with;
  with.config = &config_;
  with.catalogue = catalogue_.get();
  with.media = upstreams_.media.get();
  with.pool = &pool_;
  with.metrics = &metrics_;
  with.files = files_.get();
  with.budgets = budgets_.get();
  with.ledger = ledger_.get();
  with.link = [this] { return link_->state(); };
  with.cache = answers_->cache();
  with.flights = &answers_->flights();
  with.idempotency = &answers_->idempotency();
  with.access = access_;
  with.deferred = &deferred_->queue();
  with.webhook_secret = [this](std::string_view principal) { return deferred_->webhook_secret(principal); };
  with.detectors = &detectors_;
  with.declassify = declassify_;
  gateway_ = std::make_unique<gateway::Gateway>(std::move(with));

  vitals_.ready = [this] { return ready_.load(); };
  vitals_.not_ready_because = [this] {
    return ready_ ? std::string() : std::string("the daemon is starting or stopping");
  };
  vitals_.metrics = [this] { return expose_metrics(); };
  vitals_.pool = &pool_;
  auto document = read_file(share_dir() / "openapi.json", kMaxOpenApi);
  if (!document) log::warn("hearthd", "the OpenAPI document is missing", {{"error", document.error().describe()}});
  if (document) vitals_.openapi = std::move(*document);
  return {};
}

Result<void> Daemon::listen() {
  server_ = std::make_unique<net::HttpServer>(
      io_.get_executor(), server_limits(config_.server), gateway::Gateway::error_page,
      [this](net::Exchange& e) { return serve(e, gateway::Gateway::Trust::network); });
  owner_ =
      std::make_unique<net::HttpServer>(io_.get_executor(), server_limits(config_.server), gateway::Gateway::error_page,
                                        [this](net::Exchange& e) { return serve(e, gateway::Gateway::Trust::owner); });
  HEARTH_TRY(owner_->listen({"", 0, config_.paths.runtime / "hearth.sock"}));
  for (const auto& address : addresses_) {
    HEARTH_TRY(server_->listen(address));
  }
  return {};
}

net::awaitable<Result<void>> Daemon::open() {
  const auto supervised = co_await supervisor_->start(pool_);
  if (!supervised) co_return fail(supervised.error());
  const auto served = co_await instances_->refresh();
  if (!served) co_return fail(served.error());
  models_->on_changed([this] { asio::post(io_, [this] { tasks_.spawn("hearthd.models", refresh_models()); }); });
  const auto listening = listen();
  if (!listening) co_return fail(listening.error());
  link_->start();
  const WebhookSender::Way way{egress_->connect_unrecorded(egress::Purpose::webhook, "deferred"), egress_->records()};
  const auto deferring = deferred_->start(io_.get_executor(), pool_, way);
  if (!deferring) co_return fail(deferring.error());
  egress_->lock_down();
  const std::string url = display_url(addresses_, server_->port());
  std::vector<std::string> where;
  for (const auto& address : addresses_)
    where.push_back(address.unix_path.empty()
                        ? fmt::format("{}:{}", address.host, address.port == 0 ? server_->port() : address.port)
                        : address.unix_path.string());
  AdminContext context{config_,   *catalogue_, *supervisor_,
                       *packs_,   pool_,       io_.get_executor(),
                       *answers_, *keys_,      *budgets_,
                       *gateway_, vitals_,     access_,
                       *box_,     *models_,    record_,
                       *link_,    *egress_,    {ledger_.get(), ledger_problem_, config_.paths.data / "hearth.db"},
                       url,       where,       started_};
  auto admin = AdminServer::start(std::move(context), config_.paths.runtime / "admin.sock");
  if (!admin) co_return fail(admin.error());
  admin_ = std::move(*admin);
  tasks_.spawn("hearthd.watchdog", keep_watchdog());
  tasks_.spawn("hearthd.starter", watch_starter());
  tasks_.spawn("hearthd.files", sweep_files());
  tasks_.spawn("hearthd.spending", write_spending());
  tasks_.spawn("hearthd.ledger", tend_ledger());
  tasks_.spawn("hearthd.packs", pack_care_->run());
  tasks_.spawn("hearthd.instances", tend_instances());
  ready_ = true;
  notify_ready(fmt::format("serving {}", url));
  log::info("hearthd", "ready",
            {{"version", HEARTH_VERSION},
             {"url", url},
             {"auth", access_.key_required ? "keys" : "open"},
             {"engines", supervisor_->snapshot().size()},
             {"start_ms", seconds_between(started_, steady_now()) * 1000}});
  if (access_.key_required && keys_->empty())
    log::warn("hearthd", "clients need an API key and there is none yet: `hearth keys new NAME` makes one");
  co_return Result<void>();
}

net::awaitable<void> Daemon::close() {
  ready_ = false;
  notify_stopping();
  log::info("hearthd", "stopping");
  if (deferred_) deferred_->hold();
  probes_.reset();
  if (link_) co_await link_->stop();
  const Deadline drained = Deadline::in(config_.server.drain_time);
  tasks_.spawn("hearthd.flights", stop_flights(drained));
  if (server_) co_await server_->stop(drained);
  if (deferred_) co_await deferred_->stop(drained);
  if (owner_) co_await owner_->stop(drained);
  if (answers_) co_await answers_->stop();
  close_upstreams();
  if (models_) models_->on_changed({});
  model_care_->stop();
  packs_->close();
  co_await supervisor_->stop(Deadline::in(Seconds(8)));
  if (models_) models_->stop();
  co_await packs_->stop();
  if (admin_) co_await admin_->stop(Deadline::in(Seconds(1)));
  co_await tasks_.stop();
}

void Daemon::close_upstreams() {
  const gateway::Models models = catalogue_->models();
  for (const gateway::Model& model : *models)
    if (model.upstream) model.upstream->close();
}

// Calls that go on without their client have until then, like all others.
net::awaitable<void> Daemon::stop_flights(Deadline drained) {
  const auto slept = co_await net::sleep_until(drained.time());
  if (slept && answers_) answers_->flights().stop();
}

net::awaitable<void> Daemon::live() {
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::signal_set signals(io_, SIGTERM, SIGINT);
  const auto opened = co_await open();
  if (opened) {
    const auto [ec, signal] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!ec) log::info("hearthd", "told to stop", {{"signal", signal}});
  } else {
    failure_ = opened.error();
  }
  co_await close();
  admin_.reset();
}

net::awaitable<void> Daemon::serve(net::Exchange& exchange, gateway::Gateway::Trust trust) {
  if (may_be_vital(exchange.request())) {
    const bool answered = co_await answer_vitals(exchange, vitals_, access_, trust);
    if (answered) co_return;
  }
  co_await gateway_->handle(exchange, trust);
}

// Comes from the I/O thread: a daemon whose loop hangs is restarted by systemd.
net::awaitable<void> Daemon::keep_watchdog() {
  const auto interval = watchdog_interval();
  if (!interval) co_return;
  for (;;) {
    notify_alive();
    const auto slept = co_await net::sleep_for(*interval / 3);
    if (!slept) co_return;
  }
}

// Without it no engine can be started any more, and another one cannot be made: the whole begins anew.
net::awaitable<void> Daemon::watch_starter() {
  if (engines::starter_handle() < 0) co_return;
  asio::posix::stream_descriptor gone(io_, ::dup(engines::starter_handle()));
  const auto [ec] =
      co_await gone.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  if (ec) co_return;
  failure_ =
      Error(Errc::internal, "the process that starts programs for hearthd has ended; it has to be started again");
  log::error("hearthd", "stopping, to begin anew", {{"why", failure_->message()}});
  ::kill(::getpid(), SIGTERM);
}

// Models were pulled or removed, or packs installed.
net::awaitable<void> Daemon::refresh_models() {
  const auto done = co_await instances_->refresh();
  if (!done) log::warn("hearthd", "what models there are could not be found out", {{"error", done.error().describe()}});
}

// In the middle of whatever the supervisor does no more is done than to note it.
void Daemon::engine_changed(const std::string& engine, engines::State from, engines::Event on, engines::State to) {
  using engines::State;
  const bool matters = to == State::failing || to == State::backoff || to == State::quarantined ||
                       to == State::absent || from == State::absent || from == State::quarantined ||
                       to == State::ready || on == engines::Event::no_memory;
  if (!matters || !ready_) return;
  instances_->engine_changed(engine, on, to);
  pack_care_->engine_changed(engine, to);
}

ModelCare::With Daemon::care_for_models() {
  const auto hold = [this](const std::string& model, const std::string& why) {
    asio::post(io_, [this, model, why] {
      record_.note(fmt::format("{}: {}", model, why.empty() ? "its model is whole" : why));
      instances_->hold(model, why);
    });
  };
  return {.store = &models_->store(),
          .puller = &models_->puller(),
          .marker = config_.paths.data / "models-read",
          .changed = [this] { models_->changed(); },
          .hold = hold,
          .idle = [this] { return ready_ && gateway_->counts().in_flight == 0; }};
}

net::awaitable<void> Daemon::tend_instances() {
  for (;;) {
    const auto slept = co_await net::sleep_for(kTryAgain);
    if (!slept) co_return;
    instances_->tend();
  }
}

net::awaitable<void> Daemon::sweep_files() {
  for (;;) {
    const auto slept = co_await net::sleep_for(kSweepFiles);
    if (!slept) co_return;
    [[maybe_unused]] const auto swept = co_await pool_.run([this]() -> Result<void> {
      files_->remove_expired();
      return {};
    });
  }
}

net::awaitable<void> Daemon::write_spending() {
  for (;;) {
    const auto slept = co_await net::sleep_for(kWriteSpending);
    if (!slept) co_return;
    budgets_->tick(wall_now());
  }
}

net::awaitable<void> Daemon::tend_ledger() {
  while (ledger_) {
    const auto slept = co_await net::sleep_for(kTendLedger);
    if (!slept) co_return;
    ledger_->maintain();
  }
}

// How those did who were asked lately.
std::vector<gateway::UpstreamSample> sample_upstreams(const gateway::Catalogue& catalogue) {
  std::vector<gateway::UpstreamSample> samples;
  const gateway::Models models = catalogue.models();
  const SteadyTime now = steady_now();
  for (const gateway::Model& model : *models) {
    const gateway::Pace::Figures pace = model.pace->at(now);
    samples.push_back({.upstream = std::string(model.upstream->name()),
                       .model = model.id,
                       .first_byte_seconds = pace.first_byte.value_or(-1),
                       .tokens_per_second = pace.tokens_per_second.value_or(-1),
                       .failing = pace.failing.value_or(-1)});
  }
  return samples;
}

std::string Daemon::expose_metrics() {
  gateway::Metrics::Gauges gauges;
  gauges.in_flight = gateway_->counts().in_flight;
  gauges.memory = hardware::process_memory(::getpid());
  gauges.spool = gateway_->spooled_bytes();
  for (const auto& e : supervisor_->snapshot())
    gauges.engines.push_back({.name = e.name,
                              .state = std::string(engines::to_string(e.state)),
                              .memory = e.memory,
                              .reserved = e.reserved,
                              .in_flight = e.in_flight,
                              .queued = e.queued,
                              .restarts = e.restarts,
                              .stalls = e.stalls,
                              .recycles = e.recycles});
  gauges.upstreams = sample_upstreams(*catalogue_);
  gauges.answers = answers_->sample();
  const engines::MemoryStatus memory = supervisor_->memory();
  gauges.budget = {memory.budget, memory.usable, memory.reserved, memory.measured, memory.evictions};
  return metrics_.expose(gauges);
}

}  // namespace

Result<void> run(config::Config config) {
  asio::io_context io(1);
  Daemon daemon(std::move(config), io);
  HEARTH_TRY(daemon.prepare());
  std::exception_ptr thrown;
  asio::co_spawn(io, daemon.live(), [&thrown](std::exception_ptr e) { thrown = std::move(e); });
  io.run();
  if (thrown) std::rethrow_exception(thrown);
  if (daemon.failure()) return fail(*daemon.failure());
  return {};
}

}  // namespace hearth::daemon
