#include <hearth/egress/link_facts.h>
#include <hearth/egress/link_state.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace hearth::egress {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SteadyTime kStart{std::chrono::hours(1)};

// What may happen to a monitor, one after the other.
struct Happening {
  enum class Kind { probe, answered, call_failed, route } kind = Kind::probe;
  Evidence evidence = Evidence::reached;
  bool route = true;
  Millis later{0};
  double chance = 0.5;
};

void apply(LinkMonitor& monitor, const Happening& h, SteadyTime now) {
  switch (h.kind) {
    case Happening::Kind::probe:
      return monitor.probed(h.evidence, now, h.chance);
    case Happening::Kind::answered:
      return monitor.call_answered(now, h.chance);
    case Happening::Kind::call_failed:
      return monitor.call_failed(now);
    case Happening::Kind::route:
      return monitor.see_route(h.route, now);
  }
}

}  // namespace
}  // namespace hearth::egress

namespace rc {
template <>
struct Arbitrary<hearth::egress::Happening> {
  static Gen<hearth::egress::Happening> arbitrary() {
    using hearth::egress::Evidence;
    using hearth::egress::Happening;
    using Kind = Happening::Kind;
    return gen::build<Happening>(
        gen::set(&Happening::kind,
                 gen::weightedElement<Kind>(
                     {{6, Kind::probe}, {2, Kind::answered}, {2, Kind::call_failed}, {2, Kind::route}})),
        gen::set(&Happening::evidence, gen::element(Evidence::reached, Evidence::portal, Evidence::failed)),
        gen::set(&Happening::route, gen::arbitrary<bool>()),
        gen::set(&Happening::later, gen::map(gen::inRange(0, 200'000), [](int ms) { return hearth::Millis(ms); })),
        gen::set(&Happening::chance, gen::map(gen::inRange(0, 1001), [](int n) { return n / 1000.0; })));
  }
};
}  // namespace rc

namespace hearth::egress {
namespace {

LinkMonitor monitor_of(LinkPolicy policy = {}) {
  return LinkMonitor(policy, kStart);
}

RC_GTEST_PROP(LinkState, WithoutARouteItIsOfflineWhateverElseHappens, (std::vector<Happening> happenings)) {
  LinkMonitor monitor = monitor_of();
  SteadyTime now = kStart;
  bool route = true;
  for (const Happening& h : happenings) {
    now += h.later;
    apply(monitor, h, now);
    if (h.kind == Happening::Kind::route) route = h.route;
    if (route) continue;
    RC_ASSERT(monitor.state() == LinkState::offline);
    RC_ASSERT(monitor.next_probe() == SteadyTime::max());
  }
}

RC_GTEST_PROP(LinkState, OnePieceOfEvidenceAloneChangesNothing, (std::vector<Happening> happenings)) {
  LinkMonitor monitor = monitor_of();
  SteadyTime now = kStart;
  bool route = true;
  std::optional<Evidence> last = Evidence::reached;
  for (const Happening& h : happenings) {
    now += h.later;
    const LinkState before = monitor.state();
    apply(monitor, h, now);
    if (h.kind == Happening::Kind::route) {  // facts count at once
      if (h.route != route) last.reset();
      route = h.route;
    } else if (h.kind == Happening::Kind::call_failed || !route) {
      RC_ASSERT(monitor.state() == before);
    } else {
      const Evidence evidence = h.kind == Happening::Kind::answered ? Evidence::reached : h.evidence;
      if (evidence != last) RC_ASSERT(monitor.state() == before);
      last = evidence;
    }
  }
}

RC_GTEST_PROP(LinkState, EnoughEvidenceInARowDecidesWhateverCameBefore, (std::vector<Happening> happenings)) {
  const LinkPolicy policy;
  LinkMonitor monitor = monitor_of(policy);
  SteadyTime now = kStart;
  for (const Happening& h : happenings) apply(monitor, h, now += h.later);
  monitor.see_route(true, now);
  const auto evidence = *rc::gen::element(Evidence::reached, Evidence::portal, Evidence::failed);
  for (int i = 0; i < std::max({policy.failures, policy.portals, policy.successes}); ++i) {
    now = std::max(now, monitor.next_probe());
    monitor.probed(evidence, now, 0.5);
  }
  const LinkState expected = evidence == Evidence::reached  ? LinkState::online
                             : evidence == Evidence::portal ? LinkState::captive
                                                            : LinkState::offline;
  RC_ASSERT(monitor.state() == expected);
}

RC_GTEST_PROP(LinkState, TheNextProbeIsNeitherNeverNorAtOnce, (std::vector<Happening> happenings)) {
  const LinkPolicy policy;
  LinkMonitor monitor = monitor_of(policy);
  SteadyTime now = kStart;
  bool route = true;
  const auto least = std::chrono::duration<double>(policy.confirm) * (1 - policy.jitter) - Millis(1);
  const auto most = std::chrono::duration<double>(std::max(policy.every, policy.longest)) * (1 + policy.jitter);
  for (const Happening& h : happenings) {
    now += h.later;
    apply(monitor, h, now);
    if (h.kind == Happening::Kind::route) route = h.route;
    if (!route) continue;
    RC_ASSERT(monitor.next_probe() - kStart < now - kStart + most);
    if (h.kind == Happening::Kind::probe) RC_ASSERT(monitor.next_probe() >= now + least);
  }
}

RC_GTEST_PROP(LinkState, MeteredIsOnlineByAnotherName, (std::vector<Happening> happenings)) {
  LinkMonitor plain = monitor_of();
  LinkMonitor metered = monitor_of({.metered = true});
  SteadyTime now = kStart;
  for (const Happening& h : happenings) {
    now += h.later;
    apply(plain, h, now);
    apply(metered, h, now);
    RC_ASSERT((plain.state() == LinkState::online) == (metered.state() == LinkState::metered));
    RC_ASSERT(is_up(plain.state()) == is_up(metered.state()));
    RC_ASSERT(plain.next_probe() == metered.next_probe());
  }
}

RC_GTEST_PROP(LinkState, WithNothingToProbeTheRouteIsAllThatCounts, (std::vector<Happening> happenings)) {
  LinkMonitor monitor = monitor_of({.probing = false});
  SteadyTime now = kStart;
  bool route = true;
  for (const Happening& h : happenings) {
    if (h.kind == Happening::Kind::probe) continue;  // none is ever due
    apply(monitor, h, now += h.later);
    if (h.kind == Happening::Kind::route) route = h.route;
    RC_ASSERT(is_up(monitor.state()) == route);
    RC_ASSERT(monitor.next_probe() == SteadyTime::max());
  }
}

TEST(LinkState, ALostPacketMakesProbesQuickAndNoMore) {
  const LinkPolicy policy{.jitter = 0};
  LinkMonitor monitor = monitor_of(policy);
  monitor.probed(Evidence::reached, kStart, 0);
  EXPECT_EQ(monitor.next_probe(), kStart + policy.every);
  SteadyTime now = monitor.next_probe();
  monitor.probed(Evidence::failed, now, 0);
  EXPECT_EQ(monitor.state(), LinkState::online);
  EXPECT_EQ(monitor.next_probe(), now + policy.confirm);
  now = monitor.next_probe();
  monitor.probed(Evidence::reached, now, 0);
  EXPECT_EQ(monitor.next_probe(), now + policy.every);
}

TEST(LinkState, OfflineIsProbedMoreAndMoreSeldomUntilSomethingAnswers) {
  const LinkPolicy policy{.jitter = 0};
  LinkMonitor monitor = monitor_of(policy);
  SteadyTime now = kStart;
  for (int i = 0; i < policy.failures; ++i) monitor.probed(Evidence::failed, now = monitor.next_probe(), 0);
  ASSERT_EQ(monitor.state(), LinkState::offline);
  Millis pause = policy.first;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(monitor.next_probe(), now + pause);
    now = monitor.next_probe();
    monitor.probed(Evidence::failed, now, 0);
    pause = std::min(pause * 2, policy.longest);
  }
  monitor.probed(Evidence::reached, now, 0);
  EXPECT_EQ(monitor.state(), LinkState::offline);
  EXPECT_EQ(monitor.next_probe(), now + policy.confirm);
  monitor.probed(Evidence::reached, now, 0);
  EXPECT_EQ(monitor.state(), LinkState::online);
}

TEST(LinkState, ACallThatFailsAsksForAProbeButNotForManyAtOnce) {
  const LinkPolicy policy{.jitter = 0};
  LinkMonitor monitor = monitor_of(policy);
  monitor.probed(Evidence::reached, kStart, 0);
  const SteadyTime later = kStart + Seconds(30);
  for (int i = 0; i < 100; ++i) monitor.call_failed(later);
  EXPECT_EQ(monitor.state(), LinkState::online);
  EXPECT_EQ(monitor.next_probe(), later);
  monitor.probed(Evidence::reached, later, 0);
  monitor.call_failed(later);
  EXPECT_EQ(monitor.next_probe(), later + policy.confirm);
}

TEST(LinkState, ARouteThatComesBackIsProbedBeforeItIsTrusted) {
  LinkMonitor monitor = monitor_of();
  monitor.see_route(false, kStart);
  monitor.see_route(true, kStart + Seconds(5));
  EXPECT_EQ(monitor.state(), LinkState::offline);
  EXPECT_EQ(monitor.next_probe(), kStart + Seconds(5));
}

TEST(LinkState, WhatAProbesPageMeans) {
  EXPECT_EQ(judge_probe(200, "success\n", "success"), Evidence::reached);
  EXPECT_EQ(judge_probe(204, "", ""), Evidence::reached);
  EXPECT_EQ(judge_probe(200, "<html>Welcome to the hotel</html>", "success"), Evidence::portal);
  EXPECT_EQ(judge_probe(302, "", "success"), Evidence::portal);
  EXPECT_EQ(judge_probe(511, "", "success"), Evidence::portal);
  EXPECT_EQ(judge_probe(503, "success", "success"), Evidence::failed);
}

// ── The kernel's files ───────────────────────────────────────────────────────────────────────────────────────────────

constexpr std::string_view kHead =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
constexpr std::string_view kDefault = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
constexpr std::string_view kLan = "wlan0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
constexpr std::string_view kZeros = "00000000000000000000000000000000";

std::string v6_route(std::string_view length, std::string_view flags, std::string_view interface) {
  return std::string(kZeros) + " " + std::string(length) + " " + std::string(kZeros) + " 00 " + std::string(kZeros) +
         " 00000400 00000002 00000000 " + std::string(flags) + "     " + std::string(interface) + "\n";
}

TEST(LinkFacts, DefaultRoutesAndNoOthers) {
  EXPECT_THAT(default_routes_v4(std::string(kHead) + std::string(kLan)), IsEmpty());
  EXPECT_THAT(default_routes_v4(std::string(kHead) + std::string(kDefault) + std::string(kLan)), ElementsAre("eth0"));
  EXPECT_THAT(default_routes_v4("eth0\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"), IsEmpty()) << "down";
  EXPECT_THAT(default_routes_v4("../x\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"), IsEmpty());
  EXPECT_THAT(default_routes_v6(v6_route("00", "00000003", "eth0")), ElementsAre("eth0"));
  EXPECT_THAT(default_routes_v6(v6_route("40", "00000001", "eth0")), IsEmpty());
  EXPECT_THAT(default_routes_v6(v6_route("00", "00200200", "lo")), IsEmpty())
      << "what the kernel has when there is none";
  EXPECT_THAT(default_routes_v6("nonsense\n\n \n"), IsEmpty());
}

class Machine {
 public:
  Machine() {
    std::string name = testing::TempDir() + "hearth_link.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    root = name;
  }
  ~Machine() { fs::remove_all(root); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  void write(const std::string& path, std::string_view text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  fs::path root;
};

TEST(LinkFacts, ARouteNeedsACarrier) {
  const Machine machine;
  machine.write("proc/self/net/route", std::string(kHead) + std::string(kDefault));
  machine.write("sys/class/net/eth0/carrier", "1\n");
  EXPECT_TRUE(has_way_out(machine.root));
  machine.write("sys/class/net/eth0/carrier", "0\n");
  EXPECT_FALSE(has_way_out(machine.root));
  machine.write("proc/self/net/ipv6_route", v6_route("00", "00000003", "wwan0"));
  machine.write("sys/class/net/wwan0/carrier", "1\n");
  EXPECT_TRUE(has_way_out(machine.root)) << "over the other one";
  fs::remove(machine.root / "sys/class/net/wwan0/carrier");
  EXPECT_FALSE(has_way_out(machine.root)) << "the interface is gone";
}

TEST(LinkFacts, WithoutAnyFilesNothingIsSaid) {
  const Machine machine;
  EXPECT_TRUE(has_way_out(machine.root));
  machine.write("proc/self/net/route", kHead);
  EXPECT_FALSE(has_way_out(machine.root));
  EXPECT_NO_FATAL_FAILURE([[maybe_unused]] const bool here = has_way_out("/"));
}

}  // namespace
}  // namespace hearth::egress
