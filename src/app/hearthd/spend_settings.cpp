#include "spend_settings.h"

#include <hearth/core/log.h>
#include <hearth/core/paths.h>

namespace hearth::daemon {
namespace {

spend::ModelPrice model_price(const config::OwnPrice& own) {
  spend::PricePeriod period;
  period.rates.input = own.input;
  period.rates.cached = own.cached.value_or(own.input);
  period.rates.cache_write = own.cache_write.value_or(own.input);
  period.rates.cache_write_long = period.rates.cache_write;
  period.rates.output = own.output;
  return {own.currency, std::nullopt, {period}};
}

}  // namespace

Result<spend::Budgets::Settings> spend_settings(const config::Budgets& config) {
  spend::Budgets::Settings settings;
  for (const std::string& line : config.limits) {
    HEARTH_TRY_ASSIGN(config::Budget budget, config::parse_budget(line));
    settings.budgets.push_back(std::move(budget));
  }
  auto prices = spend::PriceBook::read(share_dir() / "prices.yaml");
  if (prices) settings.prices = *std::move(prices);
  if (!prices) log::error("hearthd", "no prices of providers are known", {{"error", prices.error().describe()}});
  for (const std::string& line : config.prices) {
    HEARTH_TRY_ASSIGN(const config::OwnPrice own, config::parse_own_price(line));
    spend::ModelPrice price = model_price(own);
    if (const spend::ModelPrice* known = settings.prices.find(own.provider, own.model))
      price.max_output = known->max_output;
    settings.prices.set(own.provider, own.model, std::move(price));
  }
  settings.calendar = spend::Calendar::local();
  return settings;
}

}  // namespace hearth::daemon
