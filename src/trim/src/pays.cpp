#include <hearth/trim/pays.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace hearth::trim {
namespace {

// Sums forget: what was a hundred calls ago counts little.
constexpr double kFading = 63.0 / 64;
// A step may be this far in the red before it goes off.
constexpr double kPatience = 2000;
// A second of work must save what a model reads in that second.
constexpr double kTokensASecond = 20'000;
// Providers keep prompts in blocks; as much of one may be missing from a hit.
constexpr double kBlock = 256;
constexpr double kShortestKept = 1024;  // shorter prompts are not kept at all
constexpr double kEnoughCalls = 8;      // to compare with
constexpr Seconds kFirstRest{3600};
constexpr Seconds kLongestRest{24 * 3600};
constexpr Seconds kKeptFor{300};  // how long a provider keeps a prompt at least

double sum(const PerStep& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::size_t index_of(Step step) {
  return static_cast<std::size_t>(step);
}

bool is_hit(const Turn& turn) {
  return turn.before && turn.cached + kBlock >= turn.before->input;
}

// Tokens that a step saved in a call: at the full price where they are new, or where nothing came from the cache; else
// at the price of what does.
double gain_of(const Turn& turn, std::size_t step) {
  const double saved = turn.saved[step];
  if (!turn.before || turn.cached == 0) return saved;
  const double old = std::min(saved, turn.before->saved[step]);
  return saved - old + turn.cached_price * old;
}

}  // namespace

Steps Account::paying(Steps wanted, SteadyTime now) const {
  for (const Step step : kAllSteps) {
    const auto& off = steps_[index_of(step)].off_until;
    if (off && now < *off) wanted.remove(step);
  }
  return wanted;
}

void Account::note_cache(const Turn& turn, bool trimmed) {
  if (turn.cached > 0) caches_ = true;
  // What trimming makes too short to be kept is as good as lost; what is too short anyway tells nothing.
  if (!turn.before || turn.input == 0 || turn.before->input + sum(turn.before->saved) < kShortestKept) return;
  Kept& kept = trimmed ? trimmed_ : plain_;
  kept.calls = kept.calls * kFading + 1;
  kept.hits = kept.hits * kFading + (turn.cached > 0 && is_hit(turn) ? 1 : 0);
}

// How much less often than without trimming the cache is hit, beyond chance (two standard deviations). Where there is
// nothing to compare with, all misses count: a step that goes off for them gives the comparison.
double Account::lost_share() const {
  if (!caches_ || trimmed_.calls == 0) return 0;
  const bool compared = plain_.calls >= kEnoughCalls;
  const double chance = std::sqrt(trimmed_.variance() + (compared ? plain_.variance() : 0));
  return std::max(0.0, (compared ? plain_.share() : 1) - trimmed_.share() - 2 * chance);
}

double Account::net(Step step) const {
  const Balance& its = steps_[index_of(step)];
  return its.gain - its.time * kTokensASecond - lost_share() * its.at_stake;
}

void Account::settle(const Turn& turn, SteadyTime now) {
  const double saved = sum(turn.saved);
  note_cache(turn, saved > 0);
  for (const Step step : kAllSteps) {
    const std::size_t i = index_of(step);
    Balance& its = steps_[i];
    if (its.off_until) {
      if (now < *its.off_until) continue;  // of a conversation that began before
      const Seconds rest = its.rest;       // it is tried again, and nothing is held against it
      its = Balance();
      its.rest = rest;
    }
    its.gain = its.gain * kFading + gain_of(turn, i);
    its.time = its.time * kFading + turn.took[i];
    const double stake = turn.before && saved > 0 ? turn.before->input * turn.saved[i] / saved : 0;
    its.at_stake = its.at_stake * kFading + (1 - turn.cached_price) * stake;
    if (net(step) > -kPatience) continue;
    its.rest = its.rest == Seconds(0) ? kFirstRest : std::min(2 * its.rest, kLongestRest);
    its.off_until = now + its.rest;
  }
}

Account& Pays::account_of(std::string_view route) {
  const auto found = accounts_.find(route);
  if (found != accounts_.end()) return found->second;
  if (accounts_.size() >= most_routes_) accounts_.clear();  // models come and go, but not by hundreds
  return accounts_[std::string(route)];
}

Pays::Conversation& Pays::conversation_of(std::string_view route, std::size_t conversation, SteadyTime now) {
  constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
  const std::size_t key = conversation * kFactor + std::hash<std::string_view>()(route);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    conversations_.splice(conversations_.begin(), conversations_, found->second);
    return conversations_.front();
  }
  conversations_.push_front({key, {account_of(route).paying(wanted_, now), false}, 0, 0, {}, now});
  by_key_[key] = conversations_.begin();
  if (conversations_.size() > most_conversations_) {
    by_key_.erase(conversations_.back().key);
    conversations_.pop_back();
  }
  return conversations_.front();
}

Pays::Terms Pays::terms(std::string_view route, std::size_t conversation, SteadyTime now) {
  return conversation_of(route, conversation, now).terms;
}

void Pays::answered(std::string_view route, std::size_t conversation, const Trimmed& trimmed, Tokens tokens,
                    SteadyTime now) {
  if (trimmed.messages.empty()) return;  // nothing was looked at
  Conversation& its = conversation_of(route, conversation, now);
  Turn turn;
  for (std::size_t i = 0; i < kSteps; ++i) {
    turn.saved[i] = static_cast<double>(trimmed.steps[i].saved());
    turn.took[i] = std::chrono::duration<double>(trimmed.steps[i].took).count();
  }
  turn.input = static_cast<double>(tokens.input);
  turn.cached = static_cast<double>(tokens.cached);
  turn.cached_price = tokens.cached_price;
  const bool goes_on = its.messages > 0 && trimmed.messages.size() > its.messages &&
                       trimmed.messages[its.messages - 1] == its.hash && now - its.at < kKeptFor;
  if (goes_on) turn.before = its.last;
  account_of(route).settle(turn, now);
  its.messages = trimmed.messages.size();
  its.hash = trimmed.messages.back();
  its.last = {turn.saved, turn.input};
  its.at = now;
  its.terms.prune_tools = its.terms.prune_tools || trimmed.pruned_tools;
}

Steps Pays::off(std::string_view route, SteadyTime now) const {
  Steps off;
  const auto found = accounts_.find(route);
  if (found == accounts_.end()) return off;
  const Steps paying = found->second.paying(Steps::all(), now);
  for (const Step step : kAllSteps)
    if (!paying.has(step)) off.add(step);
  return off;
}

}  // namespace hearth::trim
