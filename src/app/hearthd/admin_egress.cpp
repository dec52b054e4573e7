#include "admin_egress.h"

#include <hearth/dialects/api_error.h>
#include <hearth/egress/report.h>
#include <hearth/net/runtime.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace hearth::daemon {
namespace {

namespace json = boost::json;
using dialects::ApiCode;

net::awaitable<void> reply(net::Exchange& exchange, const json::value& body) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(200, {{"Content-Type", "application/json"}}, json::serialize(body));
}

net::awaitable<void> refuse(net::Exchange& exchange, const dialects::ApiError& error) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(error.status, {{"Content-Type", "application/json"}}, dialects::encode(error));
}

// The owner of the box is told all of it, causes too.
dialects::ApiError in_full(const Error& error) {
  dialects::ApiError api = dialects::to_api_error(error);
  api.message = error.describe();
  return api;
}

json::object describe(const EgressContext& c) {
  if (c.ledger == nullptr) return {{"ready", false}, {"problem", c.problem ? c.problem->describe() : ""}};
  const auto counts = c.ledger->counts();
  return {
      {"ready", true}, {"key", c.ledger->key().to_string()}, {"waiting", counts.waiting}, {"dropped", counts.dropped}};
}

net::awaitable<void> make_checkpoint(net::Exchange& exchange, const EgressContext& c) {
  if (c.ledger == nullptr) {
    const Error why = c.problem.value_or(Error(Errc::failed_precondition, "there is no egress ledger"));
    co_return co_await refuse(exchange, in_full(why));
  }
  const auto start = [ledger = c.ledger](auto done) { ledger->checkpoint(std::move(done)); };
  const auto note = co_await net::from_callback<std::string>(start);
  if (!note) co_return co_await refuse(exchange, in_full(note.error()));
  co_await reply(exchange, json::object{{"checkpoint", *note}});
}

Result<egress::ReportQuery> read_query(const net::RequestHead& request) {
  egress::ReportQuery query;
  if (const auto since = request.query("since")) {
    std::int64_t seconds = 0;
    const auto [end, ec] = std::from_chars(since->data(), since->data() + since->size(), seconds);
    constexpr std::int64_t kLatest = 9'000'000'000;  // the year 2255
    if (ec != std::errc() || end != since->data() + since->size() || seconds < 0 || seconds > kLatest)
      return fail(Errc::invalid_argument, "since must be in seconds since 1970");
    query.since = WallTime(Seconds(seconds));
  }
  if (const auto least = request.query("class")) {
    query.least = parse_data_class(*least);
    if (!query.least) return fail(Errc::invalid_argument, "class must be public, internal, personal or secret");
  }
  return query;
}

net::awaitable<void> show_report(net::Exchange& exchange, const EgressContext& c, net::BlockingPool& pool) {
  const auto query = read_query(exchange.request());
  if (!query) co_return co_await refuse(exchange, in_full(query.error()));
  auto work = [database = c.database, query = *query]() -> Result<json::object> {
    HEARTH_TRY_ASSIGN(store::Connection db, store::Connection::open_read_only(database));
    HEARTH_TRY_ASSIGN(egress::DatabaseRows rows, egress::DatabaseRows::open(db));
    HEARTH_TRY_ASSIGN(const egress::Report report, egress::report(rows, query));
    return egress::to_json(report);
  };
  const auto report = co_await pool.run(std::move(work));
  if (!report) co_return co_await refuse(exchange, in_full(report.error()));
  co_await reply(exchange, *report);
}

}  // namespace

net::awaitable<void> answer_egress(net::Exchange& exchange, const EgressContext& c, net::BlockingPool& pool) {
  const std::string path = exchange.request().path();
  const std::string method = exchange.request().method;
  if (method == "GET" && path == "/admin/egress") {
    const json::object described = describe(c);
    co_return co_await reply(exchange, described);
  }
  if (method == "GET" && path == "/admin/egress/report") co_return co_await show_report(exchange, c, pool);
  if (method == "POST" && path == "/admin/egress/checkpoint") co_return co_await make_checkpoint(exchange, c);
  const auto unknown = dialects::api_error(
      ApiCode::unknown_url,
      fmt::format("the admin API has no {} {}; docs/admin-api.md lists what it has", method, path.substr(0, 200)));
  co_await refuse(exchange, unknown);
}

}  // namespace hearth::daemon
