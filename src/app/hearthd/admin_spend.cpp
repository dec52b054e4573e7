#include "admin_spend.h"

#include <hearth/core/clock.h>
#include <hearth/core/money.h>
#include <hearth/dialects/api_error.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace hearth::daemon {

namespace json = boost::json;
using dialects::ApiCode;

namespace {

using Rows = std::vector<spend::SpendRow>;
using Open = std::vector<spend::Unsettled>;

// "2026-11-01", or "30d": from so many days ago. Without: from the first of this month.
std::optional<spend::Day> since_day(const std::optional<std::string>& text, spend::Day today) {
  if (!text) return spend::Calendar::first_day(config::Period::month, today);
  if (const auto day = spend::parse_day(*text)) return day;
  if (!text->ends_with('d')) return std::nullopt;
  spend::Day days = 0;
  const char* last = text->data() + text->size() - 1;
  const auto [end, ec] = std::from_chars(text->data(), last, days);
  if (ec != std::errc() || end != last || days < 0 || days > today) return std::nullopt;
  return today - days;
}

std::optional<spend::By> by_of(const std::string& text) {
  if (text == "key") return spend::By::key;
  if (text == "agent") return spend::By::agent;
  if (text == "model") return spend::By::model;
  if (text == "upstream") return spend::By::upstream;
  if (text == "day") return spend::By::day;
  return std::nullopt;
}

json::value currency(const std::string& code) {
  return code.empty() ? json::value(nullptr) : json::value(code);
}

json::object describe(const spend::SpendRow& row) {
  return {{"name", row.name},
          {"calls", row.calls},
          {"unpriced_calls", row.unpriced},
          {"currency", currency(row.currency)},
          {"cost", format_money(row.nano)},
          {"input_tokens", row.usage.input},
          {"cached_tokens", row.usage.cached},
          {"cache_write_tokens", row.usage.cache_write + row.usage.cache_write_long},
          {"output_tokens", row.usage.output},
          {"unsettled_cost", format_money(row.unsettled.nano)},
          {"unsettled_tokens", row.unsettled.tokens}};
}

json::object describe(const spend::BudgetLine& line) {
  const config::Budget& budget = line.line.budget;
  const auto amount = [&](std::int64_t n) { return budget.is_money() ? format_money(n) : fmt::format("{}", n); };
  const std::int64_t left = budget.amount - line.line.spent - line.line.held;
  return {{"budget", config::to_string(budget)},
          {"subject", line.line.subject_name},
          {"unit", budget.is_money() ? budget.currency : std::string("tokens")},
          {"limit", amount(budget.amount)},
          {"spent", amount(line.line.spent)},
          {"held", amount(line.line.held)},
          {"left", amount(std::max<std::int64_t>(left, 0))},
          {"renews_at", line.renews ? json::value(format_rfc3339(*line.renews)) : json::value(nullptr)}};
}

json::object describe(const spend::Unsettled& open) {
  return {{"at", format_rfc3339(open.at)},
          {"key", open.who.key_name.empty() ? open.who.key : open.who.key_name},
          {"agent", open.who.agent},
          {"upstream", open.upstream},
          {"model", open.model},
          {"currency", currency(open.currency)},
          {"cost", format_money(open.amount.nano)},
          {"tokens", open.amount.tokens}};
}

net::awaitable<void> reply(net::Exchange& exchange, const json::value& body) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(200, {{"Content-Type", "application/json"}}, json::serialize(body));
}

net::awaitable<void> refuse(net::Exchange& exchange, const dialects::ApiError& error) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(error.status, {{"Content-Type", "application/json"}}, dialects::encode(error));
}

}  // namespace

net::awaitable<void> show_spend(net::Exchange& exchange, spend::Budgets& budgets) {
  const spend::Day today = budgets.calendar().day_of(wall_now());
  const auto since = since_day(exchange.request().query("since"), today);
  const std::string group = exchange.request().query("by").value_or("model");
  const auto by = by_of(group);
  if (!since)
    co_return co_await refuse(
        exchange,
        dialects::api_error(ApiCode::invalid_value, "since is a day like 2026-11-01, or a time like 30d", "since"));
  if (!by)
    co_return co_await refuse(
        exchange, dialects::api_error(ApiCode::invalid_value, "by is one of: key, model, upstream, day", "by"));
  const auto start = [&budgets, from = *since, what = *by](auto done) {
    budgets.spending(from, what, std::move(done));
  };
  const auto rows = co_await net::from_callback<Rows>(start);
  if (!rows) co_return co_await refuse(exchange, dialects::to_api_error(rows.error()));
  json::array data;
  for (const spend::SpendRow& row : *rows) data.push_back(describe(row));
  co_await reply(exchange, {{"since", spend::to_string(*since)},
                            {"by", group},
                            {"prices_as_of", budgets.prices().as_of()},
                            {"data", std::move(data)}});
}

net::awaitable<void> show_budgets(net::Exchange& exchange, spend::Budgets& budgets) {
  json::array data;
  for (const spend::BudgetLine& line : budgets.lines(wall_now())) data.push_back(describe(line));
  const auto start = [&budgets](auto done) { budgets.unsettled(std::move(done)); };
  const auto open = co_await net::from_callback<Open>(start);
  if (!open) co_return co_await refuse(exchange, dialects::to_api_error(open.error()));
  json::array unsettled;
  for (const spend::Unsettled& one : *open) unsettled.push_back(describe(one));
  co_await reply(
      exchange,
      {{"data", std::move(data)}, {"unsettled", std::move(unsettled)}, {"prices_as_of", budgets.prices().as_of()}});
}

}  // namespace hearth::daemon
