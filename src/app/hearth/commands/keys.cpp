#include "../cli.h"
#include "../table.h"
#include "../when.h"

#include <hearth/core/data_class.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

Result<ExitCode> list(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("GET", "/admin/keys"));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"NAME", Align::left, true}, {"KEY"}, {"DATA"}, {"MADE"}, {"LAST USED"}, {"ID"}});
  for (const json::value& key : json::list(answer, "data")) {
    const std::string used = json::text(key, "last_used_at");
    table.add({{json::text(key, "name"), Ink::bold},
               {json::text(key, "prefix") + "…"},
               {json::text(key, "data_class").empty() ? "not said" : json::text(key, "data_class"),
                json::text(key, "data_class").empty() ? Ink::dim : Ink::plain},
               {local_minute(json::text(key, "created_at"))},
               {used.empty() ? "never" : local_minute(used), used.empty() ? Ink::dim : Ink::plain},
               {json::text(key, "id"), Ink::dim}});
  }
  HEARTH_TRY(print(table.empty() ? "No keys yet; hearth keys new NAME makes one.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

struct NewKey {
  std::string name;
  std::string data_class;
  bool quiet = false;
};

Result<ExitCode> make(Session& s, const NewKey& wanted) {
  json::object request{{"name", wanted.name}};
  if (!wanted.data_class.empty()) request["data_class"] = wanted.data_class;
  const std::string body = boost::json::serialize(request);
  HEARTH_TRY_ASSIGN(const json::value key, s.admin("POST", "/admin/keys", body));
  const std::string secret = json::text(key, "key");
  if (secret.empty()) return fail(Errc::protocol_error, "hearthd made no key; see `hearth logs`");
  if (wanted.quiet) {
    HEARTH_TRY(print(printable(secret) + "\n"));
  } else if (s.json()) {
    HEARTH_TRY(print(json::pretty(key)));
  } else {
    HEARTH_TRY(
        print(fmt::format("{}\n\nThis key is shown only now: hearthd keeps its hash alone. Clients send it as "
                          "their API key.\nTo take it back: hearth keys rm {}\n",
                          s.ink(printable(secret), Ink::bold), printable(json::text(key, "id")))));
  }
  return ExitCode::ok;
}

Result<ExitCode> remove(Session& s, const std::string& name) {
  HEARTH_TRY_ASSIGN(const json::value answer, s.admin("DELETE", "/admin/keys/" + url_escape(name)));
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : fmt::format("{} is no longer valid.\n", printable(name))));
  return ExitCode::ok;
}

}  // namespace

void add_keys(Cli& cli) {
  auto& app = cli.command(cli.app, "keys",
                          "List the API keys that other machines and programs use.\n\n"
                          "Keys are stored hashed; the list shows their beginnings. With --json: {\"data\":[{\"id\", "
                          "\"name\", \"prefix\", \"created_at\", \"last_used_at\", \"data_class\"}]}.",
                          list);
  cli.manual.examples(app, {{"hearth keys", "Who may use this box, and when did they last?"}});

  const auto wanted = std::make_shared<NewKey>();
  auto& made = cli.command(
      app, "new", "Make a key and show it, this once.\n\nWith --json: {\"id\", \"name\", \"key\", \"created_at\"}.",
      [wanted](Session& s) { return make(s, *wanted); });
  made.add_option("NAME", wanted->name, "What it is for: a machine, a program, a person.")->required();
  std::vector<std::string> classes;
  for (const auto& [class_name, data_class] : kDataClasses) classes.emplace_back(class_name);
  made.add_option("--class", wanted->data_class,
                  "What class the data are of that are sent with it, at least: where they may go depends on it.")
      ->check(CLI::IsMember(classes));
  made.add_flag("-q,--quiet", wanted->quiet, "Print the key alone, for scripts.");
  cli.manual.examples(
      made, {{"hearth keys new laptop", "Let the laptop in."},
             {"hearth keys new hr --class personal", "What this key sends goes only where personal data may."},
             {"export OPENAI_API_KEY=$(hearth keys new ci --quiet)", "Straight into a script."}});

  const auto name = std::make_shared<std::string>();
  auto& removed = cli.command(app, "rm", "Take a key back: whoever holds it is refused from now on.",
                              [name](Session& s) { return remove(s, *name); });
  auto* option = removed.add_option("NAME", *name, "The key's name or id.");
  option->required();
  cli.manual.values_from(*option, "hearth internal names keys");
  cli.manual.examples(removed, {{"hearth keys rm laptop", "The laptop is out."}});
}

}  // namespace hearth::tool
