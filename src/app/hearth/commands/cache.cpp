#include "../cli.h"
#include "../table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

namespace hearth::tool {
namespace {

std::uint64_t whole(const json::value& of, std::string_view name) {
  return static_cast<std::uint64_t>(json::number(of, name));
}

std::string counted(std::uint64_t n, std::string_view thing) {
  return fmt::format("{} {}{}", n, thing, n == 1 ? "" : "s");
}

std::string tier(const json::value& of) {
  return fmt::format("{} in {} of {}", counted(whole(of, "answers"), "answer"), format_bytes(whole(of, "bytes")),
                     format_bytes(whole(of, "limit")));
}

Result<ExitCode> show(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/cache"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  const json::value& hits = json::field(answer, "hits");
  const json::value& saved = json::field(answer, "saved");
  const std::uint64_t found = whole(hits, "memory") + whole(hits, "disk");
  const std::uint64_t asked = found + whole(answer, "misses");
  std::string out;
  if (!json::flag(answer, "enabled")) {
    out += "The cache is switched off (cache.enabled in hearth.yaml).\n";
  } else {
    out += fmt::format("In memory: {}.\nOn the disk: {}.\n", tier(json::field(answer, "memory")),
                       tier(json::field(answer, "disk")));
    std::string money;
    if (const json::value& all = json::field(saved, "money"); all.is_object())
      for (const auto& [currency, amount] : all.as_object())
        money += fmt::format(" and {} {}", json::text(all, currency), std::string_view(currency));
    out += fmt::format(
        "Since hearthd started: {} of {} lookups found their answer ({} in memory, {} on the disk), "
        "which saved {} tokens in, {} out{}.\n",
        found, asked, whole(hits, "memory"), whole(hits, "disk"), whole(saved, "input_tokens"),
        whole(saved, "output_tokens"), money);
  }
  out +=
      fmt::format("{} followed the same call that was already under way.\n", counted(whole(answer, "joined"), "call"));
  HEARTH_TRY(print(out));
  return ExitCode::ok;
}

Result<ExitCode> clear(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("DELETE", "/admin/cache"));
  HEARTH_TRY(print(s.json()
                       ? json::pretty(answer)
                       : fmt::format("The cache is empty; {} were freed.\n", format_bytes(whole(answer, "bytes")))));
  return ExitCode::ok;
}

}  // namespace

void add_cache(Cli& cli) {
  auto& app = cli.command(
      cli.app, "cache",
      "Show what is kept so that the same question is not paid for twice.\n\n"
      "Answers that would be the same again are kept for a day, for the key that asked and nobody else, in memory and "
      "on the disk; the cache section of hearth.yaml sets how much. With --json: the object that GET /admin/cache "
      "answers.",
      show);
  cli.manual.examples(app, {{"hearth cache", "How full is it, and what did it save?"}});
  auto& cleared = cli.command(app, "clear", "Forget all kept answers.\n\nWith --json: {\"bytes\"}.", clear);
  cli.manual.examples(cleared, {{"hearth cache clear", "Start afresh."}});
}

}  // namespace hearth::tool
