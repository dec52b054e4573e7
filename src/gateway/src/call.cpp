#include "call.h"

#include "answer_once.h"

#include <hearth/dialects/anthropic.h>
#include <hearth/dialects/ollama.h>
#include <hearth/dialects/responses.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::gateway {

namespace {

std::string encode_error(const Call& call, const dialects::ApiError& error) {
  switch (call.dialect) {
    case Dialect::anthropic:
      return dialects::encode_anthropic(error, call.id);
    case Dialect::ollama:
      return dialects::encode_ollama(error);
    case Dialect::openai:
    case Dialect::responses:
      break;
  }
  return dialects::encode(error);
}

// In a stream that has begun.
std::string encode_event(const Call& call, const dialects::ApiError& error) {
  switch (call.dialect) {
    case Dialect::anthropic:
      return dialects::encode_anthropic_event(error, call.id);
    case Dialect::ollama:
      return dialects::encode_ollama(error) + "\n";
    case Dialect::responses:
      return dialects::encode_response_error(error);
    case Dialect::openai:
      break;
  }
  return dialects::encode_event(error);
}

}  // namespace

net::Headers answer_headers(const Call& call, std::string_view content_type) {
  net::Headers headers{{"Content-Type", std::string(content_type)}, {"x-request-id", call.id}};
  if (call.dialect == Dialect::anthropic) {
    headers.add("request-id", call.id);
  } else {
    headers.add("openai-processing-ms", fmt::format("{:.0f}", seconds_between(call.began, steady_now()) * 1000));
  }
  if (call.decision.model != nullptr && !call.decision.reason.empty()) {
    headers.add("x-hearth-model", call.decision.model->id);
    headers.add("x-hearth-reason", call.decision.reason);
  }
  if (const auto* trimmed = call.decision.trimmed.get(); trimmed != nullptr && trimmed->bytes_saved > 0)
    headers.add("x-hearth-trimmed", fmt::format("bytes={}; tokens={}", trimmed->bytes_saved, trimmed->tokens_saved));
  if (const auto origin = call.exchange.request().headers.get("Origin"); call.origin_welcome && !origin.empty()) {
    headers.add("Access-Control-Allow-Origin", std::string(origin));
    headers.add("Vary", "Origin");
  }
  return headers;
}

net::awaitable<void> reply(Call& call, int status, std::string_view content_type, std::string_view body) {
  call.decision.status = status;
  // A client that does not take its answer has left, and needs none.
  // While others may follow the call, what is of the call and not of the answer is each client's own, and said later.
  net::Headers headers = call.exchange.diverted() ? net::Headers{{"Content-Type", std::string(content_type)}}
                                                  : answer_headers(call, content_type);
  [[maybe_unused]] const auto sent = co_await call.exchange.respond(status, std::move(headers), body);
}

net::awaitable<void> reply_json(Call& call, std::string_view body) {
  return reply(call, 200, "application/json", body);
}

net::awaitable<void> reply_error(Call& call, dialects::ApiError error, StreamKind kind) {
  if (!call.exchange.diverted()) co_return co_await tell_error(call, call.exchange, std::move(error), kind);
  call.exchange.refuse(std::move(error));
}

net::awaitable<void> tell_error(Call& call, net::Exchange& client, dialects::ApiError error, StreamKind kind) {
  call.decision.status = error.status;
  if (client.started()) {
    if (kind == StreamKind::bytes) co_return;
    const std::string event = encode_event(call, error);
    const auto told = co_await client.write(event);
    if (told) co_await client.finish();
    co_return;
  }
  net::Headers headers = answer_headers(call, "application/json");
  if (const auto retry = dialects::retry_after_header(error)) {
    headers.add("Retry-After", *retry);
    headers.add("retry-after-ms", fmt::format("{}", error.retry_after->count()));
  }
  if (error.retry_is_useless) headers.add("x-should-retry", "false");
  if (error.code == dialects::info(dialects::ApiCode::answer_lost).code)
    headers.add("x-hearth-idempotency", "uncertain");
  if (!call.decision.allow.empty()) headers.add("Allow", call.decision.allow);
  const std::string body = encode_error(call, error);
  [[maybe_unused]] const auto sent = co_await client.respond(error.status, std::move(headers), body);
}

net::awaitable<dialects::Decoded<dialects::JsonBody>> receive_json(Call& call) {
  const auto type = call.exchange.request().headers.get("Content-Type");
  const auto media_type = type.substr(0, type.find(';'));
  if (!media_type.empty() &&
      (media_type.starts_with("multipart/") || media_type == "application/x-www-form-urlencoded")) {
    co_return dialects::reject(
        dialects::ApiCode::unsupported_content_type,
        fmt::format("this endpoint reads JSON, not {}: send Content-Type: application/json", media_type));
  }
  const std::uint64_t limit = call.services.config.limits.json_body;
  // Until it is here, a body whose length nobody said counts as the largest.
  const std::uint64_t expected = std::min(limit, call.exchange.content_length().value_or(limit));
  if (expected > kInlineParse && !call.body_memory.take(call.services.body_memory, expected)) {
    dialects::ApiError busy = dialects::api_error(
        dialects::ApiCode::service_unavailable,
        "the box has as many large requests in memory as it can hold; try again in a moment, or send files as "
        "multipart/form-data");
    busy.retry_after = Seconds(1);
    co_return std::unexpected(std::move(busy));
  }
  auto body = co_await call.exchange.read_all(limit);
  if (body) call.body_memory.reset(body->size());
  if (!body) {
    if (body.error().is(Errc::too_large)) {
      co_return dialects::reject(
          dialects::ApiCode::request_too_large,
          fmt::format("the request's body is larger than {} bytes (limits.json_body); send less at once, "
                      "or files as multipart/form-data",
                      limit));
    }
    if (body.error().is(Errc::deadline_exceeded))
      co_return dialects::reject(dialects::ApiCode::request_timeout, "the request's body did not arrive in time");
    if (body.error().is(Errc::cancelled)) co_return std::unexpected(dialects::to_api_error(body.error()));
    co_return dialects::reject(dialects::ApiCode::body_incomplete, "the request's body ended early or is malformed");
  }
  call.exchange.watch_client();
  body->reserve(body->size() + dialects::kJsonPadding);
  dialects::JsonBody json(std::move(*body));
  const auto asked =
      co_await parse_sized(call, json.size(), [&] { return answers::read_request(shape_of(call), json.view()); });
  if (asked) call.asked = *asked;  // else it is malformed, which whoever decodes it will say
  co_return json;
}

dialects::Decoded<std::shared_ptr<const Model>> choose_model(Call& call, std::string_view name, Task task) {
  call.decision.requested_model = std::string(name.substr(0, 128));
  std::shared_ptr<const Model> model = call.services.catalogue.find(name, task);
  if (model == nullptr)
    return dialects::reject(dialects::ApiCode::model_not_found, call.services.catalogue.explain_missing(name, task),
                            "model");
  call.decision.model = model;
  return model;
}

}  // namespace hearth::gateway
