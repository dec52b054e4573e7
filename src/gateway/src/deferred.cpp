#include "deferred.h"

#include <hearth/deferred/describe.h>
#include <hearth/deferred/preferences.h>
#include <hearth/deferred/queue.h>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::gateway {
namespace {

using deferred::Queue;
using dialects::ApiCode;

constexpr std::string_view kDeferred = "/v1/deferred";
constexpr std::string_view kDeadline = "x-hearth-deadline";
constexpr std::string_view kNotBefore = "x-hearth-not-before";
constexpr std::string_view kWebhook = "x-hearth-webhook";
constexpr std::string_view kClientKey = "Idempotency-Key";
constexpr std::size_t kMostClientKey = 255;
constexpr std::size_t kMostListed = 1'000;

constexpr std::array<std::string_view, 13> kDeferrable{
    "/v1/chat/completions", "/v1/completions", "/v1/responses",    "/v1/messages",          "/v1/embeddings",
    "/v1/rerank",           "/v1/ocr",         "/v1/audio/speech", "/v1/images/detections", "/api/chat",
    "/api/generate",        "/api/embed",      "/api/embeddings"};

// Of this connection, of who is asking, or of the deferral itself: what is sent later has its own.
constexpr std::array<std::string_view, 21> kNotKept{"authorization",
                                                    "x-api-key",
                                                    "api-key",
                                                    "host",
                                                    "connection",
                                                    "keep-alive",
                                                    "te",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "content-length",
                                                    "expect",
                                                    "accept-encoding",
                                                    "origin",
                                                    "cookie",
                                                    "prefer",
                                                    "x-hearth-idempotency",
                                                    "x-stainless-retry-count",
                                                    kDeadline,
                                                    kNotBefore,
                                                    kWebhook,
                                                    "idempotency-key"};

bool is_kept(std::string_view name) {
  // Who a call is for is nothing that its client may say.
  return std::ranges::none_of(kNotKept, [&](std::string_view n) { return net::iequals(n, name); }) &&
         !net::iequals(name, "x-hearth-principal");
}

deferred::Preferences preferences_of(const net::Headers& headers) {
  std::string all;
  for (const auto& [name, value] : headers.fields())
    if (net::iequals(name, "Prefer")) all.append(all.empty() ? "" : ", ").append(value);
  return deferred::parse_prefer(all);
}

std::unexpected<dialects::ApiError> wrong(std::string_view header, std::string_view why) {
  return dialects::reject(ApiCode::invalid_value, fmt::format("{}: {}", header, why), std::string(header));
}

// When it may begin, and until when it must be answered.
struct Window {
  WallTime not_before;
  WallTime deadline;
};

dialects::Decoded<WallTime> begin_of(const Call& call, WallTime now) {
  const std::string_view text = call.exchange.request().headers.get(kNotBefore);
  if (text.empty()) return now;
  if (text != "cheap") {
    const auto moment = deferred::parse_moment(text, now);
    if (!moment) return wrong(kNotBefore, moment.error().message());
    return *moment;
  }
  std::vector<deferred::Hours> cheap;
  for (const std::string& hours : call.services.config.deferred.cheap_hours)
    if (const auto parsed = deferred::parse_hours(hours)) cheap.push_back(*parsed);
  const auto next = deferred::next_within(cheap, now);
  if (!next) return wrong(kNotBefore, "no hours are cheap here; deferred.cheap_hours in hearth.yaml says which are");
  return *next;
}

dialects::Decoded<Window> window_of(const Call& call, WallTime now) {
  Window window{now, now + call.services.config.deferred.deadline};
  if (const std::string_view text = call.exchange.request().headers.get(kDeadline); !text.empty()) {
    const auto moment = deferred::parse_moment(text, now);
    if (!moment) return wrong(kDeadline, moment.error().message());
    window.deadline = *moment;
  }
  const auto begin = begin_of(call, now);
  if (!begin) return std::unexpected(begin.error());
  window.not_before = *begin;
  if (window.deadline <= std::max(now, window.not_before))
    return wrong(kDeadline, fmt::format("the deadline, {}, is before the call may begin, {}",
                                        format_rfc3339(window.deadline), format_rfc3339(window.not_before)));
  return window;
}

dialects::Decoded<std::string> client_key_of(const net::Headers& headers) {
  const std::string_view key = headers.get(kClientKey);
  const bool visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  if (!visible || key.size() > kMostClientKey)
    return wrong(kClientKey, fmt::format("must be 1 to {} visible characters of ASCII", kMostClientKey));
  return std::string(key);
}

dialects::Decoded<deferred::NewCall> new_call(const Call& call, WallTime now) {
  const net::RequestHead& request = call.exchange.request();
  const auto window = window_of(call, now);
  if (!window) return std::unexpected(window.error());
  auto key = client_key_of(request.headers);
  if (!key) return std::unexpected(key.error());
  deferred::NewCall made;
  made.owner = {call.principal.id, call.principal.name};
  made.request.target = request.target;
  for (const auto& [name, value] : request.headers.fields())
    if (is_kept(name)) made.request.headers.emplace_back(name, value);
  made.not_before = window->not_before;
  made.deadline = window->deadline;
  made.client_key = std::move(*key);
  made.webhook = request.headers.get(kWebhook);
  if (made.webhook.empty()) return made;
  const auto allowed = deferred::check_webhook(made.webhook, call.services.config.deferred.webhooks);
  if (allowed) return made;
  if (allowed.error().is(Errc::permission_denied))
    return dialects::reject(ApiCode::permission_denied, allowed.error().message(), std::string(kWebhook));
  return wrong(kWebhook, allowed.error().message());
}

dialects::ApiError deferred_error(const Error& error) {
  if (error.is(Errc::failed_precondition)) return dialects::api_error(ApiCode::not_ready, error.message());
  return dialects::to_api_error(error);
}

// The call's answer as it came.
net::awaitable<void> reply_result(Call& call, std::string id, net::Headers headers) {
  Queue& queue = call.services.deferred;
  const auto ask = [&](auto done) { queue.answer(id, call.principal.id, std::move(done)); };
  const auto answer = co_await net::from_callback<deferred::Answer>(ask);
  if (!answer) co_return co_await reply_error(call, deferred_error(answer.error()));
  const auto body = co_await call.services.pool.run([&] { return queue.read(answer->body); });
  if (!body) co_return co_await reply_error(call, dialects::to_api_error(body.error()));
  headers.add("x-hearth-deferred", id);
  for (const auto& [name, value] : answer->headers) headers.add(name, value);
  call.decision.status = answer->status;
  [[maybe_unused]] const auto sent = co_await call.exchange.respond(answer->status, std::move(headers), *body);
}

// Until it has ended, or the client has waited long enough; true: it has.
net::awaitable<bool> wait_for_end(Call& call, std::string id, Seconds longest) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  auto ended = std::make_shared<net::Event>(executor);
  call.services.deferred.when_ended(id, [ended, executor] { net::asio::post(executor, [ended] { ended->set(); }); });
  const auto waited = co_await ended->wait(Deadline::in(longest));
  co_return waited.has_value();
}

net::awaitable<void> reply_accepted(Call& call, deferred::Job job) {
  net::Headers headers = answer_headers(call, "application/json");
  headers.add("Preference-Applied", "respond-async");
  headers.add("Location", fmt::format("{}/{}", kDeferred, job.id));
  call.decision.status = 202;
  const std::string body = deferred::encode(job);
  [[maybe_unused]] const auto sent = co_await call.exchange.respond(202, std::move(headers), body);
}

net::awaitable<void> list_calls(Call& call) {
  const std::string owner = call.principal.id;
  auto list = [&]() -> Result<std::string> {
    std::vector<deferred::Job> jobs = call.services.deferred.list(owner);
    if (jobs.size() > kMostListed) jobs.resize(kMostListed);
    return deferred::encode_list(jobs, owner == deferred::kEverything ? deferred::Whose::all : deferred::Whose::own);
  };
  const auto body = co_await call.services.pool.run(std::move(list));
  if (!body) co_return co_await reply_error(call, dialects::to_api_error(body.error()));
  co_await reply_json(call, *body);
}

net::awaitable<void> cancel_call(Call& call, std::string id) {
  Queue& queue = call.services.deferred;
  const auto ask = [&](auto done) { queue.cancel(id, call.principal.id, wall_now(), std::move(done)); };
  const auto cancelled = co_await net::from_callback<deferred::Job>(ask);
  if (!cancelled) co_return co_await reply_error(call, deferred_error(cancelled.error()));
  const bool removed = !queue.find(id, call.principal.id).has_value();
  const std::string body = removed ? deferred::encode_removed(id) : deferred::encode(*cancelled);
  co_await reply_json(call, body);
}

}  // namespace

bool is_to_be_deferred(const Call& call) {
  const net::RequestHead& request = call.exchange.request();
  if (request.method != "POST" || !request.headers.has("Prefer")) return false;
  const std::string path = request.path();
  return preferences_of(request.headers).respond_async && std::ranges::find(kDeferrable, path) != kDeferrable.end() &&
         !request.headers.get("Content-Type").starts_with("multipart/");
}

net::awaitable<void> defer(Call& call) {
  call.decision.operation = "deferred";
  const WallTime now = wall_now();
  auto made = new_call(call, now);
  if (!made) co_return co_await reply_error(call, made.error());
  const auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  Queue& queue = call.services.deferred;
  auto keep = [&]() -> Result<deferred::Content> { return queue.keep(std::string(body->view())); };
  auto content = co_await call.services.pool.run(std::move(keep));
  if (!content) co_return co_await reply_error(call, dialects::to_api_error(content.error()));
  made->request.body = std::move(*content);
  const auto ask = [&](auto done) { queue.add(std::move(*made), now, std::move(done)); };
  const auto job = co_await net::from_callback<deferred::Job>(ask);
  if (!job) co_return co_await reply_error(call, deferred_error(job.error()));
  const deferred::Preferences preferences = preferences_of(call.exchange.request().headers);
  bool ended = false;
  if (preferences.wait) ended = co_await wait_for_end(call, job->id, *preferences.wait);
  const auto after = queue.find(job->id, call.principal.id);
  if (!ended || !after || after->answer_status == 0) co_return co_await reply_accepted(call, after.value_or(*job));
  net::Headers headers{{"Preference-Applied", fmt::format("wait={}", preferences.wait->count())},
                       {"Content-Location", fmt::format("{}/{}/result", kDeferred, job->id)}};
  co_await reply_result(call, job->id, std::move(headers));
}

net::awaitable<void> handle_deferred(Call& call) {
  call.decision.operation = "deferred";
  const net::RequestHead& request = call.exchange.request();
  std::string rest = request.path().substr(kDeferred.size());
  if (rest.empty()) {
    if (request.method != "DELETE") co_return co_await list_calls(call);
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::method_not_allowed, "DELETE goes to /v1/deferred/ID, one call at a time"));
  }
  rest.erase(0, 1);
  if (rest == "webhook-secret") {
    const std::string body =
        fmt::format(R"({{"object":"webhook_secret","secret":"{}"}})", call.services.webhook_secret(call.principal.id));
    co_return co_await reply_json(call, body);
  }
  const auto slash = rest.find('/');
  const std::string id = rest.substr(0, slash);
  const auto job = call.services.deferred.find(id, call.principal.id);
  if (!job)
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::not_found, fmt::format("there is no deferred call {}", id.substr(0, 100))));
  if (slash != std::string::npos) co_return co_await reply_result(call, id, {});
  if (request.method == "DELETE") co_return co_await cancel_call(call, id);
  const std::string body = deferred::encode(*job);
  co_await reply_json(call, body);
}

}  // namespace hearth::gateway
