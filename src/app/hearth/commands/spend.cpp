#include "../cli.h"
#include "../table.h"
#include "../when.h"

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

struct Wish {
  std::string since;
  std::string by = "model";
};

std::string count(const json::value& from, std::string_view name) {
  return fmt::format("{:.0f}", json::number(from, name));
}

bool is_zero(std::string_view amount) {
  return amount.find_first_of("123456789") == std::string_view::npos;
}

// Amounts come exactly; a table shows six decimals.
std::string shortened(std::string amount) {
  constexpr std::size_t kDecimals = 6;
  const std::size_t point = amount.find('.');
  if (point != std::string::npos && amount.size() > point + 1 + kDecimals) amount.resize(point + 1 + kDecimals);
  return amount;
}

std::string with_unit(const std::string& amount, const std::string& unit) {
  return amount.empty() ? std::string() : fmt::format("{} {}", shortened(amount), unit);
}

std::string cost(const json::value& row) {
  const std::string currency = json::text(row, "currency");
  const double unpriced = json::number(row, "unpriced_calls");
  if (currency.empty()) return unpriced > 0 ? "not known" : "";
  return with_unit(json::text(row, "cost"), currency) + (unpriced > 0 ? " + not known" : "");
}

std::string unsettled(const json::value& row) {
  const std::string amount = json::text(row, "unsettled_cost");
  if (!is_zero(amount)) return with_unit(amount, json::text(row, "currency"));
  return json::number(row, "unsettled_tokens") > 0 ? count(row, "unsettled_tokens") + " tokens" : "";
}

std::string title_of(const std::string& by) {
  if (by == "key") return "KEY";
  if (by == "agent") return "AGENT";
  if (by == "upstream") return "UPSTREAM";
  return by == "day" ? "DAY" : "MODEL";
}

Result<ExitCode> show_spend(Session& s, const Wish& wish) {
  std::string path = "/admin/spend?by=" + url_escape(wish.by);
  if (!wish.since.empty()) path += "&since=" + url_escape(wish.since);
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", path));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{title_of(wish.by), Align::left, true},
               {"CALLS", Align::right},
               {"INPUT", Align::right},
               {"CACHED", Align::right},
               {"OUTPUT", Align::right},
               {"COST", Align::right},
               {"UNSETTLED", Align::right}});
  for (const json::value& row : json::list(answer, "data")) {
    const std::string name = json::text(row, "name");
    table.add({name.empty() ? Cell("(none)", Ink::dim) : Cell(name, Ink::bold), count(row, "calls"),
               count(row, "input_tokens"), count(row, "cached_tokens"), count(row, "output_tokens"), cost(row),
               unsettled(row)});
  }
  const std::string since = printable(json::text(answer, "since"));
  HEARTH_TRY(print(table.empty() ? fmt::format("No calls since {}.\n", since)
                                 : fmt::format("Since {}; tokens, and prices as of {}:\n", since,
                                               printable(json::text(answer, "prices_as_of"))) +
                                       table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

std::string open_calls(const json::array& calls, const Session& s) {
  if (calls.empty()) return {};
  Table table({{"WHEN"}, {"KEY", Align::left, true}, {"MODEL", Align::left, true}, {"CHARGED", Align::right}});
  for (const json::value& call : calls) {
    const std::string model = json::text(call, "model");
    const std::string amount = json::text(call, "cost");
    table.add({local_minute(json::text(call, "at")), json::text(call, "key"),
               model.empty() ? std::string("what was left of a block") : model,
               is_zero(amount) ? count(call, "tokens") + " tokens" : with_unit(amount, json::text(call, "currency"))});
  }
  return "\nUnder way when the box went down, and charged in full:\n" +
         table.render(s.table_columns(), s.terminal().out_colour);
}

Result<ExitCode> show_budgets(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/budgets"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"BUDGET", Align::left, true},
               {"WHOSE", Align::left, true},
               {"SPENT", Align::right},
               {"UNDER WAY", Align::right},
               {"LEFT", Align::right},
               {"BEGINS ANEW"}});
  for (const json::value& line : json::list(answer, "data")) {
    const std::string unit = json::text(line, "unit");
    const std::string left = json::text(line, "left");
    const std::string renews = json::text(line, "renews_at");
    table.add({{json::text(line, "budget"), Ink::bold},
               json::text(line, "subject"),
               with_unit(json::text(line, "spent"), unit),
               with_unit(json::text(line, "held"), unit),
               {with_unit(left, unit), is_zero(left) ? Ink::red : Ink::plain},
               renews.empty() ? std::string("never") : local_minute(renews)});
  }
  HEARTH_TRY(print((table.empty() ? std::string("No budgets, or nobody has drawn from one yet; budgets.limits in "
                                                "hearth.yaml sets them.\n")
                                  : table.render(s.table_columns(), s.terminal().out_colour)) +
                   open_calls(json::list(answer, "unsettled"), s)));
  return ExitCode::ok;
}

}  // namespace

void add_spend(Cli& cli) {
  const auto wish = std::make_shared<Wish>();
  auto& app = cli.command(
      cli.app, "spend",
      "Show what calls took: tokens, and money for those that left the box.\n\n"
      "Unsettled is what may have been spent besides: nobody knows what became of those calls, so they count in full. "
      "With --json: {\"since\", \"by\", \"prices_as_of\", \"data\":[{\"name\", \"calls\", \"unpriced_calls\", "
      "\"currency\", \"cost\", \"input_tokens\", \"cached_tokens\", \"cache_write_tokens\", \"output_tokens\", "
      "\"unsettled_cost\", \"unsettled_tokens\"}]}; costs are exact decimal texts.",
      [wish](Session& s) { return show_spend(s, *wish); });
  app.add_option("--since", wish->since,
                 "From this day on, such as 2026-11-01, or for so many days, such as 30d. Without it: this month.")
      ->type_name("DAY");
  auto* by = app.add_option("--by", wish->by, "What a line is about.");
  by->type_name("WHAT")->capture_default_str();
  cli.manual.choices(*by, {"key", "agent", "model", "upstream", "day"});
  cli.manual.examples(app, {{"hearth spend", "This month, model by model."},
                            {"hearth spend --by key --since 7d", "Who used how much in the last week?"}});
}

void add_budgets(Cli& cli) {
  auto& app = cli.command(
      cli.app, "budgets",
      "Show what is left of the budgets, and when they begin anew.\n\n"
      "With --json: {\"data\":[{\"budget\", \"subject\", \"unit\", \"limit\", \"spent\", \"held\", \"left\", "
      "\"renews_at\"}], \"unsettled\":[{\"at\", \"key\", \"agent\", \"upstream\", \"model\", \"currency\", \"cost\", "
      "\"tokens\"}], \"prices_as_of\"}.",
      show_budgets);
  cli.manual.examples(app, {{"hearth budgets", "How much may still be spent?"}});
}

}  // namespace hearth::tool
