// Can the world outside be reached? Known before a call tries, so that it fails over at once instead of after a
// timeout.
//
// Pure: facts of the kernel, results of probes, outcomes of real calls, time and chance come in; a state and the time
// of the next probe come out. One owner, one thread at a time; who reads the state elsewhere is given a copy.
#pragma once

#include <hearth/core/clock.h>

#include <string_view>

namespace hearth::egress {

//   ┌───────────────────────── no default route, or no carrier: at once ─────────────────────────┐
//   │                                                                                            │
//   │            probes fail, `failures` in a row                                                │
//   ▼   ◀───────────────────────────────────────────────────────────────┐                        │
//  offline ── the world answers, `successes` in a row ──▶ online or metered ─────────────────────┤
//   │   ▲                                                  ▲           │                         │
//   │   └──────────── probes fail ──────────── captive ────┘           │                         │
//   │                                          ▲     ▲     the right page, `successes` in a row  │
//   └── a portal answers, `portals` in a row ──┘     └── a portal answers, `portals` in a row ───┘
//
// What contradicts the state once changes nothing but the time of the next probe, which then comes soon.
enum class LinkState {
  online,
  metered,  // online, and the owner says that it costs
  captive,  // a portal answers in everybody's name until somebody logs in: nothing else gets through
  offline,
};
std::string_view to_string(LinkState state) noexcept;
// May a call go out?
constexpr bool is_up(LinkState state) noexcept {
  return state == LinkState::online || state == LinkState::metered;
}

// What a probe, or a call, found out.
enum class Evidence {
  reached,  // somebody out there answered
  portal,   // something answered, but not what had to
  failed,   // nobody did
};

struct LinkPolicy {
  bool metered = false;
  bool probing = true;  // there is something to probe; else the kernel's facts are all that is known
  int failures = 3;     // in a row, until it counts
  int portals = 2;
  int successes = 2;
  Millis confirm{500};     // until the next probe when something contradicts the state
  Millis every{60'000};    // while online
  Millis captive{15'000};  // while captive
  Millis first{2'000};     // while offline, doubled each time…
  Millis longest{60'000};  // … up to this
  double jitter = 0.2;     // of each pause, more or less: many boxes behind one line do not probe together
};

class LinkMonitor {
 public:
  // Until the first look at the kernel's facts: online.
  LinkMonitor(LinkPolicy policy, SteadyTime now);

  // Each function takes the present time, and chance (0 to 1) where a pause begins.
  // What the kernel says: is there a default route over an interface with a carrier?
  void see_route(bool route, SteadyTime now);
  // A probe that was due ended so.
  void probed(Evidence evidence, SteadyTime now, double chance);
  // Somebody outside the LAN answered a call, in TLS: that is as good as a probe.
  void call_answered(SteadyTime now, double chance);
  // A call did not reach its host. The host may be down by itself, so this only asks for a probe.
  void call_failed(SteadyTime now);

  [[nodiscard]] LinkState state() const noexcept;
  // SteadyTime::max(): none, until a route is there.
  [[nodiscard]] SteadyTime next_probe() const noexcept;

 private:
  enum class Base { online, captive, offline };
  void weigh(Evidence evidence);
  void plan(SteadyTime now, double chance);
  [[nodiscard]] bool contradicted() const noexcept;

  LinkPolicy policy_;
  Base base_ = Base::online;
  bool route_ = true;
  Evidence last_ = Evidence::reached;
  int in_a_row_ = 0;        // of last_
  int offline_probes_ = 0;  // since it went offline
  SteadyTime last_probe_;
  SteadyTime next_probe_;
};

// What the answer to a request for the probe's page means. `expected`: the page's text, white space at its ends aside;
// empty: any page will do, as long as it is not a redirect.
Evidence judge_probe(int status, std::string_view body, std::string_view expected) noexcept;

}  // namespace hearth::egress
