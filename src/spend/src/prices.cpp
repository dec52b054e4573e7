#include <hearth/core/money.h>
#include <hearth/spend/prices.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace hearth::spend {
namespace {

__extension__ using Wide = __int128;  // a price times a number of tokens

constexpr Wide kPerTokens = 1'000'000;
constexpr std::chrono::hours kMayBegin{2};  // how long after it was judged a call may begin

bool is_peak(const Hours& hours, WallTime at) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(at);
  const auto weekday = std::chrono::weekday(day).c_encoding();
  const auto minute = floor<std::chrono::minutes>(at - day).count();
  return (hours.weekdays >> weekday & 1U) != 0 &&
         std::ranges::any_of(hours.spans, [&](const Hours::Span& s) { return minute >= s.from && minute < s.to; });
}

const PricePeriod* period_at(const ModelPrice& price, WallTime at) {
  const auto after = std::ranges::upper_bound(price.periods, at, {}, &PricePeriod::from);
  return after == price.periods.begin() ? nullptr : &*std::prev(after);
}

const Rates& rates_for(const PricePeriod& period, const Usage& usage, WallTime at) {
  if (period.long_rates && usage.prompt() > period.long_above) return *period.long_rates;
  if (period.peak_rates && is_peak(period.peak_hours, at)) return *period.peak_rates;
  return period.rates;
}

std::int64_t total(const Rates& rates, const Usage& usage) {
  const auto part = [](std::int64_t rate, std::uint64_t tokens) { return Wide(rate) * Wide(tokens); };
  const Wide sum = part(rates.input, usage.input) + part(rates.cached, usage.cached) +
                   part(rates.cache_write, usage.cache_write) + part(rates.cache_write_long, usage.cache_write_long) +
                   part(rates.output, usage.output);
  return static_cast<std::int64_t>(std::min((sum + kPerTokens - 1) / kPerTokens, Wide(kMaxMoney)));
}

std::int64_t dearest_prompt(const Rates& r) {
  return std::max({r.input, r.cached, r.cache_write, r.cache_write_long});
}

// The dearest that a period can ask.
Rates dearest(const PricePeriod& period, std::uint64_t prompt) {
  Rates worst{.input = dearest_prompt(period.rates), .output = period.rates.output};
  const auto consider = [&](const Rates& rates) {
    worst.input = std::max(worst.input, dearest_prompt(rates));
    worst.output = std::max(worst.output, rates.output);
  };
  if (period.long_rates && prompt > period.long_above) consider(*period.long_rates);
  if (period.peak_rates) consider(*period.peak_rates);
  return worst;
}

std::string key_of(std::string_view provider, std::string_view model) {
  std::string key(provider);
  key += '/';
  key += model;
  return key;
}

}  // namespace

std::optional<std::int64_t> price_of(const ModelPrice& price, const Usage& usage, WallTime at) {
  const PricePeriod* period = period_at(price, at);
  if (period == nullptr) return std::nullopt;
  return total(rates_for(*period, usage, at), usage);
}

std::optional<std::int64_t> worst_price(const ModelPrice& price, const Usage& worst, WallTime at) {
  const PricePeriod* first = period_at(price, at);
  if (first == nullptr) return std::nullopt;
  const Usage flat{.input = worst.prompt(), .output = worst.output};
  std::int64_t most = 0;
  for (const PricePeriod* p = first; p != price.periods.data() + price.periods.size() && p->from <= at + kMayBegin; ++p)
    most = std::max(most, total(dearest(*p, flat.input), flat));
  return most;
}

void PriceBook::set(std::string_view provider, std::string_view model, ModelPrice price) {
  models_.insert_or_assign(key_of(provider, model), std::move(price));
}

const ModelPrice* PriceBook::find(std::string_view provider, std::string_view model) const {
  const auto found = models_.find(key_of(provider, model));
  return found == models_.end() ? nullptr : &found->second;
}

}  // namespace hearth::spend
