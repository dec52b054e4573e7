#include "engine_table.h"

#include "../when.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>

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
               {"RESERVED", Align::right},
               {"NOW", Align::right},
               {"SERVED", Align::right},
               {"FAILED", Align::right},
               {"RESTARTS", Align::right},
               {"WHAT", Align::left, true}});
  for (const json::value& engine : engines) {
    const std::string state = json::text(engine, "state");
    const double memory = json::number(engine, "memory");
    const double reserved = json::number(engine, "reserved");
    const double failed = json::number(engine, "failed");
    const double restarts = json::number(engine, "restarts");
    table.add(
        {{json::text(engine, "name"), Ink::bold},
         {state, ink_of_state(state)},
         {json::joined(engine, "tasks")},
         {memory > 0 ? format_bytes(static_cast<std::uint64_t>(memory)) : "–"},
         {reserved > 0 ? format_bytes(static_cast<std::uint64_t>(reserved)) : "–", memory > 0 ? Ink::plain : Ink::dim},
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
    for (const char* field : {"why", "last_error"}) {
      const std::string text = json::text(engine, field);
      if (text.empty()) continue;
      out += session.ink(printable(json::text(engine, "name")) + ": ", Ink::yellow) + printable(text) + "\n";
    }
  }
  return out;
}

std::string healing_lines(const json::array& healing, const Session& session) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (std::size_t i = healing.size() - std::min(healing.size(), kShown); i < healing.size(); ++i)
    out += session.ink(local_minute(json::text(healing[i], "at")) + "  ", Ink::dim) +
           printable(json::text(healing[i], "what")) + "\n";
  return out;
}

std::string memory_line(const json::value& memory) {
  const auto bytes = [&](std::string_view name) {
    return format_bytes(static_cast<std::uint64_t>(std::max(0.0, json::number(memory, name))));
  };
  const double budget = json::number(memory, "budget");
  if (budget <= 0) return {};
  std::string line =
      fmt::format("{} used, {} reserved, of {} for all engines", bytes("measured"), bytes("reserved"), bytes("budget"));
  if (json::number(memory, "usable") < budget)
    line += fmt::format(" ({} at present: other programs use the rest)", bytes("usable"));
  return line;
}

}  // namespace hearth::tool
