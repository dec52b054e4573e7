#include "call.h"
#include "deferred.h"
#include "sessions.h"
#include "trimmed.h"

#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/gateway/gateway.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::gateway {

using dialects::ApiCode;

namespace {

constexpr std::uint64_t kLargestBodiesAtOnce = 8;  // of limits.json_body; smaller ones accordingly more

struct Route {
  std::string_view path;     // a * stands for one segment; at the end, ** for all that follows
  std::string_view methods;  // separated by spaces
  net::awaitable<void> (*handler)(Call&);
  Dialect dialect = Dialect::openai;
};

constexpr std::array kRoutes{
    Route{"/v1/embeddings", "POST", handle_embeddings},
    Route{"/v1/audio/speech", "POST", handle_speech},
    Route{"/v1/audio/voices", "GET HEAD", handle_voices},
    Route{"/v1/audio/transcriptions", "POST", handle_transcription},
    Route{"/v1/audio/translations", "POST", handle_translation},
    Route{"/v1/chat/completions", "POST", handle_chat},
    Route{"/v1/completions", "POST", handle_completions},
    Route{"/v1/rerank", "POST", handle_rerank},
    Route{"/v1/responses", "POST", handle_responses, Dialect::responses},
    Route{"/v1/messages", "POST", handle_messages, Dialect::anthropic},
    Route{"/v1/messages/count_tokens", "POST", handle_count_tokens, Dialect::anthropic},
    Route{"/api/chat", "POST", handle_ollama_chat, Dialect::ollama},
    Route{"/api/generate", "POST", handle_ollama_generate, Dialect::ollama},
    Route{"/api/embed", "POST", handle_ollama_embed, Dialect::ollama},
    Route{"/api/embeddings", "POST", handle_ollama_embedding, Dialect::ollama},
    Route{"/api/tags", "GET HEAD", handle_ollama_tags, Dialect::ollama},
    Route{"/api/ps", "GET HEAD", handle_ollama_running, Dialect::ollama},
    Route{"/api/show", "POST", handle_ollama_show, Dialect::ollama},
    Route{"/api/version", "GET HEAD", handle_ollama_version, Dialect::ollama},
    Route{"/v1/ocr", "POST", handle_ocr},
    Route{"/v1/images/detections", "POST", handle_detections},
    Route{"/v1/models", "GET HEAD", handle_models},
    Route{"/v1/models/**", "GET HEAD", handle_models},  // models may be called org/name
    Route{"/v1/deferred", "GET HEAD", handle_deferred},
    Route{"/v1/deferred/webhook-secret", "GET HEAD", handle_deferred},
    Route{"/v1/deferred/*", "GET HEAD DELETE", handle_deferred},
    Route{"/v1/deferred/*/result", "GET HEAD", handle_deferred},
    Route{"/v1/files", "GET HEAD POST", handle_files},
    Route{"/v1/files/*", "GET HEAD DELETE", handle_files},
    Route{"/v1/files/*/content", "GET HEAD", handle_files},
    Route{"/v1/files/*/url", "GET HEAD", handle_files},
};

bool matches(std::string_view pattern, std::string_view path) {
  if (pattern == "**") return !path.empty();
  const auto pattern_slash = pattern.find('/');
  const auto path_slash = path.find('/');
  const std::string_view segment = path.substr(0, path_slash);
  const std::string_view wanted = pattern.substr(0, pattern_slash);
  if (wanted == "*" ? segment.empty() : wanted != segment) return false;
  if (pattern_slash == std::string_view::npos || path_slash == std::string_view::npos)
    return pattern_slash == path_slash;
  return matches(pattern.substr(pattern_slash + 1), path.substr(path_slash + 1));
}

const Route* find_route(std::string_view path) {
  const auto* const exact = std::ranges::find(kRoutes, path, &Route::path);
  if (exact != kRoutes.end()) return exact;
  const auto found = std::ranges::find_if(kRoutes, [&](const Route& route) { return matches(route.path, path); });
  return found == kRoutes.end() ? nullptr : &*found;
}

bool allows(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const auto space = methods.find(' ');
    if (methods.substr(0, space) == method) return true;
    if (space == std::string_view::npos) return false;
    methods.remove_prefix(space + 1);
  }
  return false;
}

std::string comma_separated(std::string_view methods) {
  std::string text(methods);
  for (std::size_t at = 0; (at = text.find(' ', at)) != std::string::npos; at += 2) text.replace(at, 1, ", ");
  return text;
}

Routes routes_of(const config::Config& config) {
  Routes routes;
  for (const auto& [name, route] : config.routes) {
    for (const std::string& text : route.use) {
      auto step = config::parse_route_step(text);
      if (step) routes[name].push_back(std::move(*step));  // the configuration was checked when it was read
    }
  }
  return routes;
}

Qualities qualities_of(const config::Config& config) {
  Qualities qualities;
  for (const std::string& text : config.policy.quality)
    if (auto quality = config::parse_quality(text)) qualities[std::move(quality->model)] = quality->figure;
  return qualities;
}

}  // namespace

struct Gateway::Impl {
  explicit Impl(Collaborators c)
      : with(std::move(c)),
        spool(with.config->limits.spool),
        body_memory(kLargestBodiesAtOnce * with.config->limits.json_body),
        routes(routes_of(*with.config)),
        qualities(qualities_of(*with.config)),
        pays(steps_of(*with.config)),
        services{*with.config,
                 *with.catalogue,
                 with.media,
                 *with.pool,
                 *with.files,
                 spool,
                 with.config->paths.data / "spool",
                 body_memory,
                 routes,
                 qualities,
                 sessions,
                 *with.detectors,
                 with.declassify,
                 *with.deferred,
                 with.webhook_secret,
                 with.cache,
                 *with.flights,
                 *with.idempotency,
                 *with.budgets,
                 pays,
                 with.link,
                 with.ledger,
                 sha256_hex(config::render(*with.config))} {}

  Collaborators with;
  SpoolBudget spool;
  SpoolBudget body_memory;
  Routes routes;
  Qualities qualities;
  trim::Pays pays;
  Sessions sessions;
  Services services;
  CallLog calls;
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> failed{0};

  // The last that is done with a call: takes what is known of it.
  void tell(Call& call, double seconds) {
    Decision& d = call.decision;
    CallStory story;
    story.trimmed = trimmed_story(call);
    story.id = std::move(call.id);
    story.ended = wall_now();
    story.principal = std::move(call.principal.id);
    story.agent = std::move(d.agent);
    story.operation = d.operation;
    story.requested_model = std::move(d.requested_model);
    story.data_class = d.data_class;
    if (d.lowered) story.lowered = {d.lowered->rule->name, d.lowered->from};
    story.found = std::move(d.found);
    if (d.model != nullptr) story.model = d.model->id;
    story.reason = std::move(d.reason);
    story.source = d.source;
    story.status = d.status;
    story.seconds = seconds;
    story.input_tokens = d.input_tokens;
    story.output_tokens = d.output_tokens;
    story.passed = std::move(d.passed);
    story.tried = std::move(d.tried);
    calls.add(std::move(story));
  }

  static void write_line(const Call& call, log::Level level, double seconds) {
    const Decision& d = call.decision;
    log::write(level, "gateway", "request",
               {{"id", call.id},
                {"principal", call.principal.id},
                {"method", call.exchange.request().method},
                {"operation", d.operation},
                {"requested_model", d.requested_model},
                {"model", d.model == nullptr ? "" : d.model->id},
                {"status", d.status},
                {"attempts", d.attempts},
                {"source", d.source},
                {"input_tokens", d.input_tokens},
                {"output_tokens", d.output_tokens},
                {"ms", seconds * 1000}});
  }

  void settle(Call& call) {
    const Decision& d = call.decision;
    CallRecord record;
    record.operation = d.operation;
    if (d.model != nullptr) record.model = d.model->id;
    record.status = d.status;
    record.seconds = seconds_between(call.began, steady_now());
    if (d.first_byte) record.first_byte_seconds = seconds_between(call.began, *d.first_byte);
    record.input_tokens = d.input_tokens;
    record.output_tokens = d.output_tokens;
    record.trimmed = d.trimmed.get();
    with.metrics->record(record);
    --in_flight;
    ++served;
    if (d.status >= 500) ++failed;
    if (const log::Level level = d.status >= 500 ? log::Level::warn : log::Level::info; log::enabled(level))
      write_line(call, level, record.seconds);
    if (!d.tried.empty() || !d.passed.empty() || !d.source.empty()) tell(call, record.seconds);
  }
};

Gateway::Gateway(Collaborators collaborators) : impl_(std::make_unique<Impl>(std::move(collaborators))) {}
Gateway::~Gateway() = default;

Gateway::Counts Gateway::counts() const noexcept {
  return {impl_->in_flight, impl_->served, impl_->failed};
}

const CallLog& Gateway::calls() const noexcept {
  return impl_->calls;
}

std::uint64_t Gateway::spooled_bytes() const noexcept {
  return impl_->spool.used();
}

net::ErrorPage Gateway::error_page(int status, std::string_view, std::string_view message) {
  const ApiCode code = status == 408   ? ApiCode::request_timeout
                       : status == 431 ? ApiCode::headers_too_large
                       : status >= 500 ? ApiCode::internal_error
                                       : ApiCode::invalid_request;
  return {"application/json", dialects::encode(dialects::api_error(code, std::string(message)))};
}

net::awaitable<void> Gateway::handle(net::Exchange& exchange, Trust trust) {
  Impl& gateway = *impl_;
  Outlet outlet(exchange);
  Call call{new_id("req_"), {"owner", "owner"}, steady_now(), outlet, gateway.services, {}};
  ++gateway.in_flight;
  const net::RequestHead& request = exchange.request();
  const std::string path = request.path();
  const Route* route = find_route(path);
  if (route != nullptr) {
    call.dialect = route->dialect;
  } else if (path.starts_with("/api/")) {
    call.dialect = Dialect::ollama;
  }

  if (trust == Trust::network) {
    const auto welcome = check_host_and_origin(request.headers, gateway.with.access);
    auto who = welcome ? authenticate(request.headers, gateway.with.access)
                       : dialects::Decoded<Principal>(std::unexpected(welcome.error()));
    call.origin_welcome = welcome.has_value();
    if (!who) {
      co_await reply_error(call, who.error());
      co_return gateway.settle(call);
    }
    call.principal = std::move(*who);
  } else {
    auto who = on_behalf_of(request.headers, gateway.with.access);
    if (!who) {
      co_await reply_error(call, who.error());
      co_return gateway.settle(call);
    }
    call.principal = std::move(*who);
    call.own_errand = is_on_behalf(request.headers);
  }
  if (exchange.over_limit()) {
    dialects::ApiError busy = dialects::api_error(
        ApiCode::service_unavailable, "too many connections are open (server.connections); try again in a moment");
    busy.retry_after = Seconds(1);
    co_await reply_error(call, std::move(busy));
  } else if (route == nullptr) {
    co_await reply_error(
        call, dialects::api_error(
                  ApiCode::unknown_url,
                  fmt::format("there is no {}; GET /openapi.json describes what there is", path.substr(0, 200))));
  } else if (!allows(route->methods, request.method)) {
    call.decision.allow = comma_separated(route->methods);
    co_await reply_error(call, dialects::api_error(ApiCode::method_not_allowed,
                                                   fmt::format("{} takes {}, not {}", path.substr(0, 200),
                                                               call.decision.allow, request.method.substr(0, 20))));
  } else if (is_to_be_deferred(call)) {
    co_await defer(call);
  } else {
    co_await route->handler(call);
  }
  gateway.settle(call);
}

}  // namespace hearth::gateway
