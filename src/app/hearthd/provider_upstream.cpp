#include "provider_upstream.h"

#include "chance.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/egress/connect.h>
#include <hearth/egress/url.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

using gateway::Outcome;

constexpr std::size_t kMaxKey = 16 * 1024;
constexpr std::size_t kMostIdle = 64;
constexpr Seconds kIdle{30};                 // sooner than most servers close a connection that nobody uses
constexpr Seconds kKeyRest{600};             // how long a key that was refused is passed over
constexpr std::uint64_t kSaidOutput = 4096;  // tokens, to a provider that wants a limit where nobody has one in mind

std::string trimmed(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  return text;
}

// A key as it may stand in a header.
Result<std::string> read_key(const std::string& path) {
  HEARTH_TRY_ASSIGN(std::string text, read_file(path, kMaxKey));
  std::string key = trimmed(std::move(text));
  const bool plain = std::ranges::all_of(key, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (key.empty() || !plain)
    return fail(Errc::invalid_argument, fmt::format("{} holds no key: one line of printable characters", path));
  return key;
}

net::awaitable<Result<Fd>> connect_through(egress::Gate* gate, egress::Destination to, Deadline deadline) {
  auto opened = co_await egress::connect(gate, std::move(to), deadline);
  if (!opened) co_return fail(opened.error());
  co_return std::move(opened->fd);
}

struct Key {
  std::string text;  // never logged
  SteadyTime good_from;
};

}  // namespace

struct ProviderUpstream::Impl {
  Impl(net::Executor executor, net::Endpoint endpoint, const net::ClientLimits& limits)
      : client(std::move(executor), std::move(endpoint), limits) {}

  std::string name;
  gateway::UpstreamFacts facts;
  std::string path;  // "/v1": stands for our own
  std::uint64_t concurrency = 0;
  Line line;
  std::vector<Key> keys;  // empty: it wants none
  gateway::Breaker breaker;
  std::uint64_t in_flight = 0;
  net::HttpClient client;

  // The first that was not refused lately; keys.size(): there is none.
  [[nodiscard]] std::size_t good_key(SteadyTime now) const {
    const auto found = std::ranges::find_if(keys, [&](const Key& key) { return now >= key.good_from; });
    return static_cast<std::size_t>(found - keys.begin());
  }
};

namespace {

template <typename Impl>
class ProviderLease final : public gateway::Lease {
 public:
  ProviderLease(std::shared_ptr<Impl> impl, std::size_t key, Deadline deadline)
      : impl_(std::move(impl)), key_(key), deadline_(deadline) {
    ++impl_->in_flight;
  }
  ~ProviderLease() override {
    if (!finished_) settle(Outcome::cancelled, std::nullopt);
  }
  ProviderLease(const ProviderLease&) = delete;
  ProviderLease& operator=(const ProviderLease&) = delete;

  net::HttpClient& client() override { return impl_->client; }
  Deadline deadline() const override { return deadline_; }

  void address(net::RequestHead& head) const override {
    constexpr std::string_view kOurs = "/v1";
    if (head.target.starts_with(kOurs)) head.target.replace(0, kOurs.size(), impl_->path);
    const bool anthropic = impl_->facts.speaks == gateway::Speaks::anthropic;
    if (anthropic) head.headers.set("anthropic-version", "2023-06-01");
    if (key_ >= impl_->keys.size()) return;
    const std::string& key = impl_->keys[key_].text;
    if (anthropic) {
      head.headers.set("x-api-key", key);
    } else {
      head.headers.set("Authorization", "Bearer " + key);
    }
  }

  void finish(Outcome outcome, std::optional<Millis> rest) override {
    if (!finished_) settle(outcome, rest);
  }

 private:
  void tell_line(Outcome outcome) const {
    if (impl_->facts.kind != gateway::UpstreamKind::provider || outcome == Outcome::cancelled) return;
    const bool silent = outcome == Outcome::failed || outcome == Outcome::timed_out;
    const std::function<void()>& tell = silent ? impl_->line.unanswered : impl_->line.answered;
    if (tell) tell();
  }

  void settle(Outcome outcome, std::optional<Millis> rest) {
    finished_ = true;
    --impl_->in_flight;
    const SteadyTime now = steady_now();
    tell_line(outcome);
    switch (outcome) {
      case Outcome::ok:
        return impl_->breaker.succeeded();
      case Outcome::cancelled:
        return impl_->breaker.withdrawn();
      case Outcome::limited:
        return impl_->breaker.told_to_rest(now, rest.value_or(Seconds(1)));
      case Outcome::refused:
        if (key_ < impl_->keys.size()) impl_->keys[key_].good_from = now + kKeyRest;
        return impl_->breaker.withdrawn();
      case Outcome::error:
      case Outcome::exhausted:
      case Outcome::failed:
      case Outcome::timed_out:
        return impl_->breaker.failed(now, chance());
    }
  }

  std::shared_ptr<Impl> impl_;
  std::size_t key_;
  Deadline deadline_;
  bool finished_ = false;
};

}  // namespace

DataClass may_see(const config::Provider& provider, const std::vector<std::string>& regions) {
  const DataClass said = provider.sees.value_or(DataClass::open);
  const bool within = provider.lan || regions.empty() || std::ranges::find(regions, provider.region) != regions.end();
  return within ? said : std::min(said, DataClass::internal);
}

ProviderUpstream::ProviderUpstream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProviderUpstream::~ProviderUpstream() = default;

Result<std::shared_ptr<ProviderUpstream>> ProviderUpstream::create(net::Executor executor, egress::Gate* gate,
                                                                   std::string name, const config::Provider& provider,
                                                                   const std::vector<std::string>& regions, Line line) {
  HEARTH_TRY_ASSIGN(egress::Url url, egress::parse_url(provider.url));
  net::Endpoint endpoint;
  endpoint.host = url.authority();
  endpoint.label = name;
  endpoint.connector = [gate, to = egress::Destination{provider.lan ? egress::Purpose::lan : egress::Purpose::provider,
                                                       url.host, url.port, name}](Deadline deadline) {
    return connect_through(gate, to, deadline);
  };
  if (url.tls) {
    HEARTH_TRY_ASSIGN(endpoint.tls, net::make_tls_context(provider.ca_file));
  }
  net::ClientLimits limits;
  limits.connect_time = provider.connect_time;
  limits.head_time = provider.first_byte_time;
  limits.stall_time = provider.stall_time;
  limits.idle_connections = std::min<std::size_t>(provider.concurrency, kMostIdle);
  limits.idle_time = kIdle;
  limits.send_again = provider.lan;  // elsewhere what was taken may be charged for
  auto impl = std::make_shared<Impl>(std::move(executor), std::move(endpoint), limits);
  for (const std::string& file : provider.key_files) {
    HEARTH_TRY_ASSIGN(std::string key, read_key(file));
    impl->keys.push_back({std::move(key), SteadyTime::min()});
  }
  impl->name = std::move(name);
  impl->facts = {
      .kind = provider.lan ? gateway::UpstreamKind::lan : gateway::UpstreamKind::provider,
      .speaks = provider.speaks == config::Speaks::anthropic ? gateway::Speaks::anthropic : gateway::Speaks::openai,
      .responses = provider.responses,
      .sees = may_see(provider, regions),
      .destination = fmt::format("{}:{}", url.host, url.port),
      .region = provider.region,
      .out_of_region = may_see(provider, regions) < provider.sees.value_or(DataClass::open),
      .retention = provider.retention,
      .max_output = provider.max_output.value_or(kSaidOutput)};
  if (url.path != "/") impl->path = url.path;
  impl->concurrency = provider.concurrency;
  impl->line = std::move(line);
  return std::shared_ptr<ProviderUpstream>(new ProviderUpstream(std::move(impl)));
}

std::string_view ProviderUpstream::name() const {
  return impl_->name;
}

const gateway::UpstreamFacts& ProviderUpstream::facts() const {
  return impl_->facts;
}

std::string ProviderUpstream::obstacle() const {
  const SteadyTime now = steady_now();
  if (impl_->facts.kind == gateway::UpstreamKind::provider && impl_->line.is_down && impl_->line.is_down())
    return "the line is down";
  if (!impl_->keys.empty() && impl_->good_key(now) == impl_->keys.size())
    return fmt::format("it takes none of its keys; see providers.{}.key_files", impl_->name);
  if (const Millis rest = impl_->breaker.rest(now); rest.count() > 0)
    return fmt::format("it failed lately, or asked for a pause: {:.1f} s more",
                       static_cast<double>(rest.count()) / 1000);
  return {};
}

net::awaitable<Result<std::unique_ptr<gateway::Lease>>> ProviderUpstream::acquire(Deadline deadline) {
  const SteadyTime now = steady_now();
  if (std::string why = obstacle(); !why.empty())
    co_return fail(Errc::unavailable, fmt::format("{} cannot be asked: {}", impl_->name, why));
  if (impl_->in_flight >= impl_->concurrency)
    co_return fail(Errc::resource_exhausted,
                   fmt::format("{} is asked as much at once as providers.{}.concurrency allows ({})", impl_->name,
                               impl_->name, impl_->concurrency));
  if (!impl_->breaker.admit(now))
    co_return fail(Errc::unavailable,
                   fmt::format("{} failed lately and is being tried; try again in a moment", impl_->name));
  co_return std::make_unique<ProviderLease<Impl>>(impl_, impl_->good_key(now), deadline);
}

Seconds ProviderUpstream::retry_after() const {
  return std::chrono::ceil<Seconds>(impl_->breaker.rest(steady_now()));
}

void ProviderUpstream::close() {
  impl_->client.forget_idle();
}

std::vector<gateway::Model> provider_models(net::Executor executor, egress::Gate* gate,
                                            const std::map<std::string, config::Provider>& providers,
                                            const std::vector<std::string>& regions, const spend::PriceBook& prices,
                                            const Line& line) {
  std::vector<gateway::Model> models;
  for (const auto& [name, provider] : providers) {
    auto upstream = ProviderUpstream::create(executor, gate, name, provider, regions, line);
    if (!upstream) {
      log::error("hearthd", "a provider cannot be used", {{"provider", name}, {"error", upstream.error().describe()}});
      continue;
    }
    const auto add = [&](const std::string& id, gateway::Task task) {
      gateway::Model model;
      model.id = fmt::format("{}/{}", name, id);
      model.task = task;
      model.description = fmt::format("{} at {}", id, name);
      model.upstream = *upstream;
      model.aliases = {id};
      model.name_there = id;
      model.max_output = provider.max_output;
      const spend::ModelPrice* price = prices.find(name, id);
      if (!model.max_output && price != nullptr) model.max_output = price->max_output;
      models.push_back(std::move(model));
    };
    for (const std::string& id : provider.models) add(id, gateway::Task::chat);
    for (const std::string& id : provider.embedding_models) add(id, gateway::Task::embedding);
  }
  return models;
}

}  // namespace hearth::daemon
