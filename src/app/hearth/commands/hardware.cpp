#include "../cli.h"
#include "../table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::tool {
namespace {

constexpr std::size_t kLabel = 12;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kTemperaturesShown = 6;

std::uint64_t whole(const json::value& from, std::string_view name) {
  const double value = json::number(from, name);
  return value > 0 && value < 1.8e19 ? static_cast<std::uint64_t>(value) : 0;
}

std::string bytes(const json::value& from, std::string_view name) {
  return format_bytes(whole(from, name));
}

std::string plural(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string line(const Session& s, std::string_view label, std::string_view text) {
  return std::string(kIndent, ' ') + s.ink(pad_right(label, kLabel), Ink::dim) + printable(text) + "\n";
}

std::string cores_text(const json::value& cpu) {
  std::string text =
      fmt::format("{}, {}", plural(whole(cpu, "cores"), "core"), plural(whole(cpu, "threads"), "thread"));
  if (whole(cpu, "sockets") > 1) text = fmt::format("{} sockets, {}", whole(cpu, "sockets"), text);
  std::string kinds;
  const json::array& list = json::list(cpu, "kinds");
  for (const json::value& kind : list) {
    if (!kinds.empty()) kinds += ", ";
    if (list.size() > 1) kinds += fmt::format("{} {}", whole(kind, "cores"), json::text(kind, "name"));
    if (const double mhz = json::number(kind, "max_mhz"); mhz > 0)
      kinds += fmt::format("{}up to {:.1f} GHz", list.size() > 1 ? " " : "", mhz / 1000);
  }
  return kinds.empty() ? text : fmt::format("{} ({})", text, kinds);
}

std::string caches_text(const json::value& cpu) {
  std::string text;
  for (const json::value& cache : json::list(cpu, "caches"))
    text += fmt::format("{}L{} {} × {}", text.empty() ? "" : ", ", whole(cache, "level"), whole(cache, "count"),
                        bytes(cache, "size"));
  return text;
}

std::string processor(const json::value& answer, const Session& s) {
  const json::value& cpu = json::field(answer, "cpu");
  std::string out;
  out += line(s, "processor", json::text(cpu, "model"));
  if (whole(cpu, "cores") > 0) out += line(s, "", cores_text(cpu));
  out += line(s, "",
              fmt::format("{} usable, {} for one computation", whole(cpu, "usable"),
                          plural(whole(cpu, "compute_threads"), "thread")));
  if (const std::string features = json::joined(cpu, "features"); !features.empty()) out += line(s, "", features);
  if (const std::string caches = caches_text(cpu); !caches.empty()) out += line(s, "caches", caches);
  return out;
}

std::string memory(const json::value& answer, const Session& s) {
  const json::value& memory = json::field(answer, "memory");
  std::string text = fmt::format("{}, {} free", bytes(memory, "total"), bytes(memory, "available"));
  if (whole(memory, "swap_total") > 0) text += fmt::format("; swap {}", bytes(memory, "swap_total"));
  return line(s, "memory", text);
}

std::string disks(const json::value& answer, const Session& s) {
  std::string out;
  std::string label = "disks";
  for (const json::value& disk : json::list(answer, "disks")) {
    const std::string model = json::text(disk, "model");
    out += line(s, label,
                fmt::format("{} {}{}{}", json::text(disk, "name"), bytes(disk, "size"),
                            json::flag(disk, "rotational") ? " spinning" : "", model.empty() ? "" : ", " + model));
    label.clear();
  }
  const json::value& space = json::field(answer, "data_space");
  if (space.is_object())
    out += line(s, "data folder", fmt::format("{} of {} free", bytes(space, "free"), bytes(space, "total")));
  return out;
}

std::string gpu_memory(const json::value& gpu) {
  if (json::flag(gpu, "shares_memory")) {
    return whole(gpu, "shared_total") > 0 ? fmt::format("shares {}", bytes(gpu, "shared_total"))
                                          : "shares the machine's";
  }
  if (whole(gpu, "vram_total") == 0) return "not known";
  return (json::flag(gpu, "vram_at_least") ? "at least " : "") + bytes(gpu, "vram_total");
}

std::string accelerators(const json::value& answer, const Session& s) {
  Table table({{"ACCELERATOR"}, {"KIND"}, {"DRIVER"}, {"MEMORY"}, {"USABLE"}, {"WHAT", Align::left, true}});
  const auto usable = [](bool compute, bool accessible) {
    return !compute     ? Cell("display only", Ink::dim)
           : accessible ? Cell("yes", Ink::green)
                        : Cell("no access", Ink::yellow);
  };
  for (const json::value& gpu : json::list(answer, "gpus"))
    table.add({{json::text(gpu, "id"), Ink::bold},
               {"GPU"},
               {json::text(gpu, "driver")},
               {gpu_memory(gpu)},
               usable(json::flag(gpu, "compute"), json::flag(gpu, "accessible")),
               {json::text(gpu, "name")}});
  for (const json::value& npu : json::list(answer, "npus"))
    table.add({{json::text(npu, "id"), Ink::bold},
               {"NPU"},
               {json::text(npu, "driver")},
               {json::flag(npu, "shares_memory") ? "shares the machine's" : "its own"},
               usable(true, json::flag(npu, "accessible")),
               {json::text(npu, "name")}});
  return table.empty() ? "" : "\n" + table.render(s.table_columns(), s.terminal().out_colour);
}

std::string heat_and_power(const json::value& answer, const Session& s) {
  const json::value& thermals = json::field(answer, "thermals");
  std::string out;
  std::string label = "heat";
  const json::array& temperatures = json::list(thermals, "temperatures");
  for (std::size_t i = 0; i < std::min(temperatures.size(), kTemperaturesShown); ++i) {
    const json::value& t = temperatures[i];
    std::string text = fmt::format("{:.0f} °C {}", json::number(t, "celsius"), json::text(t, "sensor"));
    if (const double passive = json::number(t, "passive"); passive > 0)
      text += fmt::format(", slows down at {:.0f}", passive);
    out += line(s, label, text);
    label.clear();
  }
  if (temperatures.size() > kTemperaturesShown)
    out += line(s, "", fmt::format("and {} more (--json lists them)", temperatures.size() - kTemperaturesShown));
  if (const std::string slowed = json::joined(thermals, "cooling_now"); !slowed.empty())
    out += line(s, "slowed by", slowed);
  if (const std::uint64_t throttled = whole(thermals, "throttled"); throttled > 0)
    out += line(s, "throttled", plural(throttled, "time") + " since the system started");
  label = "power";
  for (const json::value& p : json::list(json::field(answer, "energy"), "power")) {
    out += line(s, label, fmt::format("{:.1f} W {}", json::number(p, "watts"), json::text(p, "sensor")));
    label.clear();
  }
  std::string counters;
  for (const json::value& c : json::list(json::field(answer, "energy"), "counters"))
    counters += (counters.empty() ? "" : ", ") + json::text(c, "name");
  if (!counters.empty()) out += line(s, "energy", "counted for " + counters);
  return out;
}

std::string describe(const json::value& answer, const Session& s) {
  std::string out;
  if (const std::string board = json::text(answer, "board"); !board.empty())
    out += s.ink(printable(board), Ink::bold) + "\n\n";
  out +=
      processor(answer, s) + memory(answer, s) + disks(answer, s) + heat_and_power(answer, s) + accelerators(answer, s);
  std::string notes;
  for (const json::value& note : json::list(answer, "notes"))
    if (note.is_string()) notes += s.ink("note: ", Ink::yellow) + printable(std::string_view(note.get_string())) + "\n";
  return notes.empty() ? out : out + "\n" + notes;
}

Result<ExitCode> hardware(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/hardware"));
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : describe(answer, s)));
  return ExitCode::ok;
}

}  // namespace

void add_hardware(Cli& cli) {
  auto& app = cli.command(cli.app, "hardware",
                          "Show what is in this box: processors, memory, disks, GPUs and NPUs, heat and energy.\n\n"
                          "What cannot be read is left out; notes say what a person could change about that. With "
                          "--json: the object that GET "
                          "/admin/hardware answers, all sizes in bytes.",
                          hardware);
  cli.manual.examples(
      app, {{"hearth hardware", "Look."}, {"hearth hardware --json | jq '.npus[].name'", "Which NPUs are there?"}});
}

}  // namespace hearth::tool
