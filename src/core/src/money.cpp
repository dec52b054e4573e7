#include <hearth/core/money.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth {
namespace {

constexpr std::size_t kDecimals = 9;
constexpr std::size_t kWholeDigits = 10;

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::int64_t> parse_money(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
  if (whole.empty() || fraction.empty() || whole.size() > kWholeDigits || fraction.size() > kDecimals ||
      !digits(whole) || !digits(fraction))
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is no amount; write it like 20 or 0.25, with at most {} decimals", text.substr(0, 40),
                            kDecimals));
  const auto too_much = [&] {
    return fail(Errc::invalid_argument, fmt::format("{} is more than {}", text, format_money(kMaxMoney)));
  };
  std::int64_t nano = 0;
  for (const char c : whole) nano = nano * 10 + (c - '0');
  if (nano > kMaxMoney / kNano) return too_much();
  for (std::size_t i = 0; i < kDecimals; ++i) nano = nano * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  if (nano > kMaxMoney) return too_much();
  return nano;
}

std::string format_money(std::int64_t nano) {
  const bool negative = nano < 0;
  const std::uint64_t size = negative ? ~static_cast<std::uint64_t>(nano) + 1 : static_cast<std::uint64_t>(nano);
  std::string text = fmt::format("{}{}.{:09}", negative ? "-" : "", size / kNano, size % kNano);
  while (text.ends_with('0') && text[text.size() - 3] != '.') text.pop_back();
  return text;
}

bool is_currency(std::string_view text) noexcept {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace hearth
