// The reader of share/prices.yaml.
#include <hearth/core/file.h>
#include <hearth/core/money.h>
#include <hearth/spend/calendar.h>
#include <hearth/spend/prices.h>
#include <hearth/yaml/fields.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hearth::spend {
namespace {

constexpr std::size_t kMaxFile = 512 * 1024;
constexpr std::size_t kMaxProviders = 100;
constexpr std::size_t kMaxModels = 1000;  // of one provider
constexpr std::size_t kMaxNames = 20;
constexpr std::size_t kMaxPeriods = 50;
constexpr std::size_t kMaxSpans = 8;
constexpr std::int64_t kMaxRate = 1'000'000 * kNano;  // a unit of the currency for a single token
constexpr unsigned kMondayToFriday = 0b0111110;
constexpr unsigned kEveryDay = 0b1111111;

// Two digits as they stand.
std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

// "01:00-04:00"
std::optional<Hours::Span> parse_span(std::string_view text) {
  if (text.size() != 11 || text[2] != ':' || text[5] != '-' || text[8] != ':') return std::nullopt;
  const auto from_hour = number(text.substr(0, 2));
  const auto from_minute = number(text.substr(3, 2));
  const auto to_hour = number(text.substr(6, 2));
  const auto to_minute = number(text.substr(9, 2));
  if (!from_hour || !from_minute || !to_hour || !to_minute || *from_minute > 59 || *to_minute > 59) return std::nullopt;
  const Hours::Span span{*from_hour * 60 + *from_minute, *to_hour * 60 + *to_minute};
  if (span.from >= span.to || span.to > 24 * 60) return std::nullopt;
  return span;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

struct Reader {
  std::string_view origin;

  Result<std::optional<std::int64_t>> rate(const yaml::Fields& fields, std::string_view key) const {
    HEARTH_TRY_ASSIGN(const std::optional<std::string> text, fields.text(key));
    if (!text) return std::nullopt;
    const auto amount = parse_money(*text);
    if (!amount) return fail(fields.wrong(key, amount.error().message()));
    if (*amount > kMaxRate) return fail(fields.wrong(key, "cannot be that much for a million tokens"));
    return *amount;
  }

  // What is not told costs as much as other input: never less than it may turn out to be.
  Result<Rates> rates(const yaml::Fields& fields) const {
    HEARTH_TRY_ASSIGN(const auto input, rate(fields, "input"));
    HEARTH_TRY_ASSIGN(const auto output, rate(fields, "output"));
    if (!input) return fail(fields.wrong("input", "is missing"));
    if (!output) return fail(fields.wrong("output", "is missing"));
    HEARTH_TRY_ASSIGN(const auto cached, rate(fields, "cached"));
    HEARTH_TRY_ASSIGN(const auto write, rate(fields, "cache_write"));
    HEARTH_TRY_ASSIGN(const auto write_long, rate(fields, "cache_write_long"));
    Rates r{
        .input = *input, .cached = cached.value_or(*input), .cache_write = write.value_or(*input), .output = *output};
    r.cache_write_long = write_long.value_or(r.cache_write);
    return r;
  }

  Result<void> read_long(const YAML::Node& node, const std::string& where, PricePeriod& period) const {
    HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                      yaml::Fields::of(node, origin, where,
                                       {"above", "input", "cached", "cache_write", "cache_write_long", "output"}));
    HEARTH_TRY_ASSIGN(period.long_above, fields.number("above", 0, 1, kMaxTokens));
    if (period.long_above == 0) return fail(fields.wrong("above", "is missing"));
    HEARTH_TRY_ASSIGN(period.long_rates, rates(fields));
    return {};
  }

  Result<void> read_peak(const YAML::Node& node, const std::string& where, PricePeriod& period) const {
    HEARTH_TRY_ASSIGN(const yaml::Fields fields, yaml::Fields::of(node, origin, where,
                                                                  {"hours", "days", "input", "cached", "cache_write",
                                                                   "cache_write_long", "output"}));
    HEARTH_TRY_ASSIGN(const std::vector<std::string> spans, fields.texts("hours", kMaxSpans));
    if (spans.empty()) return fail(fields.wrong("hours", "is missing"));
    for (const std::string& text : spans) {
      const auto span = parse_span(text);
      if (!span) return fail(fields.wrong("hours", "must be spans of UTC like 01:00-04:00"));
      period.peak_hours.spans.push_back(*span);
    }
    HEARTH_TRY_ASSIGN(const std::string days, fields.required_text("days"));
    if (days != "weekdays" && days != "all") return fail(fields.wrong("days", "must be weekdays or all"));
    period.peak_hours.weekdays = days == "all" ? kEveryDay : kMondayToFriday;
    HEARTH_TRY_ASSIGN(period.peak_rates, rates(fields));
    return {};
  }

  Result<PricePeriod> read_period(const YAML::Node& node, const std::string& where) const {
    HEARTH_TRY_ASSIGN(const yaml::Fields fields, yaml::Fields::of(node, origin, where,
                                                                  {"from", "input", "cached", "cache_write",
                                                                   "cache_write_long", "output", "long", "peak"}));
    PricePeriod period;
    HEARTH_TRY_ASSIGN(const std::string from, fields.required_text("from"));
    const auto day = parse_day(from);
    if (!day) return fail(fields.wrong("from", "must be a day like 2026-11-27"));
    period.from = WallTime(std::chrono::days(*day));
    HEARTH_TRY_ASSIGN(period.rates, rates(fields));
    if (fields.has("long") && fields.has("peak"))
      return fail(fields.wrong("peak", "cannot stand beside long: nobody has said what both together cost"));
    if (fields.has("long")) {
      HEARTH_TRY(read_long(fields.node("long"), where + ".long", period));
    }
    if (fields.has("peak")) {
      HEARTH_TRY(read_peak(fields.node("peak"), where + ".peak", period));
    }
    return period;
  }

  Result<ModelPrice> read_model(const yaml::Fields& fields, const std::string& where, std::string currency) const {
    ModelPrice price;
    price.currency = std::move(currency);
    HEARTH_TRY_ASSIGN(const std::uint64_t most, fields.number("max_output", 0, 1, kMaxTokens));
    if (most != 0) price.max_output = most;
    const YAML::Node periods = fields.node("prices");
    if (!periods.IsDefined() || !periods.IsSequence() || periods.size() == 0 || periods.size() > kMaxPeriods)
      return fail(fields.wrong("prices", fmt::format("must be a list of 1 to {} periods", kMaxPeriods)));
    for (std::size_t i = 0; i < periods.size(); ++i) {
      HEARTH_TRY_ASSIGN(PricePeriod period, read_period(periods[i], fmt::format("{}.prices[{}]", where, i)));
      if (!price.periods.empty() && period.from <= price.periods.back().from)
        return fail(fields.wrong("prices", "must begin with the oldest, and no two periods on one day"));
      price.periods.push_back(std::move(period));
    }
    return price;
  }

  Result<void> read_provider(const YAML::Node& node, const std::string& where, PriceBook& book) const {
    HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                      yaml::Fields::of(node, origin, where, {"name", "source", "currency", "models"}));
    HEARTH_TRY_ASSIGN(const std::string name, fields.required_text("name"));
    if (!is_name(name) || name.find('/') != std::string::npos)
      return fail(fields.wrong("name", "is no provider's name"));
    HEARTH_TRY_ASSIGN(const std::string source, fields.required_text("source"));
    if (!source.starts_with("https://"))
      return fail(fields.wrong("source", "must be the https:// page it was read from"));
    HEARTH_TRY_ASSIGN(const std::string currency, fields.required_text("currency"));
    if (!is_currency(currency)) return fail(fields.wrong("currency", "must be a code like USD"));
    const YAML::Node models = fields.node("models");
    if (!models.IsDefined() || !models.IsSequence() || models.size() > kMaxModels)
      return fail(fields.wrong("models", fmt::format("must be a list of at most {}", kMaxModels)));
    for (std::size_t i = 0; i < models.size(); ++i) {
      const std::string at = fmt::format("{}.models[{}]", where, i);
      HEARTH_TRY_ASSIGN(const yaml::Fields model,
                        yaml::Fields::of(models[i], origin, at, {"names", "max_output", "prices"}));
      HEARTH_TRY_ASSIGN(const ModelPrice price, read_model(model, at, currency));
      HEARTH_TRY_ASSIGN(const std::vector<std::string> names, model.texts("names", kMaxNames));
      if (names.empty()) return fail(model.wrong("names", "is missing"));
      for (const std::string& each : names) {
        if (!is_name(each)) return fail(model.wrong("names", "has an entry that is no model's name"));
        if (book.find(name, each) != nullptr) return fail(model.wrong("names", fmt::format("{} is there twice", each)));
        book.set(name, each, price);
      }
    }
    return {};
  }
};

}  // namespace

Result<PriceBook> PriceBook::parse(std::string_view text, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const YAML::Node root, yaml::load(text, origin, kMaxFile));
  HEARTH_TRY_ASSIGN(const yaml::Fields fields, yaml::Fields::of(root, origin, "", {"as_of", "providers"}));
  PriceBook book;
  HEARTH_TRY_ASSIGN(book.as_of_, fields.required_text("as_of"));
  if (!parse_day(book.as_of_)) return fail(fields.wrong("as_of", "must be a day like 2026-11-27"));
  const YAML::Node providers = fields.node("providers");
  if (!providers.IsDefined() || !providers.IsSequence() || providers.size() > kMaxProviders)
    return fail(fields.wrong("providers", fmt::format("must be a list of at most {}", kMaxProviders)));
  const Reader reader{origin};
  for (std::size_t i = 0; i < providers.size(); ++i) {
    HEARTH_TRY(reader.read_provider(providers[i], fmt::format("providers[{}]", i), book));
  }
  return book;
}

Result<PriceBook> PriceBook::read(const std::filesystem::path& file) {
  HEARTH_TRY_ASSIGN(const std::string text, read_file(file, kMaxFile));
  return parse(text, file.string());
}

}  // namespace hearth::spend
