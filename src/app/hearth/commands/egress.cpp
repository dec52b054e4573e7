// `hearth egress`: what left the box. Reads the database itself, so that it answers without a hearthd, and without
// believing one.
#include "../cli.h"
#include "../table.h"
#include "../when.h"

#include <hearth/core/file.h>
#include <hearth/core/units.h>
#include <hearth/egress/audit.h>
#include <hearth/egress/report.h>
#include <hearth/egress/set_aside.h>
#include <hearth/store/data_lock.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNote = 256 * 1024;

struct Where {
  std::string database;  // empty: the box's own
};

Result<store::Connection> open_database(const Session& s, const Where& where) {
  if (s.remote())
    return fail(Errc::invalid_argument,
                "This reads the box's database, which is not on the net; run it on the box itself (ssh BOX hearth …)");
  return store::Connection::open_read_only(where.database.empty() ? s.paths().data / "hearth.db"
                                                                  : fs::path(where.database));
}

Result<egress::VerifyKey> own_key(const Session& s) {
  const fs::path file = s.paths().data / "egress.key";
  std::error_code ec;
  if (!fs::exists(file, ec) && !ec)
    return fail(Errc::not_found, fmt::format("{} is missing: no hearthd has run here yet, or its key was moved; "
                                             "--public-key gives another",
                                             file.string()));
  HEARTH_TRY_ASSIGN(const egress::SigningKey key, egress::load_or_make_key(file));
  return key.verify_key();
}

// ── verify

struct Verify {
  Where where;
  std::string checkpoint;
  std::string public_key;
};

Result<std::optional<egress::SignedCheckpoint>> given_checkpoint(const std::string& path) {
  if (path.empty()) return std::nullopt;
  HEARTH_TRY_ASSIGN(const std::string note, path == "-" ? read_stdin(kMaxNote) : read_file(path, kMaxNote));
  HEARTH_TRY_ASSIGN(egress::SignedCheckpoint parsed, egress::parse_checkpoint(note));
  return parsed;
}

json::object describe(const egress::Audit& audit, const egress::VerifyKey& key) {
  json::array findings;
  for (const egress::Finding& f : audit.findings)
    findings.push_back(json::object{{"kind", to_string(f.kind)}, {"number", f.number}, {"what", f.what}});
  return {{"sound", audit.sound()},
          {"key", key.to_string()},
          {"first", audit.first},
          {"size", audit.size},
          {"calls", audit.calls},
          {"unfinished", audit.unfinished},
          {"checkpoints", audit.checkpoints},
          {"findings", findings}};
}

std::string tell_sound(const egress::Audit& audit, const egress::VerifyKey& key,
                       const std::optional<egress::SignedCheckpoint>& trusted, const Session& s) {
  std::string out = s.ink("The egress ledger is as it was written.", Ink::green) + "\n";
  out += fmt::format("{} records{}, {} checkpoints, signed by {}\n", audit.size,
                     audit.first > 0 ? fmt::format(" (the first {} as sums only)", audit.first) : "", audit.checkpoints,
                     printable(key.name()));
  if (audit.unfinished > 0)
    out += fmt::format("{} of {} calls were begun and never completed: under way, or cut off with the power\n",
                       audit.unfinished, audit.calls);
  out += trusted ? fmt::format("It goes on from the given checkpoint of {} records.\n", trusted->checkpoint.size)
                 : "Whether an older copy was put in place, only a checkpoint that was kept elsewhere can tell: see "
                   "hearth egress checkpoint --help.\n";
  return out;
}

std::string tell_findings(const egress::Audit& audit, const Session& s) {
  std::string out = s.ink("The egress ledger was tampered with, or its file is damaged.", Ink::red) + "\n";
  Table table({{"WHAT"}, {"NUMBER", Align::right}, {"FOUND", Align::left, true}});
  for (const egress::Finding& f : audit.findings)
    table.add({{std::string(to_string(f.kind)), Ink::bold}, {std::to_string(f.number)}, {f.what}});
  return out + table.render(s.table_columns(), s.terminal().out_colour);
}

Result<ExitCode> verify(Session& s, const Verify& wish) {
  HEARTH_TRY_ASSIGN(const auto trusted, given_checkpoint(wish.checkpoint));
  HEARTH_TRY_ASSIGN(const egress::VerifyKey key,
                    wish.public_key.empty() ? own_key(s) : egress::VerifyKey::parse(wish.public_key));
  HEARTH_TRY_ASSIGN(store::Connection db, open_database(s, wish.where));
  HEARTH_TRY_ASSIGN(egress::DatabaseRows rows, egress::DatabaseRows::open(db));
  HEARTH_TRY_ASSIGN(const egress::Audit audit, egress::audit(rows, key, trusted));
  HEARTH_TRY(print(s.json()        ? json::pretty(describe(audit, key))
                   : audit.sound() ? tell_sound(audit, key, trusted, s)
                                   : tell_findings(audit, s)));
  return audit.sound() ? ExitCode::ok : ExitCode::tampered;
}

// ── report

struct Wanted {
  Where where;
  std::string since;
  std::string least;
};

void add_rows(Table& table, const std::vector<egress::ReportRow>& rows) {
  for (const egress::ReportRow& row : rows) {
    const Ink ink = row.data_class >= DataClass::personal ? Ink::yellow : Ink::plain;
    table.add({{std::string(hearth::to_string(row.data_class)), ink},
               {row.destination, Ink::bold},
               {std::string(egress::to_string(row.purpose))},
               {row.rule},
               {row.who.empty() ? "–" : row.who},
               {row.unfinished > 0 ? fmt::format("{} ({} unfinished)", row.calls, row.unfinished)
                                   : std::to_string(row.calls)},
               {format_bytes(row.sent)},
               {format_bytes(row.received)},
               {local_minute(format_rfc3339(row.last))}});
  }
}

std::string tell(const egress::Report& report, const Session& s) {
  std::string out = printable(egress::sentence(report)) + "\n";
  Table table({{"CLASS"},
               {"TO"},
               {"FOR"},
               {"RULE", Align::left, true},
               {"WHO", Align::left, true},
               {"CALLS", Align::right},
               {"SENT", Align::right},
               {"RECEIVED", Align::right},
               {"LAST"}});
  add_rows(table, report.rows);
  if (!table.empty()) out += "\n" + table.render(s.table_columns(), s.terminal().out_colour);
  if (!report.folded.empty()) {
    Table sums(
        {{"CLASS"}, {"TO"}, {"FOR"}, {"RULE", Align::left, true}, {"CALLS", Align::right}, {"SENT", Align::right}});
    for (const egress::ReportRow& row : report.folded)
      sums.add({{std::string(hearth::to_string(row.data_class))},
                {row.destination, Ink::bold},
                {std::string(egress::to_string(row.purpose))},
                {row.rule},
                {std::to_string(row.calls)},
                {format_bytes(row.sent)}});
    out += fmt::format("\nBefore, up to {}:\n", local_minute(format_rfc3339(*report.folded_until))) +
           sums.render(s.table_columns(), s.terminal().out_colour);
  }
  return out;
}

Result<ExitCode> report(Session& s, const Wanted& wanted) {
  egress::ReportQuery query;
  if (!wanted.since.empty()) {
    HEARTH_TRY_ASSIGN(query.since, parse_when(wanted.since, wall_now()));
  }
  if (!wanted.least.empty()) query.least = parse_data_class(wanted.least);
  HEARTH_TRY_ASSIGN(store::Connection db, open_database(s, wanted.where));
  HEARTH_TRY_ASSIGN(egress::DatabaseRows rows, egress::DatabaseRows::open(db));
  HEARTH_TRY_ASSIGN(const egress::Report found, egress::report(rows, query));
  HEARTH_TRY(print(s.json() ? json::pretty(egress::to_json(found)) : tell(found, s)));
  return ExitCode::ok;
}

// ── checkpoint, key, set-aside

// Without a hearthd, the newest that it kept: it keeps one when it stops.
Result<std::string> newest_checkpoint(Session& s) {
  const auto answer = s.admin("POST", "/admin/egress/checkpoint", "{}");
  if (answer) return json::text(*answer, "checkpoint");
  if (!answer.error().is(Errc::unavailable)) return fail(answer.error());
  HEARTH_TRY_ASSIGN(store::Connection db, open_database(s, {}));
  HEARTH_TRY_ASSIGN(egress::DatabaseRows rows, egress::DatabaseRows::open(db));
  HEARTH_TRY_ASSIGN(const std::vector<egress::CheckpointRow> kept, rows.checkpoints());
  if (kept.empty()) return fail(Errc::not_found, "no checkpoint was ever kept here; start hearthd");
  complain("hearthd does not run: this is the checkpoint it kept last.");
  return kept.back().note;
}

Result<ExitCode> checkpoint(Session& s) {
  HEARTH_TRY_ASSIGN(const std::string note, newest_checkpoint(s));
  HEARTH_TRY_ASSIGN(const egress::SignedCheckpoint parsed, egress::parse_checkpoint(note));
  HEARTH_TRY(
      print(s.json() ? json::pretty(json::object{{"checkpoint", note}, {"size", parsed.checkpoint.size}}) : note));
  return ExitCode::ok;
}

Result<ExitCode> show_key(Session& s) {
  if (s.remote()) return fail(Errc::invalid_argument, "Run it on the box itself (ssh BOX hearth egress key)");
  HEARTH_TRY_ASSIGN(const egress::VerifyKey key, own_key(s));
  HEARTH_TRY(print(s.json() ? json::pretty(json::object{{"key", key.to_string()}}) : key.to_string() + "\n"));
  return ExitCode::ok;
}

Result<ExitCode> move_aside(Session& s) {
  if (s.remote()) return fail(Errc::invalid_argument, "Run it on the box itself (ssh BOX hearth egress set-aside)");
  const fs::path folder = s.paths().data;
  const fs::path database = folder / "hearth.db";
  std::error_code ec;
  if (!fs::exists(database, ec))
    return fail(Errc::not_found, fmt::format("there is no database {}", database.string()));
  HEARTH_TRY_ASSIGN(const store::DataLock lock, store::DataLock::acquire(folder));
  HEARTH_TRY_ASSIGN(store::Connection db, store::Connection::open(database));
  HEARTH_TRY_ASSIGN(const egress::SetAside aside, egress::set_aside(db, folder, wall_now()));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(json::object{{"database", aside.database.string()}, {"key", aside.key.string()}})));
    return ExitCode::ok;
  }
  std::string out = fmt::format("The ledger is in {} now", aside.database.string());
  if (!aside.key.empty()) out += fmt::format(", its key in {}", aside.key.string());
  HEARTH_TRY(print(out + ". hearthd begins a new one, with another key, when it starts.\n"));
  return ExitCode::ok;
}

void add_where(Cli& cli, CLI::App& app, std::string& database) {
  auto* option = app.add_option("--database", database, "A copy of a box's hearth.db in place of this box's own.");
  option->type_name("FILE");
  cli.manual.files(*option);
}

void add_verify(Cli& cli, CLI::App& parent) {
  const auto wish = std::make_shared<Verify>();
  auto& app = cli.command(
      parent, "verify",
      "Check that nobody changed the ledger.\n\n"
      "Every record, the chain, the hash tree and every signature are computed anew from the database, whether hearthd "
      "runs or not. Altered, removed, reordered, inserted and cut-off records are named, and the exit status is 7. "
      "Someone with root's rights can take the key and write a new history, or put an older copy in place: give a "
      "checkpoint that was kept elsewhere with --checkpoint to find that too.",
      [wish](Session& s) { return verify(s, *wish); });
  auto* file = app.add_option("--checkpoint", wish->checkpoint, "A checkpoint that was kept elsewhere; '-' reads it.");
  file->type_name("FILE");
  cli.manual.files(*file);
  app.add_option("--public-key", wish->public_key, "What hearth egress key printed, in place of this box's own key.")
      ->type_name("KEY");
  add_where(cli, app, wish->where.database);
  cli.manual.examples(app, {{"hearth egress verify", "Is the ledger as it was written?"},
                            {"hearth egress verify --checkpoint /media/stick/november.txt",
                             "Is it also the one that the memory stick knows?"}});
}

void add_report(Cli& cli, CLI::App& parent) {
  const auto wanted = std::make_shared<Wanted>();
  auto& app = cli.command(parent, "report",
                          "Say what left the box, how confidential it was, where to, by which rule and for whom.\n\n"
                          "The first line is the answer to whether anything of a class left; the table is all of it. "
                          "With --json: one object with answer, data and what older records add up to.",
                          [wanted](Session& s) { return report(s, *wanted); });
  app.add_option("--since", wanted->since,
                 "From then on: 24h or 7d ago, today, yesterday, 2026-11-21, or '2026-11-21 08:30' (local time).")
      ->type_name("WHEN");
  auto* least = app.add_option("--class", wanted->least, "This class and those above it only.");
  least->type_name("CLASS");
  cli.manual.choices(*least, {"public", "internal", "personal", "secret"});
  add_where(cli, app, wanted->where.database);
  cli.manual.examples(app, {{"hearth egress report --since 7d", "What left in the last week?"},
                            {"hearth egress report --class personal", "Did anything personal ever leave?"}});
}

}  // namespace

void add_egress(Cli& cli) {
  auto& app =
      cli.command(cli.app, "egress",
                  "Show what left the box, and prove it.\n\n"
                  "hearthd records each call to somewhere else before its first byte, in a ledger that cannot be "
                  "changed without a trace.",
                  nullptr);
  add_report(cli, app);
  add_verify(cli, app);
  auto& note =
      cli.command(app, "checkpoint",
                  "Print a signed checkpoint to keep elsewhere.\n\n"
                  "It is three lines and a signature: the ledger's name, its number of records and the hash of "
                  "all of them. On paper, a memory stick or another machine it later proves that nothing from "
                  "before it was changed: hearth egress verify --checkpoint FILE.",
                  checkpoint);
  cli.manual.examples(note, {{"hearth egress checkpoint > /media/stick/november.txt", "Keep one on a memory stick."}});
  auto& key =
      cli.command(app, "key",
                  "Print the public key that the ledger is signed with.\n\n"
                  "Whoever has it can verify a copy of the database anywhere: hearth egress verify --public-key "
                  "KEY --database FILE.",
                  show_key);
  cli.manual.examples(key, {{"hearth egress key", "Note it beside the checkpoints."}});
  auto& aside = cli.command(app, "set-aside",
                            "Put a damaged ledger aside, so that hearthd can begin a new one.\n\n"
                            "Where the ledger was tampered with, or its key was lost, hearthd lets nothing leave the "
                            "box. This moves the old ledger and its key to files beside the database, where they can "
                            "still be looked into. hearthd must not run.",
                            move_aside);
  cli.manual.examples(aside, {{"hearth egress set-aside", "After hearth egress verify said what happened."}});
  cli.manual.examples(
      app, {{"hearth egress report", "What left the box?"}, {"hearth egress verify", "Was the ledger tampered with?"}});
}

}  // namespace hearth::tool
