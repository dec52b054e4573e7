// hearth engines packs, install, rollback.
#include "../cli.h"
#include "../sse.h"
#include "../table.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

Result<ExitCode> list(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/packs", {}, 60));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"PACK"}, {"VERSION"}, {"FROM"}, {"SIZE", Align::right}, {"BEFORE"}, {"WHAT", Align::left, true}});
  std::string troubles;
  for (const json::value& pack : json::list(answer, "data")) {
    const std::string name = json::text(pack, "name");
    const json::value& installed = json::field(pack, "installed");
    const std::string version = json::text(installed, "current");
    const double bytes = json::number(installed, "bytes");
    const std::string from =
        json::text(installed, "origin") == "debian" ? json::text(installed, "suite") : json::text(installed, "origin");
    table.add({{name, Ink::bold},
               {version.empty() ? "–" : version, version.empty() ? Ink::dim : Ink::plain},
               {from.empty() ? "–" : from},
               {bytes > 0 ? format_bytes(static_cast<std::uint64_t>(bytes)) : "–"},
               {json::text(installed, "previous").empty() ? "–" : json::text(installed, "previous"), Ink::dim},
               {json::text(pack, "title")}});
    if (const std::string problem = json::text(installed, "problem"); !problem.empty())
      troubles += s.ink(printable(name) + ": ", Ink::yellow) + printable(problem) + "\n";
  }
  HEARTH_TRY(print(table.empty() ? "There is no recipe for a pack here.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  if (!troubles.empty()) {
    HEARTH_TRY(print("\n" + troubles));
  }
  return ExitCode::ok;
}

// What the box is doing, in a person's words.
std::string doing(std::string_view step) {
  if (step == "index") return "reading the mirror's index";
  if (step == "resolve") return "choosing packages";
  if (step == "download") return "downloading";
  if (step == "verify") return "verifying";
  if (step == "unpack") return "unpacking";
  if (step == "canary") return "trying it out";
  if (step == "engines") return "restarting engines";
  return "switching";
}

// Runs the order on the box and shows how it goes. The last event.
Result<json::value> follow(Session& s, const std::string& name, const std::string& verb, std::string body) {
  Progress progress = s.progress();
  json::value last;
  EventReader reader([&](std::string_view data) -> Result<void> {
    if (auto error = error_of_event(data)) return fail(*std::move(error));
    HEARTH_TRY_ASSIGN(last, json::parse(data));
    if (!json::text(last, "step").empty())
      progress.update(fmt::format("{}: {}", name, doing(json::text(last, "step"))), json::number(last, "fraction"),
                      json::text(last, "detail"));
    return {};
  });
  Request request;
  request.method = "POST";
  request.path = fmt::format("/admin/packs/{}/{}", url_escape(name), verb);
  request.json = std::move(body);
  request.on_data = [&](std::string_view bytes) { return reader.feed(bytes); };
  HEARTH_TRY(s.admin_stream(request));
  progress.clear();
  if (!json::flag(last, "done"))
    return fail(Errc::protocol_error,
                "The box stopped before it was done; see `hearth logs` and `hearth engines packs`");
  return last;
}

Result<void> tell(Session& s, const std::string& name, const json::value& outcome) {
  if (s.json()) return print(json::pretty(outcome));
  const std::string id = printable(json::text(outcome, "id"));
  std::string text = json::flag(outcome, "changed")
                         ? fmt::format("{}: {} is in use now.\n", s.ink(printable(name), Ink::bold), id)
                         : fmt::format("{}: {} is in use, as before.\n", s.ink(printable(name), Ink::bold), id);
  if (const std::string note = json::text(outcome, "note"); !note.empty())
    text += fmt::format("  {}\n", printable(note));
  if (const std::string engines = json::joined(outcome, "engines"); !engines.empty())
    text += fmt::format("  Started in it, and well: {}\n", printable(engines));
  return print(text);
}

struct Wish {
  std::vector<std::string> names;
  std::string from;
  bool upgrade = false;
};

Result<ExitCode> install(Session& s, const Wish& wish) {
  json::object order{{"upgrade", wish.upgrade}};
  if (!wish.from.empty()) order["from"] = wish.from;
  const std::string body = boost::json::serialize(order);
  for (const std::string& name : wish.names) {
    HEARTH_TRY_ASSIGN(const json::value outcome, follow(s, name, "install", body));
    HEARTH_TRY(tell(s, name, outcome));
  }
  return ExitCode::ok;
}

Result<ExitCode> roll_back(Session& s, const std::string& name) {
  HEARTH_TRY_ASSIGN(const json::value outcome, follow(s, name, "rollback", "{}"));
  HEARTH_TRY(tell(s, name, outcome));
  return ExitCode::ok;
}

}  // namespace

void add_packs(Cli& cli, CLI::App& engines) {
  auto& packs = cli.command(engines, "packs",
                            "List the engine packs: what is installed and what can be.\n\n"
                            "A pack is a small system of its own that an engine runs in, so that it works on any host. "
                            "With --json: {\"data\":[…]} as GET /admin/packs answers, with every package's version.",
                            list);
  cli.manual.examples(packs, {{"hearth engines packs", "Which versions are in use?"}});

  const auto wish = std::make_shared<Wish>();
  auto& made = cli.command(
      engines, "install",
      "Install engine packs, or repair them.\n\n"
      "A pack is made from signed packages of Debian's (packs.suite in hearth.yaml), or from a container image whose "
      "digest is remembered, tried out in its sandbox and then "
      "put into use; engines that run in it are restarted between requests. If one of them does not work in it, the "
      "version before comes back. Exact versions are remembered, and their files kept: the same command makes a "
      "damaged pack anew, without a network. Ctrl-C leaves everything as it was.",
      [wish](Session& s) { return install(s, *wish); });
  auto* names = made.add_option("NAME", wish->names, "The packs, as `hearth engines packs` lists them.");
  names->required();
  made.add_option("--from", wish->from,
                  "Where from: debian, system for the programs this host has already, or oci://REGISTRY/NAME:TAG (or "
                  "@sha256:DIGEST) for a container image. Without it as last time, and from debian at first.")
      ->type_name("PLACE")
      ->check([](const std::string& place) {
        const bool known = place == "debian" || place == "system" || place.starts_with("oci://");
        return known ? std::string() : std::string("must be debian, system or oci://REGISTRY/NAME:TAG");
      });
  made.add_flag("--upgrade", wish->upgrade, "Take the newest version, not the one that is remembered.");
  cli.manual.values_from(*names, "hearth internal names packs");
  cli.manual.examples(
      made, {{"hearth engines install llama.cpp", "Language models."},
             {"hearth engines install llama.cpp whisper.cpp onnxruntime --upgrade", "The newest of everything."},
             {"hearth engines install llama.cpp --from oci://ghcr.io/ggml-org/llama.cpp:server",
              "From a container image, without Docker."}});

  const auto name = std::make_shared<std::string>();
  auto& back = cli.command(engines, "rollback",
                           "Go back to the version of a pack that was in use before; again, and the newer one is back.",
                           [name](Session& s) { return roll_back(s, *name); });
  auto* option = back.add_option("NAME", *name, "The pack.");
  option->required();
  cli.manual.values_from(*option, "hearth internal names packs");
  cli.manual.examples(back, {{"hearth engines rollback llama.cpp", "The newer one was worse."}});
}

}  // namespace hearth::tool
