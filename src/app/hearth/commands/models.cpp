#include "../cli.h"
#include "../table.h"

namespace hearth::tool {
namespace {

Result<json::value> fetch_models(Session& s) {
  if (!s.remote()) return s.admin("GET", "/admin/models");
  Request request;
  request.path = "/v1/models";
  request.seconds = 15;
  HEARTH_TRY_ASSIGN(const Response response, s.api(request));
  return json::parse(response.body);
}

Result<ExitCode> models(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, fetch_models(s));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"MODEL"},
               {"TASK"},
               {"STATE"},
               {"LANGUAGES", Align::left, true},
               {"ALSO KNOWN AS", Align::left, true},
               {"WHAT", Align::left, true}});
  for (const json::value& model : json::list(answer, "data")) {
    if (!json::text(model, "alias_of").empty()) continue;
    const bool ready = json::flag(model, "ready");
    table.add({{json::text(model, "id"), Ink::bold},
               {json::text(model, "task")},
               {ready ? "ready" : "on demand", ready ? Ink::green : Ink::dim},
               {json::joined(model, "languages")},
               {json::joined(model, "aliases")},
               {json::text(model, "description")}});
  }
  HEARTH_TRY(print(table.empty() ? "No models: no engine is installed.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

}  // namespace

void add_models(Cli& cli) {
  auto& app =
      cli.command(cli.app, "models",
                  "List the models, what each can do, and the names that clients may call it by.\n\n"
                  "A model that is 'on demand' is started by its first request. With --json: {\"data\":[{\"id\", "
                  "\"task\", \"engine\", \"aliases\", \"languages\", \"ready\", \"description\"}]}.",
                  models);
  add_model_files(cli, app);
  cli.manual.examples(app,
                      {{"hearth models", "Look."}, {"hearth models --json | jq -r '.data[].id'", "Their names only."}});
}

}  // namespace hearth::tool
