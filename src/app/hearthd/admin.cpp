#include "admin.h"

#include "admin_cache.h"
#include "admin_calls.h"
#include "admin_egress.h"
#include "admin_packs.h"
#include "admin_spend.h"
#include "admin_upstreams.h"

#include <hearth/core/log.h>
#include <hearth/dialects/api_error.h>
#include <hearth/hardware/machine.h>
#include <hearth/hardware/memory.h>
#include <hearth/net/runtime.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <thread>

namespace hearth::daemon {

namespace json = boost::json;
using dialects::ApiCode;

namespace {

constexpr std::size_t kMaxBody = 64 * 1024;
constexpr Seconds kEngineTime{150};  // more than a start may take
constexpr Seconds kLogWait{25};

json::value optional_time(const std::optional<WallTime>& t) {
  return t ? json::value(format_rfc3339(*t)) : json::value(nullptr);
}

json::array strings(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& s : list) array.emplace_back(s);
  return array;
}

json::object describe(const engines::EngineStatus& e) {
  return {{"name", e.name},
          {"title", e.title},
          {"state", engines::to_string(e.state)},
          {"tasks", strings(e.tasks)},
          {"models", strings(e.models)},
          {"pid", e.pid},
          {"memory", e.memory},
          {"reserved", e.reserved},
          {"memory_limit", e.memory_limit},
          {"memory_stalled", e.memory_stalled},
          {"started_at", optional_time(e.started_at)},
          {"restarts", e.restarts},
          {"stalls", e.stalls},
          {"recycles", e.recycles},
          {"in_flight", e.in_flight},
          {"queued", e.queued},
          {"slots", e.slots},
          {"served", e.served},
          {"failed", e.failed},
          {"start_seconds", e.last_start_seconds},
          {"containment", e.containment},
          {"pack", e.pack},
          {"why", e.why},
          {"last_error", e.last_error}};
}

json::object describe(const store::KeyInfo& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"prefix", key.prefix},
          {"created_at", format_rfc3339(key.created)},
          {"last_used_at", optional_time(key.last_used)},
          {"data_class", key.data_class ? json::value(to_string(*key.data_class)) : json::value(nullptr)}};
}

json::array describe_engines(const engines::Supervisor& supervisor) {
  json::array all;
  for (const auto& engine : supervisor.snapshot()) all.push_back(describe(engine));
  return all;
}

json::array describe(const HealingRecord& record) {
  json::array all;
  for (const HealingRecord::Step& step : record.steps())
    all.push_back(json::object{{"at", format_rfc3339(step.at)}, {"what", step.what}});
  return all;
}

json::object describe(const engines::MemoryStatus& m) {
  return {{"budget", m.budget},     {"usable", m.usable},       {"reserved", m.reserved},
          {"measured", m.measured}, {"evictions", m.evictions}, {"interactive_reserve", m.interactive_reserve}};
}

json::object describe(const EgressHost& egress) {
  const EgressHost::Status status = egress.status();
  return {{"locked_down", status.locked_down},
          {"why_not", status.why_not},
          {"gate",
           {{"running", status.gate.running},
            {"starts", status.gate.starts},
            {"opened", status.gate.opened},
            {"refused", status.gate.refused},
            {"failed", status.gate.failed},
            {"last_error", status.gate.last_error}}}};
}

net::awaitable<void> reply(net::Exchange& exchange, const json::value& body) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(200, {{"Content-Type", "application/json"}}, json::serialize(body));
}

net::awaitable<void> refuse(net::Exchange& exchange, const dialects::ApiError& error) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(error.status, {{"Content-Type", "application/json"}}, dialects::encode(error));
}

net::awaitable<void> show_status(net::Exchange& exchange, const AdminContext& c) {
  const json::array all = describe_engines(c.supervisor);
  std::uint64_t engines_memory = 0;
  for (const json::value& e : all) engines_memory += e.at("memory").to_number<std::uint64_t>();
  const auto machine = hardware::machine_memory();
  const auto counts = c.gateway.counts();
  const bool ready = c.vitals.ready();
  json::array waiting;
  if (!ready) waiting.emplace_back(c.vitals.not_ready_because());
  const json::value status{
      {"version", HEARTH_VERSION},
      {"pid", ::getpid()},
      {"url", c.url},
      {"listen", strings(c.listen)},
      {"uptime_seconds", seconds_between(c.started, steady_now())},
      {"ready", ready},
      {"waiting_for", waiting},
      {"link", egress::to_string(c.link.state())},
      {"auth", c.access.key_required ? "keys" : "open"},
      {"config_file", c.config.file_was_read ? json::value(c.config.paths.config_file.string()) : json::value(nullptr)},
      {"data", c.config.paths.data.string()},
      {"machine", hardware::to_string(hardware::describe_machine())},
      {"memory",
       {{"hearthd", hardware::process_memory(::getpid())},
        {"engines", engines_memory},
        {"total", machine ? machine->total : 0},
        {"available", machine ? machine->available : 0},
        {"ledger", describe(c.supervisor.memory())}}},
      {"requests", {{"in_flight", counts.in_flight}, {"served", counts.served}, {"failed", counts.failed}}},
      {"egress", describe(c.egress)},
      {"engines", all},
      {"healing", describe(c.record)}};
  co_await reply(exchange, status);
}

net::awaitable<void> show_models(net::Exchange& exchange, const AdminContext& c) {
  const auto snapshot = c.supervisor.snapshot();
  json::array all;
  const gateway::Models models = c.catalogue.models();
  for (const gateway::Model& model : *models) {
    const std::string engine(model.upstream->name());
    const bool ready = std::ranges::any_of(
        snapshot, [&](const auto& e) { return e.name == engine && e.state == engines::State::ready; });
    all.push_back({{"id", model.id},
                   {"task", gateway::to_string(model.task)},
                   {"engine", engine},
                   {"aliases", strings(model.aliases)},
                   {"languages", strings(model.languages)},
                   {"ready", ready},
                   {"description", model.description}});
  }
  co_await reply(exchange, {{"data", all}});
}

enum class Order { start, stop, restart };

// Runs on the I/O thread, where the supervisor lives.
net::awaitable<Result<void>> carry_out(engines::Supervisor* supervisor, std::string engine, Order order) {
  const Deadline deadline = Deadline::in(kEngineTime);
  if (order == Order::start) return supervisor->start_engine(std::move(engine), deadline);
  if (order == Order::stop) return supervisor->stop_engine(std::move(engine), deadline);
  return supervisor->restart_engine(std::move(engine), deadline);
}

net::awaitable<void> order_engine(net::Exchange& exchange, const AdminContext& c, std::string_view rest) {
  const auto slash = rest.find('/');
  const std::string name(rest.substr(0, slash));
  const std::string_view verb = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  const bool known = verb == "start" || verb == "stop" || verb == "restart";
  if (!known)
    co_return co_await refuse(exchange,
                              dialects::api_error(ApiCode::unknown_url, "an engine takes /start, /stop and /restart"));
  const Order order = verb == "start" ? Order::start : verb == "stop" ? Order::stop : Order::restart;
  const auto done = co_await net::asio::co_spawn(c.io, carry_out(&c.supervisor, name, order), net::asio::use_awaitable);
  if (!done) co_return co_await refuse(exchange, dialects::to_api_error(done.error()));
  for (const auto& engine : c.supervisor.snapshot())
    if (engine.name == name) co_return co_await reply(exchange, describe(engine));
  co_await refuse(exchange, dialects::api_error(ApiCode::not_found, "the engine is gone"));
}

// What the store says names files of the box: clients are not told, its owner is.
dialects::ApiError in_full(const Error& error) {
  dialects::ApiError told = dialects::to_api_error(error);
  told.message = error.message();
  return told;
}

net::awaitable<void> make_key(net::Exchange& exchange, const AdminContext& c) {
  const auto body = co_await exchange.read_all(kMaxBody);
  if (!body) co_return co_await refuse(exchange, dialects::to_api_error(body.error()));
  json::error_code ec;
  const json::value request = json::parse(*body, ec);
  const json::value* name = !ec && request.is_object() ? request.get_object().if_contains("name") : nullptr;
  if (name == nullptr || !name->is_string())
    co_return co_await refuse(exchange, dialects::api_error(ApiCode::missing_required_parameter,
                                                            R"(send {"name": "what the key is for"})", "name"));
  std::optional<DataClass> data_class;
  if (const json::value* said = request.get_object().if_contains("data_class"); said != nullptr && !said->is_null()) {
    data_class = said->is_string() ? parse_data_class(said->get_string()) : std::nullopt;
    if (!data_class)
      co_return co_await refuse(
          exchange,
          dialects::api_error(ApiCode::invalid_value, "a class is public, internal, personal or secret", "data_class"));
  }
  const auto start = [&c, data_class, text = std::string(name->get_string())](auto done) {
    c.keys.create(text, data_class, wall_now(), std::move(done));
  };
  const auto made = co_await net::from_callback<store::NewKey>(start);
  if (!made) co_return co_await refuse(exchange, in_full(made.error()));
  json::object answer = describe(made->info);
  answer["key"] = made->key;
  co_await reply(exchange, answer);
}

net::awaitable<void> remove_key(net::Exchange& exchange, const AdminContext& c, std::string_view id) {
  const auto start = [&c, text = std::string(id)](auto done) { c.keys.remove(text, std::move(done)); };
  const auto removed = co_await net::from_callback<store::KeyInfo>(start);
  if (!removed) co_return co_await refuse(exchange, in_full(removed.error()));
  json::object answer = describe(*removed);
  answer["deleted"] = true;
  co_await reply(exchange, answer);
}

std::uint64_t number_or(const std::optional<std::string>& text, std::uint64_t fallback) {
  std::uint64_t value = fallback;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

net::awaitable<void> show_logs(net::Exchange& exchange) {
  const net::RequestHead& request = exchange.request();
  const std::uint64_t after = number_or(request.query("after"), 0);
  const std::uint64_t limit = std::min<std::uint64_t>(number_or(request.query("limit"), 200), 5000);
  const Seconds wait(
      std::min<std::uint64_t>(number_or(request.query("wait"), 0), static_cast<std::uint64_t>(kLogWait.count())));
  exchange.watch_client();
  const Deadline until = Deadline::in(wait);
  std::vector<log::Line> lines = log::recent(after, limit);
  while (lines.empty() && !until.passed()) {
    const auto slept = co_await net::sleep_for(Millis(200));
    if (!slept) co_return;
    lines = log::recent(after, limit);
  }
  std::string body = R"({"lines":[)";
  for (const log::Line& line : lines)
    body += fmt::format("{}{{\"seq\":{},\"line\":{}}}", &line == lines.data() ? "" : ",", line.seq, line.json);
  body += fmt::format("],\"next\":{}}}", lines.empty() ? after : lines.back().seq);
  [[maybe_unused]] const auto sent = co_await exchange.respond(200, {{"Content-Type", "application/json"}}, body);
}

net::awaitable<void> handle(net::Exchange& exchange, const AdminContext& c) {
  const bool vital = co_await answer_vitals(exchange, c.vitals, c.access, gateway::Gateway::Trust::owner);
  if (vital) co_return;
  const bool about_models = co_await c.models.answer(exchange);
  if (about_models) co_return;
  const std::string path = exchange.request().path();
  const std::string& method = exchange.request().method;
  constexpr std::string_view kEngines = "/admin/engines/";
  constexpr std::string_view kKeys = "/admin/keys/";
  if (method == "GET" && path == "/admin/status") co_return co_await show_status(exchange, c);
  if (method == "GET" && path == "/admin/engines")
    co_return co_await reply(exchange, {{"data", describe_engines(c.supervisor)},
                                        {"memory", describe(c.supervisor.memory())},
                                        {"healing", describe(c.record)}});
  if (method == "POST" && path.starts_with(kEngines))
    co_return co_await order_engine(exchange, c, std::string_view(path).substr(kEngines.size()));
  constexpr std::string_view kPacks = "/admin/packs/";
  if (method == "GET" && path == "/admin/packs") co_return co_await show_packs(exchange, c.packs, c.pool);
  if (method == "POST" && path.starts_with(kPacks))
    co_return co_await change_pack(exchange, c.packs, std::string_view(path).substr(kPacks.size()));
  if (method == "GET" && path == "/admin/spend") co_return co_await show_spend(exchange, c.budgets);
  if (method == "GET" && path == "/admin/budgets") co_return co_await show_budgets(exchange, c.budgets);
  if (method == "GET" && path == "/admin/models") co_return co_await show_models(exchange, c);
  if (method == "GET" && path == "/admin/upstreams")
    co_return co_await show_upstreams(exchange, c.catalogue.models(), c.budgets.prices(), c.io);
  if (method == "GET" && path == "/admin/hardware") co_return co_await reply(exchange, c.box.describe_hardware());
  if (method == "GET" && path == "/admin/explain/placement")
    co_return co_await reply(exchange, c.box.describe_placement(c.supervisor.snapshot()));
  if (method == "GET" && path == "/admin/cache") co_return co_await show_cache(exchange, c.answers);
  if (method == "DELETE" && path == "/admin/cache") co_return co_await clear_cache(exchange, c.answers, c.io);
  constexpr std::string_view kCalls = "/admin/calls/";
  if (method == "GET" && path == "/admin/calls") co_return co_await show_calls(exchange, c.gateway.calls());
  if (method == "GET" && path.starts_with(kCalls))
    co_return co_await show_call(exchange, c.gateway.calls(), std::string_view(path).substr(kCalls.size()));
  if (method == "GET" && path == "/admin/keys") {
    json::array all;
    for (const auto& key : c.keys.list()) all.push_back(describe(key));
    co_return co_await reply(exchange, {{"data", all}});
  }
  if (method == "POST" && path == "/admin/keys") co_return co_await make_key(exchange, c);
  if (method == "DELETE" && path.starts_with(kKeys))
    co_return co_await remove_key(exchange, c, std::string_view(path).substr(kKeys.size()));
  if (path.starts_with("/admin/egress")) co_return co_await answer_egress(exchange, c.ledger, c.pool);
  if (method == "GET" && path == "/admin/logs") co_return co_await show_logs(exchange);
  co_await refuse(exchange,
                  dialects::api_error(ApiCode::unknown_url,
                                      fmt::format("the admin API has no {} {}; docs/admin-api.md lists what it has",
                                                  method, path.substr(0, 200))));
}

}  // namespace

struct AdminServer::Impl {
  Impl(AdminContext c)
      : context(std::move(c)),
        io(1),
        server(io.get_executor(), {}, gateway::Gateway::error_page,
               [this](net::Exchange& exchange) { return handle(exchange, context); }) {}

  AdminContext context;
  net::asio::io_context io;
  net::HttpServer server;
  std::thread thread;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<AdminServer>> AdminServer::start(AdminContext context, const std::filesystem::path& socket) {
  auto impl = std::make_unique<Impl>(std::move(context));
  HEARTH_TRY(impl->server.listen({"", 0, socket}));
  impl->thread = std::thread([i = impl.get()] { i->io.run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

net::awaitable<void> AdminServer::stop(Deadline deadline) {
  co_await net::asio::co_spawn(impl_->io, impl_->server.stop(deadline), net::asio::use_awaitable);
}

AdminServer::~AdminServer() {
  impl_->thread.join();
}

}  // namespace hearth::daemon
