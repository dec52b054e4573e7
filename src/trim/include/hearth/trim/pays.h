// Whether trimming pays, route by route and step by step, net of what it may cost: a provider's prompt cache that is
// not hit any more, and time. A step that does not pay goes off for conversations that begin from then on, and is tried
// again later; a conversation keeps the steps that it began with.
//
// All is counted in tokens of input at the full price. Bounded; what was not used for the longest time is forgotten
// first. Pure: time comes from outside. One thread.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/trim/trim.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::trim {

using PerStep = std::array<double, kSteps>;

// One call as it came back.
struct Turn {
  PerStep saved{};    // tokens, of the whole conversation up to here
  PerStep took{};     // seconds
  double input = 0;   // tokens, as the provider says; 0: it does not
  double cached = 0;  // of these
  struct Before {
    PerStep saved{};
    double input = 0;
  };
  std::optional<Before> before =
      std::nullopt;           // the turn that this one goes on from, if the provider may still have it
  double cached_price = 0.1;  // of a token that is read from its cache, of one that is not
};

// One route: a model of a provider.
class Account {
 public:
  // Steps that have not paid are left out of `wanted` until their time has come.
  [[nodiscard]] Steps paying(Steps wanted, SteadyTime now) const;
  void settle(const Turn& turn, SteadyTime now);
  // What a step brought lately, less what it cost.
  [[nodiscard]] double net(Step step) const;

 private:
  struct Kept {
    double calls = 0;  // that went on from another
    double hits = 0;   // of these: all that was sent before came from the provider's cache
    [[nodiscard]] double share() const { return calls > 0 ? hits / calls : 0; }
    // Of the share; a few calls that all were alike do not make it certain.
    [[nodiscard]] double variance() const {
      const double near = (hits + 1) / (calls + 2);
      return near * (1 - near) / (calls + 1);
    }
  };
  struct Balance {
    double gain = 0;
    double time = 0;
    double at_stake = 0;  // what is lost where the cache is not hit
    std::optional<SteadyTime> off_until;
    Seconds rest{0};  // how long it was off last
  };
  void note_cache(const Turn& turn, bool trimmed);
  [[nodiscard]] double lost_share() const;

  std::array<Balance, kSteps> steps_{};
  Kept trimmed_;
  Kept plain_;           // nothing was left out of these
  bool caches_ = false;  // the provider has said so
};

class Pays {
 public:
  explicit Pays(Steps wanted, std::size_t most_conversations = 4096, std::size_t most_routes = 256)
      : wanted_(wanted), most_conversations_(most_conversations), most_routes_(most_routes) {}

  // What holds for the next request of a conversation.
  struct Terms {
    Steps steps;
    bool prune_tools = false;
  };
  Terms terms(std::string_view route, std::size_t conversation, SteadyTime now);
  // Its answer has come. `trimmed`: what was made of the request. Tokens as the provider says; 0: it does not.
  struct Tokens {
    std::uint64_t input = 0;
    std::uint64_t cached = 0;
    double cached_price = 0.1;
  };
  void answered(std::string_view route, std::size_t conversation, const Trimmed& trimmed, Tokens tokens,
                SteadyTime now);

  // Steps that are off now, by route; for people.
  [[nodiscard]] Steps off(std::string_view route, SteadyTime now) const;
  [[nodiscard]] std::size_t conversations() const noexcept { return conversations_.size(); }

 private:
  struct Conversation {
    std::size_t key = 0;
    Terms terms;
    std::size_t messages = 0;  // of the last request
    std::size_t hash = 0;      // of these
    Turn::Before last;
    SteadyTime at;
  };
  using Order = std::list<Conversation>;
  Conversation& conversation_of(std::string_view route, std::size_t conversation, SteadyTime now);
  Account& account_of(std::string_view route);

  Steps wanted_;
  std::size_t most_conversations_;
  std::size_t most_routes_;
  Order conversations_;  // the one that was used last is first
  std::unordered_map<std::size_t, Order::iterator> by_key_;
  std::map<std::string, Account, std::less<>> accounts_;
};

}  // namespace hearth::trim
