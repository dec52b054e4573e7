#include "../cli.h"
#include "../when.h"
#include "engine_table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

namespace hearth::tool {
namespace {

std::string bytes(const json::value& from, std::string_view name) {
  return format_bytes(static_cast<std::uint64_t>(std::max(0.0, json::number(from, name))));
}

std::string line(const Session& s, std::string_view label, std::string_view text) {
  return "  " + s.ink(pad_right(label, 10), Ink::dim) + printable(text) + "\n";
}

std::string way_out(const json::value& egress) {
  const json::value& gate = json::field(egress, "gate");
  if (!json::flag(gate, "running"))
    return fmt::format("closed: hearth-gate does not run ({})", json::text(gate, "last_error"));
  if (!json::flag(egress, "locked_down"))
    return fmt::format("through hearth-gate, but not by force: {}", json::text(egress, "why_not"));
  return "only through hearth-gate: hearthd itself can open no connection";
}

std::string describe(const json::value& status, const Session& s) {
  const bool ready = json::flag(status, "ready");
  std::string out = s.ink(fmt::format("Hearth {}", printable(json::text(status, "version"))), Ink::bold) + "  " +
                    (ready ? s.ink("ready", Ink::green) : s.ink("not ready", Ink::red)) + "  " +
                    printable(json::text(status, "url")) + "\n\n";
  if (const std::string waiting = json::joined(status, "waiting_for"); !waiting.empty())
    out += line(s, "waits for", waiting);
  const json::value& memory = json::field(status, "memory");
  const json::value& requests = json::field(status, "requests");
  out += line(s, "up",
              fmt::format("{}, pid {:.0f}",
                          format_duration(std::chrono::duration<double>(json::number(status, "uptime_seconds"))),
                          json::number(status, "pid")));
  out += line(s, "listens", json::joined(status, "listen"));
  out += line(s, "world", json::text(status, "link"));
  out += line(s, "keys",
              json::text(status, "auth") == "open" ? "not needed: only this machine can reach it"
                                                   : "needed (hearth keys new NAME makes one)");
  out += line(s, "memory",
              fmt::format("hearthd {}, engines {}; {} of {} free", bytes(memory, "hearthd"), bytes(memory, "engines"),
                          bytes(memory, "available"), bytes(memory, "total")));
  if (const std::string budget = memory_line(json::field(memory, "ledger")); !budget.empty())
    out += line(s, "budget", budget);
  out += line(s, "requests",
              fmt::format("{:.0f} now, {:.0f} served, {:.0f} failed", json::number(requests, "in_flight"),
                          json::number(requests, "served"), json::number(requests, "failed")));
  const json::value& egress = json::field(status, "egress");
  if (egress.is_object()) out += line(s, "way out", way_out(egress));
  const std::string config = json::text(status, "config_file");
  out += line(s, "config", config.empty() ? "defaults, no file" : config);
  out += line(s, "data", json::text(status, "data"));
  const json::array& engines = json::list(status, "engines");
  if (engines.empty()) return out;
  out += "\n" + engine_table(engines, s);
  if (const std::string troubles = engine_troubles(engines, s); !troubles.empty()) out += "\n" + troubles;
  if (const std::string healed = healing_lines(json::list(status, "healing"), s); !healed.empty())
    out += "\nDone by itself:\n" + healed;
  return out;
}

// Another box shows only what its public side shows.
Result<ExitCode> remote_status(Session& s) {
  Request health;
  health.path = "/healthz";
  health.seconds = 15;
  HEARTH_TRY(s.api(health));
  Request readiness;
  readiness.path = "/readyz";
  readiness.seconds = 15;
  const Result<Response> ready = s.api(readiness);
  if (!ready && !ready.error().is(Errc::failed_precondition)) return std::unexpected(ready.error());
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(json::object{{"url", s.globals().url}, {"ready", ready.has_value()}})));
  } else {
    HEARTH_TRY(print(fmt::format("{}  {}\n", ready ? s.ink("ready", Ink::green) : s.ink("not ready", Ink::red),
                                 printable(s.globals().url))));
  }
  return ready ? ExitCode::ok : ExitCode::busy;
}

Result<ExitCode> status(Session& s) {
  if (s.remote()) return remote_status(s);
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/status"));
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : describe(answer, s)));
  return json::flag(answer, "ready") ? ExitCode::ok : ExitCode::busy;
}

}  // namespace

void add_status(Cli& cli) {
  auto& app = cli.command(cli.app, "status",
                          "Show whether the box is up, where it listens, and what its engines do.\n\n"
                          "Exits with 0 when the box is ready, 6 while it is not yet, 3 when nothing is running. With "
                          "--json: the object that GET /admin/status answers, with url, ready, memory and engines.",
                          status);
  cli.manual.examples(app, {{"hearth status", "Look."},
                            {"hearth status --json | jq -r .url", "The address for other programs."},
                            {"hearth status --url http://box.local:8420", "Is another box up?"}});
}

}  // namespace hearth::tool
