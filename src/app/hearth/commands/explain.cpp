#include "../cli.h"
#include "../table.h"
#include "../when.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

std::uint64_t whole(const json::value& from, std::string_view name) {
  const double value = json::number(from, name);
  return value > 0 && value < 1.8e19 ? static_cast<std::uint64_t>(value) : 0;
}

std::string device_of(const json::value& placement) {
  const std::string device = json::text(placement, "device");
  return device.empty() ? "nowhere" : device;
}

std::string overview(const json::value& answer, const Session& s) {
  Table table({{"ENGINE"},
               {"DOES"},
               {"RUNS ON"},
               {"THREADS", Align::right},
               {"MEMORY", Align::right},
               {"BECAUSE", Align::left, true}});
  for (const json::value& p : json::list(answer, "placements")) {
    const std::uint64_t threads = whole(p, "threads");
    const std::uint64_t memory = whole(p, "memory");
    const bool placed = !json::text(p, "device").empty();
    table.add({{json::text(p, "engine"), Ink::bold},
               {json::joined(p, "tasks")},
               {device_of(p), placed ? Ink::green : Ink::yellow},
               {threads > 0 ? std::to_string(threads) : "–"},
               {memory > 0 ? format_bytes(memory) : "–"},
               {json::text(p, "reason")}});
  }
  return table.empty() ? "No engine is installed.\n" : table.render(s.table_columns(), s.terminal().out_colour);
}

// Every device that an engine was not put on, and why. Where there is one device only, there is nothing to say.
std::string runners_up(const json::value& answer, const Session& s) {
  Table table({{"ENGINE"}, {"NOT ON"}, {"BECAUSE", Align::left, true}});
  for (const json::value& p : json::list(answer, "placements")) {
    std::string engine = json::text(p, "engine");
    for (const json::value& other : json::list(p, "others")) {
      table.add({{engine, Ink::bold}, {json::text(other, "device")}, {json::text(other, "why_not")}});
      engine.clear();
    }
  }
  return table.empty() ? "" : "\n" + table.render(s.table_columns(), s.terminal().out_colour);
}

std::string devices(const json::value& answer, const Session& s) {
  std::string out;
  for (const json::value& device : json::list(answer, "devices")) {
    const std::string obstacle = json::text(device, "obstacle");
    out += s.ink(pad_right(printable(json::text(device, "id")), 6), Ink::bold) + printable(json::text(device, "name"));
    if (!obstacle.empty()) out += ": " + s.ink(printable(obstacle), Ink::yellow);
    out += "\n";
  }
  for (const json::value& pool : json::list(answer, "pools")) {
    const std::string name = json::text(pool, "name");
    out += fmt::format("{}: {} planned of {}\n",
                       name == "system" ? "memory" : fmt::format("memory of {}", printable(name)),
                       format_bytes(whole(pool, "used")), format_bytes(whole(pool, "bytes")));
  }
  return out;
}

Result<ExitCode> placement(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/explain/placement"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  std::string out = overview(answer, s) + runners_up(answer, s) + "\n" + devices(answer, s);
  const json::value& best = json::field(answer, "best");
  if (best.is_bool() && !best.get_bool())
    out += "There were too many ways to try all of them; this is the best one found.\n";
  HEARTH_TRY(print(out));
  return ExitCode::ok;
}

std::string_view verdict(const json::value& call) {
  return json::number(call, "status") < 400 ? "answered" : "failed";
}

std::string calls_table(const json::value& answer, const Session& s) {
  Table table({{"CALL"},
               {"WHEN"},
               {"ASKED FOR"},
               {"CLASS"},
               {"STATUS", Align::right},
               {"ANSWERED BY"},
               {"BECAUSE", Align::left, true}});
  for (const json::value& call : json::list(answer, "data")) {
    const bool good = json::number(call, "status") < 400;
    table.add({{json::text(call, "id"), Ink::bold},
               {local_second(json::text(call, "ended_at"))},
               {json::text(call, "requested_model")},
               {json::text(call, "data_class")},
               {std::to_string(whole(call, "status")), good ? Ink::green : Ink::yellow},
               {json::text(call, "model")},
               {json::text(call, "reason")}});
  }
  return table.empty() ? "No call for a model has come yet.\n"
                       : table.render(s.table_columns(), s.terminal().out_colour);
}

// What was left out on the way, and of which kinds: "duplicates 1200, json 400".
std::string trimmed_text(const json::value& trimmed) {
  std::string out;
  if (whole(trimmed, "bytes") > 0) {
    std::string steps;
    const json::value& by_step = json::field(trimmed, "steps");
    if (by_step.is_object())
      for (const auto& [step, tokens] : by_step.get_object())
        steps += fmt::format("{}{} {}", steps.empty() ? "" : ", ", printable(step), whole(by_step, step));
    out += fmt::format("Left out on the way: {}, some {} tokens{}.\n", format_bytes(whole(trimmed, "bytes")),
                       whole(trimmed, "tokens"), steps.empty() ? "" : fmt::format(" ({})", steps));
  }
  if (const std::string resting = json::text(trimmed, "resting"); !resting.empty())
    out += fmt::format("Steps that did not pay for this model lately, and rest: {}.\n", printable(resting));
  return out;
}

// What hearth.yaml says of those who got it.
std::string places(const json::value& call) {
  std::string out;
  for (const json::value& tried : json::list(call, "tried")) {
    const std::string region = json::text(tried, "region");
    const std::string retention = json::text(tried, "retention");
    if (region.empty() && retention.empty()) continue;
    out += fmt::format("{}, as hearth.yaml says:{}{}{}.\n", printable(json::text(tried, "model")),
                       region.empty() ? "" : " computes in " + printable(region),
                       region.empty() || retention.empty() ? "" : ",",
                       retention.empty() ? "" : " keeps what it gets: " + printable(retention));
  }
  return out.empty() ? out : "\n" + out;
}

std::string call_text(const json::value& call, const Session& s) {
  const std::string model = json::text(call, "model");
  std::string out = fmt::format("{} asked for {} with {} data and was {}{} in {:.2f} s ({}).\n",
                                s.ink(printable(json::text(call, "id")), Ink::bold),
                                printable(json::text(call, "requested_model")), json::text(call, "data_class"),
                                verdict(call), model.empty() ? "" : " by " + s.ink(printable(model), Ink::bold),
                                json::number(call, "seconds"), whole(call, "status"));
  if (const std::string agent = json::text(call, "agent"); !agent.empty())
    out += fmt::format("On behalf of the agent {}.\n", printable(agent));
  if (const std::string found = json::text(call, "found"); !found.empty())
    out += fmt::format("Found in it: {}.\n", printable(found));
  if (const json::value& lowered = json::field(call, "lowered"); lowered.is_object())
    out += fmt::format("The rule declassify.{} of hearth.yaml lowered it from {} to {}.\n",
                       printable(json::text(lowered, "rule")), json::text(lowered, "from"),
                       json::text(call, "data_class"));
  out += trimmed_text(json::field(call, "trimmed"));
  const std::string source = json::text(call, "source");
  if (source == "cache") out += "The answer was there already: the same was asked before.\n";
  if (source == "joined") out += "The same was being asked already: it followed that call.\n";
  if (source == "replayed") out += "It repeated a request by its Idempotency-Key and got that one's answer.\n";
  Table table({{"MODEL"}, {"WHAT BECAME OF IT"}, {"BECAUSE", Align::left, true}});
  for (const json::value& tried : json::list(call, "tried")) {
    const std::string error = json::text(tried, "error");
    table.add({{json::text(tried, "model"), Ink::bold},
               {error.empty() ? "answered" : fmt::format("failed ({})", whole(tried, "status")),
                error.empty() ? Ink::green : Ink::yellow},
               {error.empty() ? json::text(call, "reason") : error}});
  }
  for (const json::value& passed : json::list(call, "passed_over"))
    table.add({{json::text(passed, "model"), Ink::bold}, {"not asked", Ink::dim}, {json::text(passed, "reason")}});
  if (!table.empty()) out += "\n" + table.render(s.table_columns(), s.terminal().out_colour);
  return out + places(call);
}

Result<ExitCode> explain_call(Session& s, const std::string& id) {
  const std::string target = id.empty() ? "/admin/calls" : "/admin/calls/" + url_escape(id);
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", target));
  std::string out = json::pretty(answer);
  if (!s.json()) out = id.empty() ? calls_table(answer, s) : call_text(answer, s);
  HEARTH_TRY(print(out));
  return ExitCode::ok;
}

}  // namespace

void add_explain(Cli& cli) {
  auto& app = cli.command(cli.app, "explain", "Say why Hearth does what it does.", nullptr);
  auto& where = cli.command(
      app, "placement",
      "Say where each engine runs best on this box, and why not elsewhere.\n\n"
      "The plan is made afresh from the hardware as it is now: within memory, with the least waiting, where engines "
      "that "
      "share a device slow each other down. Figures that were not measured yet are guesses and say so. THREADS is an "
      "engine's share of the processor; it takes effect when hearthd starts, and engines.NAME.threads in hearth.yaml "
      "sets "
      "another. With --json: the object that GET /admin/explain/placement answers.",
      placement);
  cli.manual.examples(where, {{"hearth explain placement", "Look."}});
  const auto id = std::make_shared<std::string>();
  auto& call = cli.command(
      app, "call",
      "Say who answered a call, who else was tried, and who was not asked and why.\n\n"
      "A call's id is in the answer's x-request-id header. Without one: the last calls. hearthd remembers 1000 of them "
      "until it stops, and of each what was decided, not what it was about. With --json: the object that GET "
      "/admin/calls answers.",
      [id](Session& s) { return explain_call(s, *id); });
  call.add_option("ID", *id, "The call, as its x-request-id header has it.");
  cli.manual.examples(call, {{"hearth explain call", "Look at the last calls."},
                             {"hearth explain call req_abc", "Why did that one go where it went?"}});
  cli.manual.examples(app, {{"hearth explain placement", "Where does each engine run, and why there?"}});
}

}  // namespace hearth::tool
