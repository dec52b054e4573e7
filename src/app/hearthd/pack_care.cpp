#include "pack_care.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hearth::daemon {
namespace {

using engines::State;

constexpr Millis kWatchJob{200};

}  // namespace

PackCare::PackCare(net::Executor executor, With with, Rhythm rhythm)
    : with_(with), rhythm_(rhythm), woken_(std::move(executor)) {}

void PackCare::engine_changed(const std::string& engine, State to) {
  if (to != State::backoff && to != State::quarantined) return;
  for (const auto& [pack, programs] : with_.supervisor->packs()) {
    const auto engines = with_.supervisor->engines_of_pack(pack);
    if (std::ranges::find(engines, engine) == engines.end()) continue;
    if (to == State::quarantined) cares_[pack].suspected = true;
    woken_.set();
  }
}

net::awaitable<void> PackCare::run() {
  for (;;) {
    const Deadline tick = Deadline::in(rhythm_.look_every);
    [[maybe_unused]] const auto woken = co_await woken_.wait(tick);
    const bool told_to_stop = co_await net::is_cancelled();
    if (told_to_stop) co_return;
    woken_.reset();
    const auto packs = with_.supervisor->packs();
    for (const auto& [pack, programs] : packs) {
      co_await tend(pack, programs);
      const bool over = co_await net::is_cancelled();
      if (over) co_return;
    }
  }
}

net::awaitable<void> PackCare::tend(std::string pack, std::set<std::filesystem::path> programs) {
  auto look = [packs = with_.packs, pack, wanted = std::move(programs)]() -> Result<std::optional<std::string>> {
    return packs->find_damage(pack, wanted);
  };
  const auto damage = co_await with_.pool->run(std::move(look));
  if (!damage) co_return;  // the pool is full: the next round looks again
  Care& care = cares_[pack];
  const bool suspected = std::exchange(care.suspected, false);
  if (!*damage && care.failures > 0) {  // somebody has mended it
    care = {};
    hold(pack, {});
  }
  if (*damage) {
    if (steady_now() >= care.next) co_await mend(pack, **damage);
  } else if (suspected && (care.tried == SteadyTime::min() || steady_now() - care.tried >= rhythm_.try_every)) {
    co_await try_it(pack);
  }
}

// Engines that cannot start need not try.
void PackCare::hold(std::string_view pack, const std::string& why) const {
  for (const std::string& engine : with_.supervisor->engines_of_pack(pack)) [[maybe_unused]]
    const auto held = with_.supervisor->hold(engine, why);
}

net::awaitable<void> PackCare::mend(std::string pack, std::string damage) {
  hold(pack, fmt::format("its pack is damaged ({}); it is being made again", damage));
  const auto made = co_await carry_out(pack, PackManager::Kind::repair);
  Care& care = cares_[pack];
  if (made) {
    care = {};
    hold(pack, {});
    with_.record->note(fmt::format("the pack {} was damaged ({}) and has been made again", pack, damage));
    co_return;
  }
  if (made.error().is(Errc::cancelled)) co_return;
  if (made.error().is(Errc::resource_exhausted)) {  // somebody installs a pack, maybe this one
    care.next = steady_now() + rhythm_.retry.first;
    hold(pack, {});
    co_return;
  }
  const Millis pause = retry_pause(++care.failures, made.error(), rhythm_.retry);
  care.next = steady_now() + pause;
  const std::string why = fmt::format("its pack is damaged ({}); making it again failed and is tried again in {}: {}",
                                      damage, format_duration(pause), made.error().describe());
  with_.record->note(fmt::format("{}: {}", pack, why));
  hold(pack, why);
  const bool back = co_await go_back(pack, engines::Trouble::absent);
  if (back) hold(pack, {});
}

// Its engines rest because they fail: is it the pack?
net::awaitable<void> PackCare::try_it(std::string pack) {
  if (works(pack)) co_return;
  cares_[pack].tried = steady_now();
  const auto versions = with_.packs->versions(pack);
  const auto made = co_await carry_out(pack, PackManager::Kind::repair);
  if (made && made->made)
    with_.record->note(fmt::format("engines failed in the pack {}; it was damaged and has been made again", pack));
  if (made && (made->made || !made->engines.empty())) co_return;
  const bool fresh = versions && !is_due(versions->since, wall_now(), rhythm_.fresh);
  if (fresh && !works(pack)) co_await go_back(pack, engines::Trouble::crash_loop);
}

// To the version before, if there is one.
net::awaitable<bool> PackCare::go_back(std::string pack, engines::Trouble trouble) {
  const auto versions = with_.packs->versions(pack);
  if (!versions || versions->previous.empty() || versions->previous == versions->current) co_return false;
  engines::Ladder ladder;
  ladder.rungs = {{.kind = engines::RungKind::as_configured, .name = versions->current},
                  {.kind = engines::RungKind::other_version, .name = versions->previous}};
  const SteadyTime now = steady_now();
  ladder = engines::record(std::move(ladder), trouble, now, {});
  const engines::FallbackStep step = engines::fall_back(ladder, trouble, 0, now, {});
  const auto back = co_await carry_out(pack, PackManager::Kind::rollback);
  with_.record->note(
      back ? fmt::format("the pack {}: {}", pack, step.why)
           : fmt::format("the pack {} could not go back to {}: {}", pack, versions->previous, back.error().describe()));
  co_return back.has_value();
}

net::awaitable<Result<PackManager::Outcome>> PackCare::carry_out(std::string pack, PackManager::Kind kind) {
  const auto job = with_.packs->start(pack, kind, PackManager::From::as_before);
  if (!job) co_return fail(job.error());
  for (;;) {
    PackManager::Progress progress = PackManager::look(**job);
    if (progress.outcome) co_return *std::move(progress.outcome);
    const auto slept = co_await net::sleep_for(kWatchJob);
    if (slept) continue;
    PackManager::cancel(**job);
    co_return fail(slept.error());
  }
}

bool PackCare::works(std::string_view pack) const {
  const auto engines = with_.supervisor->engines_of_pack(pack);
  return std::ranges::any_of(
      engines, [this](const std::string& engine) { return with_.supervisor->state(engine) == State::ready; });
}

}  // namespace hearth::daemon
