// Errors as OpenAI's clients expect them: {"error":{"message","type","param","code"}}, all four keys always there.
//
// Decoders return Decoded<T>; a hearth::Error becomes an HTTP answer here and nowhere else.
#pragma once

#include <hearth/core/error.h>
#include <hearth/dialects/error_codes.h>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

// Made, moved and dropped out of the way, like hearth::Error.
struct ApiError {
  [[gnu::cold]] ApiError();
  [[gnu::cold]] ApiError(const ApiError& other);
  [[gnu::cold]] ApiError(ApiError&& other) noexcept;
  [[gnu::cold]] ApiError& operator=(const ApiError& other);
  [[gnu::cold]] ApiError& operator=(ApiError&& other) noexcept;
  [[gnu::cold]] ~ApiError();

  int status = 500;
  std::string type;                  // "invalid_request_error", "authentication_error", …; never empty
  std::string code;                  // stable, for programs; from error_codes.h, or as an engine or upstream gave it
  std::string message;               // a sentence that says what to do
  std::optional<std::string> param;  // which field: "input[3]", "document.image_url"
  std::optional<std::chrono::milliseconds> retry_after;  // when the same request may succeed
  bool retry_is_useless = false;  // clients that would try again by themselves are told not to (x-should-retry)

  friend bool operator==(const ApiError&, const ApiError&) = default;
};

template <typename T = void>
using Decoded = std::expected<T, ApiError>;

// Status and type come from the list.
[[gnu::cold]] ApiError api_error(ApiCode code, std::string_view message,
                                 std::optional<std::string_view> param = std::nullopt);
// Shorthand for `return reject(ApiCode::invalid_type, "…", "speed");`
[[gnu::cold]] std::unexpected<ApiError> reject(ApiCode code, std::string_view message,
                                               std::optional<std::string_view> param = std::nullopt);

// The one place where hearth::Error meets HTTP: invalid_argument, unsupported 400; unauthenticated 401;
// permission_denied 403; not_found 404; already_exists 409; too_large 413; resource_exhausted 429; cancelled 499;
// io_error, corrupt, internal 500; protocol_error 502; unavailable, failed_precondition 503; deadline_exceeded 504.
// The message is the error's own sentence; its causes stay in the log. For 500 it is a general sentence, because an
// internal error's text is not meant for a client. `retry_after` is set for resource_exhausted and unavailable.
[[gnu::cold]] ApiError to_api_error(const Error& error);

// The answer's body.
std::string encode(const ApiError& error);
// The same as one server-sent event, for a stream that has begun already: clients of OpenAI's raise it as an error.
std::string encode_event(const ApiError& error);
// The value of a Retry-After header: whole seconds, rounded up, at least 1. nullopt without retry_after.
std::optional<std::string> retry_after_header(const ApiError& error);

// An engine's or upstream's answer with a 4xx or 5xx status, read back. Tolerant: a body that is not OpenAI's shape, is
// not JSON or is larger than 64 KiB gives an error that only the status determines. Texts are cut at 2000 bytes.
ApiError decode_error_body(int status, std::string_view body);

}  // namespace hearth::dialects
