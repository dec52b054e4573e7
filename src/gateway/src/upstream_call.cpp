#include "upstream_call.h"

#include <hearth/core/log.h>
#include <hearth/dialects/anthropic_upstream.h>
#include <hearth/dialects/retry_after.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace hearth::gateway {

using dialects::ApiCode;
using dialects::ApiError;

namespace {

constexpr std::size_t kPart = 64 * 1024;
constexpr std::size_t kMaxErrorBody = 64 * 1024;

bool is_engine(const Upstream& upstream) {
  return upstream.facts().kind == UpstreamKind::engine;
}

// "the speech engine", "openai": as people know it.
std::string called(const Upstream& upstream) {
  return is_engine(upstream) ? fmt::format("the {} engine", upstream.name()) : std::string(upstream.name());
}

// The code for engines, and the one for servers elsewhere.
ApiError trouble(const Upstream& upstream, ApiCode engine, ApiCode server, std::string message) {
  return dialects::api_error(is_engine(upstream) ? engine : server, std::move(message));
}

ApiError unavailable(const Upstream& upstream, std::string message) {
  ApiError error = trouble(upstream, ApiCode::engine_unavailable, ApiCode::upstream_unavailable, std::move(message));
  error.retry_after = std::max(Seconds(1), upstream.retry_after());
  return error;
}

// Engines name the parameter that a request was over; the box's owner knows it by the key in hearth.yaml.
void name_settings(std::string& message) {
  static constexpr std::array<std::array<std::string_view, 2>, 3> kNames{{{"(max_seconds)", "(limits.audio_duration)"},
                                                                          {"(max_pixels)", "(limits.image_pixels)"},
                                                                          {"(max_frames)", "(limits.document_pages)"}}};
  for (const auto& [parameter, key] : kNames)
    if (const auto at = message.find(parameter); at != std::string::npos) message.replace(at, parameter.size(), key);
}

// An engine may have codes of its own; clients meet only those of the list.
ApiError with_known_code(ApiError error) {
  if (dialects::find_api_code(error.code)) return error;
  if (error.type == "exceed_context_size_error")  // llama.cpp's
    return dialects::api_error(ApiCode::context_length_exceeded, std::move(error.message), "messages");
  const ApiCode code = error.status >= 500 ? ApiCode::engine_error : ApiCode::invalid_request;
  return dialects::api_error(code, std::move(error.message), std::move(error.param));
}

}  // namespace

net::awaitable<Attempt<LeasePtr>> acquire(Call& call, Upstream& upstream) {
  const Deadline deadline = Deadline::at(call.began + call.services.config.limits.request_time);
  auto lease = co_await upstream.acquire(deadline);
  if (lease) co_return std::move(*lease);
  const Error& error = lease.error();
  ApiError answer = dialects::to_api_error(error);
  if (error.is(Errc::resource_exhausted))
    answer = trouble(upstream, ApiCode::queue_full, ApiCode::upstream_limited, error.message());
  if (error.is(Errc::unavailable) || error.is(Errc::failed_precondition))
    answer = unavailable(upstream, error.message());
  if (answer.status == 429) answer.retry_after = std::max(Seconds(1), upstream.retry_after());
  co_return not_begun(std::move(answer), error.is(Errc::cancelled) ? Again::never : Again::elsewhere);
}

std::unexpected<Failure> unreadable(Lease& lease, const Upstream& upstream) {
  lease.finish(Outcome::failed);  // no input makes a sound engine speak nonsense
  log::warn("gateway", "an upstream gave an answer that cannot be read", {{"upstream", upstream.name()}});
  return give_up(trouble(upstream, ApiCode::engine_error, ApiCode::upstream_error,
                         fmt::format("{} gave an answer that cannot be read", called(upstream))),
                 Again::elsewhere);
}

std::unexpected<Failure> misspoke(Lease& lease, const Upstream& upstream, const Error& error) {
  lease.finish(Outcome::failed);
  // That it gave an error in place of an answer is told in its own words.
  const bool theirs = error.is(Errc::unavailable) && !is_engine(upstream);
  const std::string recorded =
      theirs ? std::string("it began an answer, and ended it with an error") : error.describe();
  log::warn("gateway", "an upstream answered wrongly", {{"upstream", upstream.name()}, {"error", recorded}});
  if (is_engine(upstream)) return give_up(dialects::to_api_error(error), Again::elsewhere);
  ApiError told = dialects::api_error(ApiCode::upstream_error, fmt::format("{}: {}", upstream.name(), error.message()));
  return std::unexpected(
      Failure{std::move(told), Again::elsewhere, false, fmt::format("{}: {}", upstream.name(), recorded)});
}

std::unexpected<Failure> broke(Lease& lease, const Upstream& upstream, const Error& error) {
  if (error.is(Errc::cancelled)) {
    lease.finish(Outcome::cancelled);
    return give_up(dialects::to_api_error(error));
  }
  if (error.is(Errc::deadline_exceeded)) {
    lease.finish(Outcome::timed_out);
    return std::unexpected(
        Failure{dialects::api_error(ApiCode::deadline_exceeded, fmt::format("{} did not {} in time", called(upstream),
                                                                            is_engine(upstream) ? "finish" : "answer")),
                Again::elsewhere,
                net::nothing_was_sent(error),
                {},
                net::nothing_was_sent(error)});
  }
  lease.finish(Outcome::failed);
  log::warn("gateway", "an upstream broke off", {{"upstream", upstream.name()}, {"error", error.describe()}});
  if (is_engine(upstream))
    return give_up(unavailable(upstream, fmt::format("the {} engine broke off and is being restarted; try again in a "
                                                     "moment",
                                                     upstream.name())),
                   Again::here);
  ApiError told = unavailable(upstream, fmt::format("{} could not be asked: {}", upstream.name(), error.message()));
  if (net::nothing_was_sent(error)) return not_begun(std::move(told), Again::elsewhere);
  return give_up(std::move(told), Again::elsewhere);
}

namespace {

// "insufficient_quota": a word for programs, and no text of anybody's. Else empty.
std::string_view as_word(std::string_view code) {
  constexpr std::size_t kLongest = 64;
  const auto fine = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; };
  return code.size() <= kLongest && std::ranges::all_of(code, fine) ? code : std::string_view();
}

// What a server elsewhere answered in place of an answer.
Failure refusal_in_its_words(const Upstream& upstream, const net::ResponseHead& head, ApiError told) {
  const int status = head.status;
  if (status == 401 || status == 403)  // the box's key, not the client's
    return {dialects::api_error(ApiCode::upstream_unavailable,
                                fmt::format("{} does not take this box's key ({}): {}; see providers.{}.key_files",
                                            upstream.name(), status, told.message, upstream.name())),
            Again::here, true};
  const auto rest =
      dialects::read_retry_after(head.headers.get("retry-after-ms"), head.headers.get("Retry-After"), wall_now());
  if (status == 429) {
    told.message = fmt::format("{}: {}", upstream.name(), told.message);
    told.retry_after = rest.value_or(Seconds(1));
    return {std::move(told), Again::elsewhere, true};
  }
  if (status >= 500) {
    ApiError error = dialects::api_error(
        ApiCode::upstream_error, fmt::format("{} answered with status {}: {}", upstream.name(), status, told.message));
    error.retry_after = rest;
    // Somebody in front of it has lost patience, and it may be at work still.
    constexpr int kGatewayTimeout = 504;
    constexpr int kOriginTimeout = 524;  // Cloudflare's
    return {std::move(error), Again::elsewhere, status != kGatewayTimeout && status != kOriginTimeout};
  }
  const bool may_differ = status == 404 || status == 408 || status == 409;
  return {std::move(told), may_differ ? Again::elsewhere : Again::never, true};
}

Failure refusal(const Upstream& upstream, const net::ResponseHead& head, std::string_view body) {
  const bool anthropic = upstream.facts().speaks == Speaks::anthropic;
  ApiError told =
      anthropic ? dialects::decode_message_error(head.status, body) : dialects::decode_error_body(head.status, body);
  const std::string_view word = as_word(told.code.empty() ? told.type : told.code);
  std::string recorded =
      fmt::format("{} answered with status {}{}{}", upstream.name(), head.status, word.empty() ? "" : ": ", word);
  Failure failure = refusal_in_its_words(upstream, head, std::move(told));
  failure.recorded = std::move(recorded);
  return failure;
}

Outcome outcome_of(int status) {
  if (status == 401 || status == 403) return Outcome::refused;
  if (status == 429) return Outcome::limited;
  return status >= 500 ? Outcome::error : Outcome::ok;
}

}  // namespace

net::awaitable<Attempt<net::ResponseHead>> expect_ok(Lease& lease, const Upstream& upstream,
                                                     net::ClientCall& exchange) {
  auto head = co_await exchange.head();
  if (!head) co_return broke(lease, upstream, head.error());
  if (head->status < 400) co_return std::move(*head);
  auto body = co_await exchange.read_all(kMaxErrorBody);
  if (!is_engine(upstream)) {
    Failure failure = refusal(upstream, *head, body ? *body : std::string());
    lease.finish(outcome_of(head->status), head->status == 429 ? failure.error.retry_after : std::nullopt);
    log::warn("gateway", "an upstream refused", {{"upstream", upstream.name()}, {"error", failure.recorded}});
    co_return std::unexpected(std::move(failure));
  }
  ApiError told = dialects::decode_error_body(head->status, body ? *body : std::string());
  const bool exhausted = told.code == "resource_exhausted";
  ApiError error = with_known_code(std::move(told));
  name_settings(error.message);
  lease.finish(exhausted ? Outcome::exhausted : head->status >= 500 ? Outcome::error : Outcome::ok);
  if (head->status >= 500)
    log::warn("gateway", "an engine failed on a request", {{"engine", upstream.name()}, {"error", error.message}});
  co_return give_up(error, head->status >= 500 || exhausted ? Again::elsewhere : Again::never);
}

net::awaitable<Attempt<net::ClientCall>> send_spooled(Call& call, Lease& lease, const Upstream& upstream,
                                                      std::string target, const Spooled& body) {
  net::RequestHead head{"POST", std::move(target), {{"Content-Type", "application/octet-stream"}}};
  if (body.in_memory()) {
    auto sent = co_await lease.client().send(std::move(head), body.memory(), lease.deadline());
    if (!sent) co_return broke(lease, upstream, sent.error());
    co_return std::move(*sent);
  }
  auto opened = co_await lease.client().open(std::move(head), net::BodyKind::chunked, lease.deadline());
  if (!opened) co_return broke(lease, upstream, opened.error());
  std::vector<char> part(4 * kPart);
  for (std::uint64_t offset = 0;;) {
    const auto n = co_await call.services.pool.run([&] { return body.read_at(offset, part); });
    if (!n) {
      lease.finish(Outcome::cancelled);
      co_return give_up(dialects::to_api_error(n.error()));
    }
    if (*n == 0) break;
    offset += *n;
    const auto written = co_await opened->write({part.data(), *n});
    if (!written && written.error().is(Errc::io_error))
      co_return std::move(*opened);  // it may have answered already: the head will tell
    if (!written) co_return broke(lease, upstream, written.error());
  }
  const auto ended = co_await opened->finish_body();
  if (!ended && !ended.error().is(Errc::io_error)) co_return broke(lease, upstream, ended.error());
  co_return std::move(*opened);
}

Attempt<Upstream*> media_of(const Call& call) {
  if (call.services.media != nullptr) return call.services.media;
  return give_up(dialects::api_error(ApiCode::engine_unavailable,
                                     "the media engine, which opens files, is not installed on this box"));
}

Pipe::Pipe(net::Executor executor, net::ClientCall* from, net::ClientCall* to, Lease* to_place)
    : from_(from), to_(to), to_place_(to_place), task_(std::move(executor)) {
  task_.spawn("gateway.pipe", copy());
}

net::awaitable<void> Pipe::end() {
  ending_ = true;
  co_await task_.stop();
}

net::awaitable<void> Pipe::copy() {
  std::vector<char> part(kPart);
  for (;;) {
    const auto n = co_await from_->read_some(part);
    if (!n) {
      if (ending_) co_return;  // told to stop: that is not the source's failure
      source_error_ = n.error();
      to_place_->finish(Outcome::cancelled);
      to_->abort();
      co_return;
    }
    if (*n == 0) break;
    bytes_ += *n;
    const auto written = co_await to_->write({part.data(), *n});
    if (!written) co_return;  // its reader finds out why
  }
  [[maybe_unused]] const auto ended = co_await to_->finish_body();
}

}  // namespace hearth::gateway
