// Money in whole billionths ("nano") of a currency's unit, in 64 bits: prices are fractions of a cent, and no amount is
// ever a floating-point number. A currency is its three-letter code (ISO 4217): "USD".
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth {

inline constexpr std::int64_t kNano = 1'000'000'000;      // one unit of a currency
inline constexpr std::int64_t kMaxMoney = kNano * kNano;  // a billion units: what is more is cut to this

// "20", "2.50", "0.000000001": digits with at most nine decimals, up to kMaxMoney. invalid_argument otherwise.
Result<std::int64_t> parse_money(std::string_view text);
// The same backwards, exactly, with at least two decimals: "20.00", "0.0035".
std::string format_money(std::int64_t nano);
// "USD", "CNY": three capital letters.
bool is_currency(std::string_view text) noexcept;

}  // namespace hearth
