#include "front.h"

#include <hearth/core/log.h>
#include <hearth/dialects/api_error.h>

#include <fmt/format.h>

namespace hearth::daemon {
namespace {

using gateway::Gateway;

net::Headers json_headers() {
  return {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
}

net::awaitable<void> refuse(net::Exchange& exchange, const dialects::ApiError& error) {
  [[maybe_unused]] const auto sent = co_await exchange.respond(error.status, json_headers(), dialects::encode(error));
}

bool is_vital(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/openapi.json";
}

net::awaitable<void> refuse_method(net::Exchange& exchange, std::string_view path) {
  const dialects::ApiError error =
      dialects::api_error(dialects::ApiCode::method_not_allowed, fmt::format("{} takes GET and HEAD", path));
  net::Headers headers = json_headers();
  headers.add("Allow", "GET, HEAD");
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(error.status, std::move(headers), dialects::encode(error));
}

net::awaitable<void> answer_preflight(net::Exchange& exchange, const gateway::AccessPolicy& access) {
  const net::Headers& headers = exchange.request().headers;
  const auto welcome = gateway::check_host_and_origin(headers, access);
  if (!welcome) co_return co_await refuse(exchange, welcome.error());
  net::Headers answer{{"Access-Control-Allow-Origin", std::string(headers.get("Origin"))},
                      {"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS"},
                      {"Access-Control-Max-Age", "600"},
                      {"Vary", "Origin"}};
  const auto wanted = headers.get("Access-Control-Request-Headers");
  answer.add("Access-Control-Allow-Headers", wanted.empty() ? "Authorization, Content-Type" : std::string(wanted));
  [[maybe_unused]] const auto sent = co_await exchange.respond(204, std::move(answer), "");
}

net::awaitable<void> answer_ready(net::Exchange& exchange, const Vitals& vitals) {
  const bool ready = vitals.ready();
  std::string body = R"({"status":"ready"})";
  if (!ready) {
    body = R"({"status":"not_ready","reason":)";
    log::append_json_string(body, vitals.not_ready_because());
    body += "}";
  }
  [[maybe_unused]] const auto sent = co_await exchange.respond(ready ? 200 : 503, json_headers(), body);
}

// What the box is doing must be told even when its pool is full.
net::awaitable<std::string> metrics_of(const Vitals& vitals) {
  auto collect = [&vitals]() -> Result<std::string> { return vitals.metrics(); };
  auto collected = co_await vitals.pool->run(std::move(collect));
  co_return collected ? std::move(*collected) : vitals.metrics();
}

}  // namespace

net::awaitable<bool> answer_vitals(net::Exchange& exchange, const Vitals& vitals, const gateway::AccessPolicy& access,
                                   Gateway::Trust trust) {
  const net::RequestHead& request = exchange.request();
  const bool get = request.method == "GET" || request.method == "HEAD";
  const std::string path = request.path();
  if (get && path == "/healthz") {
    [[maybe_unused]] const auto sent = co_await exchange.respond(200, json_headers(), R"({"status":"ok"})");
    co_return true;
  }
  if (get && path == "/readyz") {
    co_await answer_ready(exchange, vitals);
    co_return true;
  }
  if (request.method == "OPTIONS" && request.headers.has("Origin")) {
    co_await answer_preflight(exchange, access);
    co_return true;
  }
  if (!is_vital(path) || exchange.over_limit()) co_return false;
  if (!get) {
    co_await refuse_method(exchange, path);
    co_return true;
  }
  if (trust == Gateway::Trust::network) {
    const auto welcome = gateway::check_host_and_origin(request.headers, access);
    if (!welcome) {
      co_await refuse(exchange, welcome.error());
      co_return true;
    }
    // The API's description is no secret; what the box is doing is for those with a key.
    const auto who = path == "/metrics" ? gateway::authenticate(request.headers, access) : gateway::Principal{};
    if (!who) {
      co_await refuse(exchange, who.error());
      co_return true;
    }
  }
  const bool metrics = path == "/metrics";
  std::string body = vitals.openapi;
  if (metrics) body = co_await metrics_of(vitals);
  net::Headers headers{{"Content-Type", metrics ? "text/plain; version=0.0.4; charset=utf-8" : "application/json"}};
  if (const auto origin = request.headers.get("Origin"); !origin.empty())
    headers.add("Access-Control-Allow-Origin", std::string(origin));
  [[maybe_unused]] const auto sent = co_await exchange.respond(200, std::move(headers), body);
  co_return true;
}

}  // namespace hearth::daemon
