// What the box's owner allows to be spent, and prices that only he knows: one line each in hearth.yaml.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::config {

enum class Scope {
  box,         // everything together
  key,         // one API key, by its id or name
  each_key,    // every API key for itself; callers without a key are one
  agent,       // one agent, by its name
  each_agent,  // every agent for itself
};
enum class Period { day, month, total };  // of the box's own calendar

// Money or tokens. Scope, name, period and currency say which budget it is; its amount may change at any time.
struct Budget {
  Scope scope = Scope::box;
  std::string name;  // of the key or agent
  Period period = Period::day;
  std::string currency;     // "USD"; empty: tokens
  std::int64_t amount = 0;  // nano of the currency (core/money.h), or tokens

  [[nodiscard]] bool is_money() const noexcept { return !currency.empty(); }
};

// "box 20 USD per day", "each key 2 USD per month", "key laptop 500000 tokens per day", "agent digest 5 USD in
// total". invalid_argument says how it is written.
Result<Budget> parse_budget(std::string_view text);
// The same backwards.
std::string to_string(const Budget& budget);
// An amount of the budget's kind: "2.00 USD", "1200 tokens".
std::string describe_amount(const Budget& budget, std::int64_t amount);

// What a model costs for a million tokens, in nano of the currency. Reasoning is output.
struct OwnPrice {
  std::string provider;
  std::string model;
  std::string currency;
  std::int64_t input = 0;
  std::optional<std::int64_t> cached;       // read from the provider's prompt cache; not said: as input
  std::optional<std::int64_t> cache_write;  // written to it; not said: as input
  std::int64_t output = 0;
};

// "openai/my-model input 2.50 cached 0.25 output 10 USD". invalid_argument says how it is written.
Result<OwnPrice> parse_own_price(std::string_view text);

}  // namespace hearth::config
