#include "src/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace hearth::spend {
namespace {

using store::Connection;
using store::Statement;

constexpr std::int64_t kKeptUnsettled = 1000;

std::int64_t whole(std::uint64_t n) {
  return static_cast<std::int64_t>(n);
}

std::uint64_t count(std::int64_t n) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0));
}

Result<void> write_day(Connection& connection, const DayKey& k, const DaySums& s) {
  return connection.run(
      "INSERT INTO spend_days (day, key, key_name, agent, upstream, model, currency, metered, calls, unpriced, input, "
      "cached, cache_write, cache_write_long, output, nano, unsettled_nano, unsettled_tokens) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) "
      "ON CONFLICT DO UPDATE SET key_name = excluded.key_name, calls = calls + excluded.calls, "
      "unpriced = unpriced + excluded.unpriced, input = input + excluded.input, cached = cached + excluded.cached, "
      "cache_write = cache_write + excluded.cache_write, "
      "cache_write_long = cache_write_long + excluded.cache_write_long, output = output + excluded.output, "
      "nano = nano + excluded.nano, unsettled_nano = unsettled_nano + excluded.unsettled_nano, "
      "unsettled_tokens = unsettled_tokens + excluded.unsettled_tokens",
      k.day, k.who.key, k.who.key_name, k.who.agent, k.upstream, k.model, k.currency, k.metered ? 1 : 0, s.calls,
      s.unpriced, whole(s.usage.input), whole(s.usage.cached), whole(s.usage.cache_write),
      whole(s.usage.cache_write_long), whole(s.usage.output), s.nano, s.unsettled.nano, s.unsettled.tokens);
}

Result<void> write_held(Connection& connection, const Held& h) {
  return connection.run(
      "INSERT INTO spend_held (id, block, charged, at, day, key, key_name, agent, upstream, model, currency, nano, "
      "tokens) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
      "ON CONFLICT DO UPDATE SET nano = nano + excluded.nano, tokens = tokens + excluded.tokens",
      h.id, h.block ? 1 : 0, unix_seconds(h.at), h.key.day, h.key.who.key, h.key.who.key_name, h.key.who.agent,
      h.key.upstream, h.key.model, h.key.currency, h.amount.nano, h.amount.tokens);
}

Result<std::vector<Held>> open_rows(Connection& connection) {
  HEARTH_TRY_ASSIGN(Statement rows, connection.prepare("SELECT id, block, at, day, key, key_name, agent, upstream, "
                                                       "model, currency, nano, tokens FROM spend_held "
                                                       "WHERE charged = 0"));
  std::vector<Held> open;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return open;
    Held held;
    held.id = rows.integer(0);
    held.block = rows.integer(1) != 0;
    held.at = WallTime(std::chrono::seconds(rows.integer(2)));
    held.key = {static_cast<Day>(rows.integer(3)),
                {rows.text(4), rows.text(5), rows.text(6)},
                rows.text(7),
                rows.text(8),
                rows.text(9),
                true};
    held.amount = {rows.integer(10), rows.integer(11)};
    open.push_back(std::move(held));
  }
}

Result<std::int64_t> charge_open(Connection& connection) {
  HEARTH_TRY_ASSIGN(const std::vector<Held> open, open_rows(connection));
  std::int64_t charged = 0;
  for (const Held& held : open) {
    if (held.amount == Amount{}) continue;
    ++charged;
    HEARTH_TRY(write_day(connection, held.key, {.calls = held.block ? 0 : 1, .unsettled = held.amount}));
  }
  HEARTH_TRY(connection.run("DELETE FROM spend_held WHERE charged = 0 AND nano = 0 AND tokens = 0"));
  HEARTH_TRY(connection.run("UPDATE spend_held SET charged = 1 WHERE charged = 0"));
  HEARTH_TRY(
      connection.run("DELETE FROM spend_held WHERE charged = 1 AND id NOT IN "
                     "(SELECT id FROM spend_held WHERE charged = 1 ORDER BY id DESC LIMIT ?1)",
                     kKeptUnsettled));
  return charged;
}

}  // namespace

void add(DaySums& to, const DaySums& more) {
  to.calls += more.calls;
  to.unpriced += more.unpriced;
  to.usage.input += more.usage.input;
  to.usage.cached += more.usage.cached;
  to.usage.cache_write += more.usage.cache_write;
  to.usage.cache_write_long += more.usage.cache_write_long;
  to.usage.output += more.usage.output;
  to.nano += more.nano;
  to.unsettled = to.unsettled + more.unsettled;
}

Result<void> write(Connection& connection, const Changes& changes) {
  for (const auto& [key, sums] : changes.days) {
    HEARTH_TRY(write_day(connection, key, sums));
  }
  for (const Held& held : changes.held) {
    HEARTH_TRY(write_held(connection, held));
  }
  for (const auto& [id, by] : changes.shrunken) {
    HEARTH_TRY(connection.run("UPDATE spend_held SET nano = nano - ?2, tokens = tokens - ?3 WHERE id = ?1", id, by.nano,
                              by.tokens));
  }
  for (const std::int64_t id : changes.gone) {
    HEARTH_TRY(connection.run("DELETE FROM spend_held WHERE id = ?1", id));
  }
  return {};
}

Result<Found> start(Connection& connection, Day since) {
  Found found;
  HEARTH_TRY_ASSIGN(found.charged, charge_open(connection));
  HEARTH_TRY_ASSIGN(Statement last, connection.prepare("SELECT coalesce(max(id), 0) + 1 FROM spend_held"));
  HEARTH_TRY(last.step());
  found.next_id = last.integer(0);
  HEARTH_TRY_ASSIGN(Statement rows,
                    connection.prepare("SELECT day, key, max(key_name), agent, currency, sum(nano + unsettled_nano), "
                                       "sum(input + cached + cache_write + cache_write_long + output + "
                                       "unsettled_tokens) FROM spend_days WHERE metered = 1 AND day >= ?1 "
                                       "GROUP BY day, key, agent, currency"));
  HEARTH_TRY(rows.bind(since));
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return found;
    Claim claim{{rows.text(1), rows.text(2), rows.text(3)}, static_cast<Day>(rows.integer(0)), rows.text(4), true};
    found.spent.push_back({std::move(claim), {rows.integer(5), rows.integer(6)}});
  }
}

Result<std::vector<SpendRow>> sum_up(Connection& connection, Day since, By by) {
  const auto column = [&]() -> std::string_view {
    switch (by) {
      case By::key:
        return "CASE WHEN key_name <> '' THEN key_name ELSE key END";
      case By::agent:
        return "agent";
      case By::model:
        return "model";
      case By::upstream:
        return "upstream";
      case By::day:
        return "day";
    }
    return "day";
  }();
  HEARTH_TRY_ASSIGN(
      Statement rows,
      connection.prepare(fmt::format(
          "SELECT {} AS name, currency, sum(nano) AS spent, sum(input), sum(cached), sum(cache_write), "
          "sum(cache_write_long), sum(output), sum(calls), sum(unpriced), sum(unsettled_nano) AS open, "
          "sum(unsettled_tokens) FROM spend_days WHERE day >= ?1 GROUP BY name, currency ORDER BY {} LIMIT 10000",
          column, by == By::day ? "name DESC" : "spent + open DESC, sum(calls) DESC, name")));
  HEARTH_TRY(rows.bind(since));
  std::vector<SpendRow> all;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return all;
    SpendRow r;
    r.name = by == By::day ? to_string(static_cast<Day>(rows.integer(0))) : rows.text(0);
    r.currency = rows.text(1);
    r.nano = rows.integer(2);
    r.usage = {count(rows.integer(3)), count(rows.integer(4)), count(rows.integer(5)), count(rows.integer(6)),
               count(rows.integer(7))};
    r.calls = count(rows.integer(8));
    r.unpriced = count(rows.integer(9));
    r.unsettled = {rows.integer(10), rows.integer(11)};
    all.push_back(std::move(r));
  }
}

Result<std::vector<Unsettled>> list_unsettled(Connection& connection) {
  HEARTH_TRY_ASSIGN(Statement rows,
                    connection.prepare("SELECT at, key, key_name, agent, upstream, model, currency, nano, tokens FROM "
                                       "spend_held WHERE charged = 1 ORDER BY id DESC"));
  std::vector<Unsettled> all;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return all;
    all.push_back({WallTime(std::chrono::seconds(rows.integer(0))),
                   {rows.text(1), rows.text(2), rows.text(3)},
                   rows.text(4),
                   rows.text(5),
                   rows.text(6),
                   {rows.integer(7), rows.integer(8)}});
  }
}

}  // namespace hearth::spend
