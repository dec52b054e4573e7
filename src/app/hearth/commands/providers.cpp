#include "../cli.h"
#include "../table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <chrono>

namespace hearth::tool {
namespace {

constexpr std::string_view kUnknown = "–";

std::string or_unknown(std::string text) {
  return text.empty() ? std::string(kUnknown) : text;
}

bool is_known(const json::value& of, std::string_view name) {
  return json::field(of, name).is_number();
}

std::string place(const json::value& upstream) {
  const std::string kind = json::text(upstream, "kind");
  return kind == "engine" ? "this box" : kind == "lan" ? "local network" : "provider";
}

std::string usual_price(const json::value& upstream) {
  if (json::text(upstream, "kind") != "provider") return "nothing";
  const json::value& price = json::field(upstream, "usual_price");
  if (!price.is_object()) return std::string(kUnknown);
  return fmt::format("{} {}", json::text(price, "amount"), json::text(price, "currency"));
}

std::string first_byte(const json::value& upstream) {
  if (!is_known(upstream, "first_byte_seconds")) return std::string(kUnknown);
  return format_duration(std::chrono::duration<double>(json::number(upstream, "first_byte_seconds")));
}

std::string speed(const json::value& upstream) {
  if (!is_known(upstream, "tokens_per_second")) return std::string(kUnknown);
  return fmt::format("{:.1f}", json::number(upstream, "tokens_per_second"));
}

std::string failing(const json::value& upstream) {
  if (!is_known(upstream, "failing")) return std::string(kUnknown);
  return fmt::format("{:.0f} %", json::number(upstream, "failing") * 100);
}

Result<ExitCode> providers(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/upstreams"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"MODEL"},
               {"WHERE"},
               {"SEES"},
               {"REGION", Align::left, true},
               {"RETENTION", Align::left, true},
               {"A CALL", Align::right},
               {"FIRST BYTE", Align::right},
               {"TOKENS/S", Align::right},
               {"FAILING", Align::right},
               {"NOW", Align::left, true}});
  for (const json::value& upstream : json::list(answer, "data")) {
    const std::string obstacle = json::text(upstream, "obstacle");
    table.add({{json::text(upstream, "model"), Ink::bold},
               {place(upstream)},
               {json::text(upstream, "sees")},
               {or_unknown(json::text(upstream, "region"))},
               {or_unknown(json::text(upstream, "retention"))},
               {usual_price(upstream)},
               {first_byte(upstream)},
               {speed(upstream)},
               {failing(upstream)},
               {obstacle.empty() ? "can be asked" : obstacle, obstacle.empty() ? Ink::green : Ink::yellow}});
  }
  HEARTH_TRY(print(table.empty() ? "Nobody can be asked for chats: `hearth pull NAME` gets a model that runs here, and "
                                   "`providers:` in hearth.yaml names servers elsewhere.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

}  // namespace

void add_providers(Cli& cli) {
  auto& app = cli.command(
      cli.app, "providers",
      "List who can be asked: this box's models for chat, and those of providers and other machines.\n\n"
      "SEES is the highest class of data that may go there; REGION and RETENTION are what hearth.yaml says. A CALL is "
      "what 1000 tokens and an answer of 500 cost. FIRST BYTE, TOKENS/S and FAILING are as the calls of the last ten "
      "minutes had it: the time until a streamed answer begins, tokens of the answer by the time it took, and how many "
      "calls had no usable answer. With --json: the object that GET /admin/upstreams answers.",
      providers);
  cli.manual.examples(app, {{"hearth providers", "Look."},
                            {"hearth providers --json | jq -r '.data[] | select(.obstacle != \"\") | .model'",
                             "Who cannot be asked now?"}});
}

}  // namespace hearth::tool
