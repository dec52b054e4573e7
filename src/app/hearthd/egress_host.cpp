#include "egress_host.h"

#include <hearth/core/log.h>
#include <hearth/egress/datagram.h>
#include <hearth/engines/lockdown.h>
#include <hearth/engines/starter.h>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;

// Installed, it is no program for people: <prefix>/libexec/hearth. In a build tree it lies beside hearthd.
fs::path gate_program() {
  std::error_code ec;
  const fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  const fs::path installed = here.parent_path() / "libexec/hearth/hearth-gate";
  return fs::exists(installed, ec) ? installed : here / "hearth-gate";
}

Result<egress::Gate::Program> launch_gate() {
  HEARTH_TRY_ASSIGN(egress::DatagramPair pair, egress::make_datagram_pair());
  HEARTH_TRY_ASSIGN(Fd handle, engines::start_helper(gate_program(), pair.theirs.get(),
                                                     {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY",
                                                      "HTTPS_PROXY", "NO_PROXY", "LOCALDOMAIN", "RES_OPTIONS"}));
  return egress::Gate::Program{std::move(pair.ours), std::move(handle)};
}

// A Unix socket that only this user may connect to.
Result<Fd> listen_at(const fs::path& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof at.sun_path)
    return fail(Errc::invalid_argument,
                fmt::format("the socket path {} is too long for the system; choose a shorter data folder", text));
  std::memcpy(at.sun_path, text.c_str(), text.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::unlink(text.c_str());
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(fd.get(), 64) != 0)
    return fail_errno(errno, fmt::format("cannot listen at {}", text));
  return fd;
}

void add_rule(egress::Policy& policy, egress::Purpose purpose, const std::string& url) {
  const auto rule = egress::rule_for(purpose, url);
  if (rule) {
    policy.rules.push_back(*rule);
  } else {
    log::warn("gate", "a URL of the configuration leads nowhere", {{"url", url}, {"why", rule.error().message()}});
  }
}

}  // namespace

Result<egress::Policy> egress_policy(const config::Config& config) {
  egress::Policy policy;
  switch (config.egress.mode) {
    case config::EgressMode::open:
      policy.mode = egress::EgressMode::open;
      break;
    case config::EgressMode::listed:
      policy.mode = egress::EgressMode::listed;
      break;
    case config::EgressMode::closed:
      policy.mode = egress::EgressMode::closed;
      break;
  }
  for (const std::string& entry : config.egress.allow) {
    auto rule = egress::parse_rule(entry);
    if (!rule) return fail(rule.error().wrap("egress.allow"));
    policy.rules.push_back(std::move(*rule));
  }
  add_rule(policy, egress::Purpose::pull, config.models.endpoint_hf);
  add_rule(policy, egress::Purpose::pull, config.models.endpoint_ms);
  for (const auto& [name, provider] : config.providers)
    add_rule(policy, provider.lan ? egress::Purpose::lan : egress::Purpose::provider, provider.url);
  for (const std::string& url : config.deferred.webhooks) add_rule(policy, egress::Purpose::webhook, url);
  if (!config.link.probe.empty()) add_rule(policy, egress::Purpose::provider, config.link.probe);
  if (config.packs.mirror != "auto") add_rule(policy, egress::Purpose::pack, config.packs.mirror);
  return policy;
}

Result<std::unique_ptr<EgressHost>> EgressHost::open(const config::Config& config, egress::Ledger* ledger) {
  std::unique_ptr<EgressHost> host(new EgressHost());
  HEARTH_TRY_ASSIGN(egress::Policy policy, egress_policy(config));
  host->proxy_ = config.paths.runtime / "proxy-packs.sock";
  HEARTH_TRY_ASSIGN(Fd listener, listen_at(host->proxy_));
  host->records_ = std::make_shared<EgressRecords>(ledger, policy);
  egress::Gate::Options options{.launch = launch_gate, .policy = std::move(policy)};
  EgressRecords* const records = host->records_.get();
  options.on_proxied = [records](const egress::Proxied& wish, egress::Gate::Verdict verdict) {
    records->ask(wish, std::move(verdict));
  };
  options.on_proxied_over = [records](std::uint64_t id, std::uint64_t sent, std::uint64_t received) {
    records->over(id, {sent, received});
  };
  options.on_proxied_cut = [records] { records->cut(); };
  HEARTH_TRY_ASSIGN(host->gate_, egress::Gate::start(std::move(options)));
  host->gate_->add_proxy(egress::Purpose::pack, "packs", std::move(listener));
  return host;
}

EgressHost::~EgressHost() {
  if (records_) records_->close();
}

egress::Connect EgressHost::connect(egress::Purpose purpose, std::string who) const {
  return [records = records_, gate = gate_.get(), purpose, who = std::move(who)](
             std::string host, std::uint16_t port, Deadline deadline, egress::Connected done) {
    records->open(gate, {purpose, std::move(host), port, who}, deadline, std::move(done));
  };
}

egress::Connect EgressHost::connect_unrecorded(egress::Purpose purpose, std::string who) const {
  return egress::connect_through(*gate_, purpose, std::move(who));
}

engines::PackNetwork EgressHost::for_packs() const {
  const auto names = [gate = gate_.get(), records = records_](const std::string& url) {
    // The host's own configuration names it, as ours might.
    const auto rule = egress::rule_for(egress::Purpose::pack, url);
    if (!rule) return;
    records->allow(*rule);
    gate->allow(*rule);
  };
  return {.proxy = proxy_, .names = names, .connect = connect(egress::Purpose::pack, "packs")};
}

void EgressHost::lock_down() {
  if (engines::starter_handle() < 0) {
    why_not_ = "hearthd starts its programs itself";
    return;
  }
  const auto locked = engines::give_up_sockets();
  locked_down_ = locked.has_value();
  why_not_ = locked ? std::string() : locked.error().describe();
  if (!locked) log::warn("gate", "hearthd could not give up making connections itself", {{"why", why_not_}});
}

EgressHost::Status EgressHost::status() const {
  return {.locked_down = locked_down_, .why_not = why_not_, .gate = gate_->status()};
}

}  // namespace hearth::daemon
