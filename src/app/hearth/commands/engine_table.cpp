#include "engine_table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

namespace hearth::tool {
namespace {

Ink ink_of_state(std::string_view state) {
  if (state == "ready") return Ink::green;
  if (state == "stopped" || state == "absent") return Ink::dim;
  if (state == "starting" || state == "probing" || state == "draining") return Ink::yellow;
  return Ink::red;
}

std::string count(const json::value& engine, std::string_view name) {
  return fmt::format("{:.0f}", json::number(engine, name));
}

}  // namespace

std::string engine_table(const json::array& engines, const Session& session) {
  Table table({{"ENGINE"},
               {"STATE"},
               {"DOES"},
               {"MEMORY", Align::right},
               {"NOW", Align::right},
               {"SERVED", Align::right},
               {"FAILED", Align::right},
               {"RESTARTS", Align::right},
               {"WHAT", Align::left, true}});
  for (const json::value& engine : engines) {
    const std::string state = json::text(engine, "state");
    const double memory = json::number(engine, "memory");
    const double failed = json::number(engine, "failed");
    const double restarts = json::number(engine, "restarts");
    table.add({{json::text(engine, "name"), Ink::bold},
               {state, ink_of_state(state)},
               {json::joined(engine, "tasks")},
               {memory > 0 ? format_bytes(static_cast<std::uint64_t>(memory)) : "–"},
               {count(engine, "in_flight")},
               {count(engine, "served")},
               {count(engine, "failed"), failed > 0 ? Ink::yellow : Ink::plain},
               {count(engine, "restarts"), restarts > 0 ? Ink::yellow : Ink::plain},
               {json::text(engine, "title")}});
  }
  return table.render(session.table_columns(), session.terminal().out_colour);
}

std::string engine_troubles(const json::array& engines, const Session& session) {
  std::string out;
  for (const json::value& engine : engines) {
    const std::string error = json::text(engine, "last_error");
    if (error.empty()) continue;
    out += session.ink(printable(json::text(engine, "name")) + ": ", Ink::yellow) + printable(error) + "\n";
  }
  return out;
}

}  // namespace hearth::tool
