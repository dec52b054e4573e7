#include <hearth/egress/link_state.h>

#include <algorithm>

namespace hearth::egress {
namespace {

constexpr int kMostDoublings = 20;
constexpr int kNetworkAuthenticationRequired = 511;

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Millis jittered(Millis pause, double jitter, double chance) {
  const double factor = 1.0 + jitter * (2.0 * std::clamp(chance, 0.0, 1.0) - 1.0);
  return Millis(static_cast<Millis::rep>(static_cast<double>(pause.count()) * factor));
}

}  // namespace

std::string_view to_string(LinkState state) noexcept {
  switch (state) {
    case LinkState::online:
      return "online";
    case LinkState::metered:
      return "metered";
    case LinkState::captive:
      return "captive";
    case LinkState::offline:
      return "offline";
  }
  return "offline";
}

LinkMonitor::LinkMonitor(LinkPolicy policy, SteadyTime now)
    : policy_(policy), last_probe_(now), next_probe_(policy.probing ? now : SteadyTime::max()) {}

LinkState LinkMonitor::state() const noexcept {
  if (!route_ || base_ == Base::offline) return LinkState::offline;
  if (base_ == Base::captive) return LinkState::captive;
  return policy_.metered ? LinkState::metered : LinkState::online;
}

SteadyTime LinkMonitor::next_probe() const noexcept {
  return route_ ? next_probe_ : SteadyTime::max();
}

void LinkMonitor::see_route(bool route, SteadyTime now) {
  if (route == route_) return;
  route_ = route;
  in_a_row_ = 0;
  offline_probes_ = 0;
  if (!route) {
    // What comes back may be another net, with a portal in front of it.
    base_ = policy_.probing ? Base::offline : Base::online;
  } else if (policy_.probing) {
    next_probe_ = now;
  }
}

bool LinkMonitor::contradicted() const noexcept {
  if (in_a_row_ == 0) return false;
  switch (last_) {
    case Evidence::reached:
      return base_ != Base::online;
    case Evidence::portal:
      return base_ != Base::captive;
    case Evidence::failed:
      return base_ != Base::offline;
  }
  return false;
}

void LinkMonitor::weigh(Evidence evidence) {
  in_a_row_ = evidence == last_ ? in_a_row_ + 1 : 1;
  last_ = evidence;
  if (evidence == Evidence::reached && in_a_row_ >= policy_.successes) base_ = Base::online;
  if (evidence == Evidence::portal && in_a_row_ >= policy_.portals) base_ = Base::captive;
  if (evidence == Evidence::failed && in_a_row_ >= policy_.failures) base_ = Base::offline;
  in_a_row_ = std::min(in_a_row_, std::max({policy_.failures, policy_.portals, policy_.successes}));
  if (base_ != Base::offline) offline_probes_ = 0;
}

void LinkMonitor::plan(SteadyTime now, double chance) {
  if (!policy_.probing) return;
  Millis pause = policy_.every;
  if (contradicted()) {
    pause = policy_.confirm;
  } else if (base_ == Base::captive) {
    pause = policy_.captive;
  } else if (base_ == Base::offline) {
    pause = std::min<Millis>(policy_.first * (1LL << std::min(offline_probes_, kMostDoublings)), policy_.longest);
    ++offline_probes_;
  }
  next_probe_ = now + jittered(pause, policy_.jitter, chance);
}

void LinkMonitor::probed(Evidence evidence, SteadyTime now, double chance) {
  last_probe_ = now;
  if (!route_) return;  // it was on its way when the line went
  weigh(evidence);
  plan(now, chance);
}

void LinkMonitor::call_answered(SteadyTime now, double chance) {
  if (!route_ || !policy_.probing) return;  // an answer that was under way says nothing of a line that is gone
  weigh(Evidence::reached);
  plan(now, chance);
}

void LinkMonitor::call_failed(SteadyTime now) {
  if (!route_ || !policy_.probing || base_ != Base::online) return;
  next_probe_ = std::min(next_probe_, std::max(now, last_probe_ + policy_.confirm));
}

Evidence judge_probe(int status, std::string_view body, std::string_view expected) noexcept {
  if (status >= 200 && status < 300)
    return expected.empty() || trimmed(body) == trimmed(expected) ? Evidence::reached : Evidence::portal;
  if ((status >= 300 && status < 400) || status == kNetworkAuthenticationRequired) return Evidence::portal;
  return Evidence::failed;
}

}  // namespace hearth::egress
