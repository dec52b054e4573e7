#include "admin_packs.h"

#include <hearth/dialects/api_error.h>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hearth::daemon {
namespace {

namespace json = boost::json;
using dialects::ApiCode;

constexpr std::size_t kMaxBody = 4096;
constexpr Millis kLook{100};
constexpr Seconds kKeepAlive{10};

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

struct Order {
  std::string name;
  PackManager::Kind kind = PackManager::Kind::install;
  PackManager::From from = PackManager::From::as_before;
  std::string image{};
};

dialects::Decoded<Order> read_order(std::string_view rest, std::string_view body) {
  const auto slash = rest.find('/');
  const std::string_view verb = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  Order order{.name = std::string(rest.substr(0, slash))};
  if (verb == "rollback") {
    order.kind = PackManager::Kind::rollback;
    return order;
  }
  if (verb != "install") return dialects::reject(ApiCode::unknown_url, "a pack takes /install and /rollback");
  if (body.empty()) return order;
  json::error_code ec;
  const json::value request = json::parse(body, ec);
  if (ec || !request.is_object())
    return dialects::reject(ApiCode::invalid_type,
                            R"(send {"from": "debian", "system" or "oci://…", "upgrade": true or false})");
  const json::value* upgrade = request.get_object().if_contains("upgrade");
  if (upgrade != nullptr && !upgrade->is_bool())
    return dialects::reject(ApiCode::invalid_type, "must be true or false", "upgrade");
  if (upgrade != nullptr && upgrade->get_bool()) order.kind = PackManager::Kind::upgrade;
  if (const json::value* from = request.get_object().if_contains("from")) {
    const std::string place = from->is_string() ? std::string(from->get_string()) : std::string();
    if (place == "debian") {
      order.from = PackManager::From::debian;
    } else if (place == "system") {
      order.from = PackManager::From::system;
    } else if (place.starts_with("oci://")) {
      order.from = PackManager::From::image;
      order.image = place;
    } else {
      return dialects::reject(ApiCode::invalid_value, "must be debian, system or oci://REGISTRY/NAME:TAG", "from");
    }
  }
  return order;
}

std::string event_of(const engines::PackProgress& now) {
  const json::value event{{"step", now.step}, {"fraction", now.fraction}, {"detail", now.detail}};
  return fmt::format("data: {}\n\n", json::serialize(event));
}

std::string event_of(const Result<PackManager::Outcome>& outcome) {
  if (!outcome) return dialects::encode_event(in_full(outcome.error()));
  json::array engines;
  for (const std::string& name : outcome->engines) engines.emplace_back(name);
  const json::value event{{"done", true},
                          {"id", outcome->id},
                          {"changed", outcome->changed},
                          {"note", outcome->note},
                          {"engines", engines}};
  return fmt::format("data: {}\n\n", json::serialize(event));
}

// Until it is over, or the client has left (false).
net::awaitable<bool> report(net::Exchange& exchange, const PackManager::Job& job) {
  std::string last;
  Deadline silent = Deadline::in(kKeepAlive);
  for (;;) {
    const PackManager::Progress progress = PackManager::look(job);
    std::string event = progress.outcome ? event_of(*progress.outcome) : event_of(progress.now);
    const bool speak = event != last || silent.passed();
    if (speak && (progress.outcome || !progress.now.step.empty())) {
      const auto written = co_await exchange.write(event);
      if (!written) co_return progress.outcome.has_value();
      last = std::move(event);
      silent = Deadline::in(kKeepAlive);
    }
    if (progress.outcome) co_return true;
    const auto slept = co_await net::sleep_for(kLook);
    if (!slept) co_return false;
  }
}

json::object describe(const engines::PackStatus& pack) {
  json::array files;
  for (const engines::PackFile& file : pack.files)
    files.push_back(json::object{{"package", file.package}, {"version", file.version}, {"sha256", file.sha256}});
  return {{"current", pack.current}, {"previous", pack.previous}, {"origin", pack.origin},
          {"suite", pack.suite},     {"bytes", pack.bytes},       {"files", files},
          {"problem", pack.problem}};
}

json::value describe(const std::vector<engines::Recipe>& recipes, const std::vector<engines::PackStatus>& installed) {
  json::array all;
  const auto add = [&](const std::string& name, const std::string& title) {
    json::object pack{{"name", name}, {"title", title}, {"installed", nullptr}};
    for (const auto& status : installed) {
      if (status.name == name) pack["installed"] = describe(status);
    }
    all.push_back(std::move(pack));
  };
  for (const auto& recipe : recipes) add(recipe.name, recipe.title);
  for (const auto& status : installed) {
    if (std::ranges::find(recipes, status.name, &engines::Recipe::name) == recipes.end()) add(status.name, "");
  }
  return json::object{{"data", std::move(all)}};
}

}  // namespace

net::awaitable<void> show_packs(net::Exchange& exchange, const PackManager& packs, net::BlockingPool& pool) {
  auto look = [&packs]() -> Result<json::value> { return describe(packs.recipes(), packs.installed()); };
  const auto described = co_await pool.run(std::move(look));
  if (!described) co_return co_await refuse(exchange, dialects::to_api_error(described.error()));
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(200, {{"Content-Type", "application/json"}}, json::serialize(*described));
}

net::awaitable<void> change_pack(net::Exchange& exchange, PackManager& packs, std::string_view rest) {
  const std::string target(rest);
  const auto body = co_await exchange.read_all(kMaxBody);
  if (!body) co_return co_await refuse(exchange, dialects::to_api_error(body.error()));
  const auto order = read_order(target, *body);
  if (!order) co_return co_await refuse(exchange, order.error());
  const auto job = packs.start(order->name, order->kind, order->from, order->image);
  if (!job) co_return co_await refuse(exchange, in_full(job.error()));
  exchange.watch_client();
  exchange.start(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}});
  const bool seen = co_await report(exchange, **job);
  if (!seen) {
    PackManager::cancel(**job);
    co_return;
  }
  [[maybe_unused]] const auto finished = co_await exchange.finish();
}

}  // namespace hearth::daemon
