#include "../cli.h"
#include "../table.h"
#include "../when.h"

#include <hearth/core/clock.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

constexpr double kPatience = 30;  // seconds

Result<json::value> ask(Session& s, std::string method, const std::string& path) {
  Request request;
  request.method = std::move(method);
  request.path = "/v1/deferred" + path;
  request.seconds = kPatience;
  HEARTH_TRY_ASSIGN(const Response response, s.api(request));
  return json::parse(response.body);
}

std::string minute(const json::value& call, std::string_view name) {
  const double seconds = json::number(call, name);
  if (seconds <= 0) return "";
  return local_minute(format_rfc3339(WallTime(Seconds(static_cast<std::int64_t>(seconds)))));
}

Ink ink_of(std::string_view status) {
  if (status == "done") return Ink::green;
  if (status == "failed" || status == "expired") return Ink::red;
  return status == "cancelled" ? Ink::dim : Ink::plain;
}

Result<ExitCode> list(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, ask(s, "GET", ""));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"ID"}, {"STATUS"}, {"ENDPOINT", Align::left, true}, {"OF", Align::left, true}, {"TAKEN"}, {"UNTIL"}});
  for (const json::value& call : json::list(answer, "data")) {
    const std::string status = json::text(call, "status");
    table.add({{json::text(call, "id"), Ink::bold},
               {status, ink_of(status)},
               {json::text(call, "endpoint")},
               {json::text(json::field(call, "owner"), "name"), Ink::dim},
               {minute(call, "created_at")},
               {minute(call, "deadline")}});
  }
  HEARTH_TRY(print(table.empty() ? "No calls are deferred; requests with \"Prefer: respond-async\" are.\n"
                                 : table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

std::string line(const Session& s, std::string_view label, std::string_view text) {
  if (text.empty()) return {};
  return "  " + s.ink(pad_right(label, 10), Ink::dim) + printable(text) + "\n";
}

std::string describe(const json::value& call, const Session& s) {
  const std::string status = json::text(call, "status");
  std::string out =
      s.ink(printable(json::text(call, "id")), Ink::bold) + "  " + s.ink(printable(status), ink_of(status)) + "\n";
  out += line(s, "endpoint", json::text(call, "endpoint"));
  out += line(s, "taken", minute(call, "created_at"));
  out += line(s, "not before", minute(call, "not_before"));
  out += line(s, "deadline", minute(call, "deadline"));
  out += line(s, "ended", minute(call, "ended_at"));
  out += line(s, "attempts", fmt::format("{:.0f}", json::number(call, "attempts")));
  if (const json::value& result = json::field(call, "result"); result.is_object())
    out += line(s, "answer", fmt::format("HTTP {:.0f}", json::number(result, "status")));
  out += line(s, "note", json::text(call, "error"));
  if (const json::value& webhook = json::field(call, "webhook"); webhook.is_object())
    out += line(s, "webhook", fmt::format("{} ({})", json::text(webhook, "url"), json::text(webhook, "status")));
  return out;
}

struct Showing {
  std::string id;
  bool result = false;
};

Result<ExitCode> show(Session& s, const Showing& wanted) {
  const std::string path = "/" + url_escape(wanted.id);
  if (wanted.result) {
    Request request;
    request.path = "/v1/deferred" + path + "/result";
    request.on_data = [](std::string_view bytes) { return print(bytes); };
    HEARTH_TRY(s.api(request));
    return ExitCode::ok;
  }
  HEARTH_TRY_ASSIGN(const json::value call, ask(s, "GET", path));
  HEARTH_TRY(print(s.json() ? json::pretty(call) : describe(call, s)));
  return ExitCode::ok;
}

Result<ExitCode> cancel(Session& s, const std::string& id) {
  HEARTH_TRY_ASSIGN(const json::value answer, ask(s, "DELETE", "/" + url_escape(id)));
  const std::string_view what = json::flag(answer, "deleted") ? "is removed, with its answer" : "is cancelled";
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : fmt::format("{} {}.\n", printable(id), what)));
  return ExitCode::ok;
}

Result<ExitCode> secret(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, ask(s, "GET", "/webhook-secret"));
  HEARTH_TRY(print(s.json() ? json::pretty(answer) : printable(json::text(answer, "secret")) + "\n"));
  return ExitCode::ok;
}

}  // namespace

void add_deferred(Cli& cli) {
  auto& app = cli.command(cli.app, "deferred",
                          "List the calls that are answered later.\n\nRequests with the header \"Prefer: "
                          "respond-async\" are taken at once and made when the line, the hour and the box allow. With "
                          "--json: {\"data\":[{\"id\", \"status\", \"endpoint\", \"created_at\", \"deadline\", …}]}.",
                          list);
  cli.manual.examples(app, {{"hearth deferred", "What waits, and what has come of the rest?"}});

  const auto wanted = std::make_shared<Showing>();
  auto& shown =
      cli.command(app, "show", "Show one call, or its answer.", [wanted](Session& s) { return show(s, *wanted); });
  shown.add_option("ID", wanted->id, "The call's id.")->required();
  shown.add_flag("--result", wanted->result, "Print the answer's body instead.");
  cli.manual.examples(shown, {{"hearth deferred show def_0123456789abcdefghijklmn", "Why is it not done yet?"}});

  const auto id = std::make_shared<std::string>();
  auto& cancelled =
      cli.command(app, "cancel", "Cancel a call that has not ended; remove one that has, with its answer.",
                  [id](Session& s) { return cancel(s, *id); });
  cancelled.add_option("ID", *id, "The call's id.")->required();
  cli.manual.examples(cancelled,
                      {{"hearth deferred cancel def_0123456789abcdefghijklmn", "It is not needed any more."}});

  auto& told =
      cli.command(app, "secret",
                  "Show the secret that signs what webhooks are told.\n\nEach API key has a secret of its own; "
                  "without --key it is that of the box's owner.",
                  secret);
  cli.manual.examples(told, {{"hearth deferred secret", "For the receiver of the webhooks."}});
}

}  // namespace hearth::tool
