// Whatever a price file or a line about money in hearth.yaml holds: it is refused with a sentence, or what it says can
// be counted with, and a worst case is one.
#include <hearth/config/budget.h>
#include <hearth/core/money.h>
#include <hearth/spend/prices.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

namespace sp = hearth::spend;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_prices(std::string_view text) {
  const auto book = sp::PriceBook::parse(text, "prices.yaml");
  if (!book) return require(!book.error().message().empty());
  const sp::ModelPrice* price = book->find("acme", "big");
  if (price == nullptr) return;
  const hearth::WallTime at{std::chrono::days(20784) + std::chrono::hours(7)};
  const sp::Usage usage{.input = 100'000, .cached = 100'000, .cache_write = 7, .cache_write_long = 8, .output = 9};
  const auto cost = sp::price_of(*price, usage, at);
  const auto worst = sp::worst_price(*price, {.input = usage.prompt(), .output = usage.output}, at);
  require(cost.has_value() == worst.has_value());
  require(!cost || (*cost >= 0 && *cost <= *worst && *worst <= hearth::kMaxMoney));
}

void check_lines(std::string_view text) {
  if (const auto budget = hearth::config::parse_budget(text)) {
    const std::string written = hearth::config::to_string(*budget);
    const auto again = hearth::config::parse_budget(written);
    require(again && again->amount == budget->amount && hearth::config::to_string(*again) == written);
  }
  if (const auto price = hearth::config::parse_own_price(text)) require(price->input >= 0 && price->output >= 0);
  if (const auto money = hearth::parse_money(text)) require(hearth::parse_money(hearth::format_money(*money)).value() == *money);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_prices(text);
  check_lines(text);
  return 0;
}
