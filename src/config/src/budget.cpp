#include "src/values.h"

#include <hearth/config/budget.h>
#include <hearth/core/money.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace hearth::config {
namespace {

constexpr std::int64_t kMaxRate = 1'000'000 * kNano;  // a unit of the currency for a single token
constexpr std::int64_t kMaxTokens = 1'000'000'000'000'000;
constexpr std::string_view kBudgetExample =
    "write it like 'box 20 USD per day', 'each key 2 USD per month', 'key laptop 500000 tokens per day' or 'agent "
    "digest 5 USD in total'";
constexpr std::string_view kPriceExample = "write it like 'openai/my-model input 2.50 cached 0.25 output 10 USD'";

std::unexpected<Error> no_budget(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("'{}': {}; {}", text.substr(0, 80), why, kBudgetExample));
}

std::unexpected<Error> no_price(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("'{}': {}; {}", text.substr(0, 80), why, kPriceExample));
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

// What stands before the amount.
bool read_who(std::string_view who, Budget& budget) {
  const auto named = [&](std::string_view word, Scope scope) {
    if (!who.starts_with(word) || !is_name(who.substr(word.size()))) return false;
    budget.scope = scope;
    budget.name = who.substr(word.size());
    return true;
  };
  if (who == "box") return budget.scope = Scope::box, true;
  if (who == "each key") return budget.scope = Scope::each_key, true;
  if (who == "each agent") return budget.scope = Scope::each_agent, true;
  return named("key ", Scope::key) || named("agent ", Scope::agent);
}

bool read_period(std::string_view preposition, std::string_view noun, Budget& budget) {
  if (preposition == "per" && noun == "day") return budget.period = Period::day, true;
  if (preposition == "per" && noun == "month") return budget.period = Period::month, true;
  if (preposition == "in" && noun == "total") return budget.period = Period::total, true;
  return false;
}

bool read_rate(std::string_view text, std::int64_t& rate) {
  const auto amount = parse_money(text);
  if (!amount || *amount > kMaxRate) return false;
  rate = *amount;
  return true;
}

}  // namespace

Result<Budget> parse_budget(std::string_view text) {
  constexpr std::size_t kRest = 4;  // amount, unit, "per day"
  const auto all = words(text);
  if (all.size() <= kRest) return no_budget(text, "does not say who may spend how much in what time");
  const std::vector<std::string_view> rest(all.end() - kRest, all.end());
  std::string_view who = text.substr(0, static_cast<std::size_t>(rest[0].data() - text.data()));
  while (who.ends_with(' ')) who.remove_suffix(1);
  Budget budget;
  if (!read_who(who, budget)) return no_budget(text, "is about nobody that is known");
  if (!read_period(rest[2], rest[3], budget)) return no_budget(text, "has no period");
  if (rest[1] == "tokens") {
    const auto [end, ec] = std::from_chars(rest[0].data(), rest[0].data() + rest[0].size(), budget.amount);
    if (ec != std::errc() || end != rest[0].data() + rest[0].size() || budget.amount < 0 || budget.amount > kMaxTokens)
      return no_budget(text, fmt::format("{} is no number of tokens", rest[0].substr(0, 40)));
    return budget;
  }
  if (!is_currency(rest[1])) return no_budget(text, "has no currency (a code like USD) and no tokens");
  const auto amount = parse_money(rest[0]);
  if (!amount) return no_budget(text, amount.error().message());
  budget.currency = rest[1];
  budget.amount = *amount;
  return budget;
}

std::string describe_amount(const Budget& budget, std::int64_t amount) {
  return budget.is_money() ? fmt::format("{} {}", format_money(amount), budget.currency)
                           : fmt::format("{} tokens", amount);
}

std::string to_string(const Budget& budget) {
  const auto who = [&]() -> std::string {
    switch (budget.scope) {
      case Scope::box:
        return "box";
      case Scope::key:
        return "key " + budget.name;
      case Scope::each_key:
        return "each key";
      case Scope::agent:
        return "agent " + budget.name;
      case Scope::each_agent:
        return "each agent";
    }
    return "box";
  };
  const std::string_view period = budget.period == Period::day     ? "per day"
                                  : budget.period == Period::month ? "per month"
                                                                   : "in total";
  return fmt::format("{} {} {}", who(), describe_amount(budget, budget.amount), period);
}

Result<OwnPrice> parse_own_price(std::string_view text) {
  auto rest = words(text);
  const std::string_view what = rest.empty() ? std::string_view() : rest.front();
  const std::size_t slash = what.find('/');
  if (slash == std::string_view::npos) return no_price(text, "does not begin with PROVIDER/MODEL");
  OwnPrice price;
  price.provider = what.substr(0, slash);
  price.model = what.substr(slash + 1);
  if (!is_name(price.provider) || !is_name(price.model)) return no_price(text, "names no provider or no model");
  rest.erase(rest.begin());
  if (rest.size() % 2 != 1 || !is_currency(rest.back())) return no_price(text, "does not end with a currency");
  price.currency = rest.back();
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  for (std::size_t i = 0; i + 1 < rest.size(); i += 2) {
    std::optional<std::int64_t>* rate = rest[i] == "input"         ? &input
                                        : rest[i] == "output"      ? &output
                                        : rest[i] == "cached"      ? &price.cached
                                        : rest[i] == "cache_write" ? &price.cache_write
                                                                   : nullptr;
    if (rate == nullptr) return no_price(text, fmt::format("'{}' is no kind of token", rest[i].substr(0, 40)));
    if (rate->has_value()) return no_price(text, fmt::format("has two prices for {}", rest[i]));
    if (!read_rate(rest[i + 1], rate->emplace()))
      return no_price(text, fmt::format("'{}' is no price", rest[i + 1].substr(0, 40)));
  }
  if (!input || !output) return no_price(text, "needs input and output");
  price.input = *input;
  price.output = *output;
  return price;
}

}  // namespace hearth::config
