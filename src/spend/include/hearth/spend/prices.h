// What providers ask for their models: a dated file, and what the box's owner says (hearth.yaml, budgets.prices).
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/spend/usage.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::spend {

// Nano of the currency for a million tokens: 2.50 USD are 2'500'000'000.
struct Rates {
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t cache_write = 0;
  std::int64_t cache_write_long = 0;
  std::int64_t output = 0;
  friend bool operator==(const Rates&, const Rates&) = default;
};

// When other rates hold: minutes of the day and days of the week (bit 0: Sunday), in UTC.
struct Hours {
  struct Span {
    int from = 0;
    int to = 0;  // exclusive
  };
  std::vector<Span> spans;
  unsigned weekdays = 0;
};

// The rates that hold from a moment on, until the next period's.
struct PricePeriod {
  WallTime from;
  Rates rates;
  std::uint64_t long_above = 0;  // prompts of more tokens than this pay `long_rates` for all of the call; 0: none do
  std::optional<Rates> long_rates{};
  Hours peak_hours{};  // outside of them `rates` hold
  std::optional<Rates> peak_rates{};
};

struct ModelPrice {
  std::string currency;
  std::optional<std::uint64_t> max_output;  // tokens of the longest answer
  std::vector<PricePeriod> periods;         // by `from`, rising; not empty
};

// Nano of the price's currency for `usage` by a call that began at `at`, rounded up to a whole nano; nullopt before the
// first period: no price is known.
std::optional<std::int64_t> price_of(const ModelPrice& price, const Usage& usage, WallTime at);
// No less than price_of for any call that begins up to two hours after `at` and takes no more prompt and no more output
// than `worst`, however its prompt is spread over caches. nullopt: not known.
std::optional<std::int64_t> worst_price(const ModelPrice& price, const Usage& worst, WallTime at);

// Immutable once it is filled; any thread.
class PriceBook {
 public:
  // share/prices.yaml, strictly: an unknown key, a doubled model or a price that cannot be is refused.
  // invalid_argument, too_large.
  static Result<PriceBook> parse(std::string_view yaml, std::string_view origin);
  static Result<PriceBook> read(const std::filesystem::path& file);

  // Replaces what the book has for it.
  void set(std::string_view provider, std::string_view model, ModelPrice price);
  // nullptr: no price is known. Names are taken as they are: a dated snapshot may cost other than its alias.
  [[nodiscard]] const ModelPrice* find(std::string_view provider, std::string_view model) const;
  // The day that the file was last compared with the providers' pages, "2026-11-27"; empty: there is no file.
  [[nodiscard]] const std::string& as_of() const noexcept { return as_of_; }
  [[nodiscard]] std::size_t size() const noexcept { return models_.size(); }

 private:
  std::string as_of_;
  std::map<std::string, ModelPrice, std::less<>> models_;  // by "provider/model"
};

}  // namespace hearth::spend
