#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/core/utf8.h>
#include <hearth/dialects/api_error.h>
#include <hearth/dialects/sse.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxErrorBody = 64 << 10;
constexpr std::size_t kMaxErrorText = 2000;
constexpr std::chrono::milliseconds kRetrySoon{1000};

ApiCode code_for(Errc kind) {
  switch (kind) {
    case Errc::invalid_argument:
      return ApiCode::invalid_request;
    case Errc::unsupported:
      return ApiCode::unsupported;
    case Errc::too_large:
      return ApiCode::request_too_large;
    case Errc::unauthenticated:
      return ApiCode::invalid_api_key;
    case Errc::permission_denied:
      return ApiCode::permission_denied;
    case Errc::not_found:
      return ApiCode::not_found;
    case Errc::already_exists:
      return ApiCode::already_exists;
    case Errc::resource_exhausted:
      return ApiCode::rate_limit_exceeded;
    case Errc::cancelled:
      return ApiCode::request_cancelled;
    case Errc::deadline_exceeded:
      return ApiCode::deadline_exceeded;
    case Errc::unavailable:
    case Errc::failed_precondition:
      return ApiCode::service_unavailable;
    case Errc::protocol_error:
      return ApiCode::engine_error;
    case Errc::io_error:
    case Errc::corrupt:
    case Errc::internal:
      break;
  }
  return ApiCode::internal_error;
}

// For an answer that only has its status to tell us what it is.
ApiCode code_for_status(int status) {
  switch (status) {
    case 401:
      return ApiCode::invalid_api_key;
    case 403:
      return ApiCode::permission_denied;
    case 404:
      return ApiCode::not_found;
    case 408:
      return ApiCode::request_timeout;
    case 413:
      return ApiCode::request_too_large;
    case 429:
      return ApiCode::rate_limit_exceeded;
    case 503:
      return ApiCode::service_unavailable;
    case 504:
      return ApiCode::deadline_exceeded;
    default:
      return status >= 500 ? ApiCode::engine_error : ApiCode::invalid_request;
  }
}

std::string cut(std::string_view text) {
  if (text.size() <= kMaxErrorText) return std::string(text);
  std::size_t end = kMaxErrorText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

// A string as it is, a number (some servers send numeric codes) as its text, anything else as nothing.
Decoded<std::string> lenient_text(json::Value& value) {
  switch (value.kind()) {
    case json::Kind::string: {
      HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
      return cut(text);
    }
    case json::Kind::number: {
      HEARTH_TRY_ASSIGN(const double number, value.number());
      return fmt::format("{}", number);
    }
    default:
      HEARTH_TRY(value.check());
      return std::string();
  }
}

Decoded<void> read_error_object(const JsonBody& body, ApiError& error) {
  static constexpr std::array<std::string_view, 1> kOuter{"error"};
  static constexpr std::array<std::string_view, 4> kInner{"message", "type", "param", "code"};
  json::Document document(body);
  const auto fields = document.each_field(kOuter, [&](std::string_view, json::Value outer) -> Decoded<void> {
    HEARTH_TRY(outer.each_field(kInner, [&](std::string_view name, json::Value inner) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(std::string text, lenient_text(inner));
      if (text.empty()) return {};
      if (name == "param") {
        error.param = std::move(text);
        return {};
      }
      (name == "message" ? error.message : name == "type" ? error.type : error.code) = std::move(text);
      return {};
    }));
    return {};
  });
  HEARTH_TRY(fields);
  return fields->require("error");
}

}  // namespace

ApiError::ApiError() = default;
ApiError::ApiError(const ApiError& other) = default;
ApiError::ApiError(ApiError&& other) noexcept = default;
ApiError& ApiError::operator=(const ApiError& other) = default;
ApiError& ApiError::operator=(ApiError&& other) noexcept = default;
ApiError::~ApiError() = default;

ApiError api_error(ApiCode code, std::string_view message, std::optional<std::string_view> param) {
  const ApiCodeInfo& known = info(code);
  ApiError out;
  out.status = known.status;
  out.type = known.type;
  out.code = known.code;
  out.message = message;
  out.param = param;
  return out;
}

std::unexpected<ApiError> reject(ApiCode code, std::string_view message, std::optional<std::string_view> param) {
  return std::unexpected(api_error(code, message, param));
}

ApiError to_api_error(const Error& error) {
  const ApiCode code = code_for(error.kind());
  ApiError out = api_error(code, error.message());
  if (code == ApiCode::internal_error) out.message = "The box failed to do this; its log says why (hearth logs).";
  if (error.is(Errc::resource_exhausted) || error.is(Errc::unavailable)) out.retry_after = kRetrySoon;
  return out;
}

std::string encode(const ApiError& error) {
  json::Writer w;
  w.begin_object().key("error").begin_object();
  w.key("message").string(error.message);
  w.key("type").string(error.type);
  w.key("param");
  error.param ? w.string(*error.param) : w.null();
  w.key("code");
  error.code.empty() ? w.null() : w.string(error.code);
  w.end_object().end_object();
  return w.take();
}

std::string encode_event(const ApiError& error) {
  return encode_sse(encode(error));
}

std::optional<std::string> retry_after_header(const ApiError& error) {
  if (!error.retry_after) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
  return std::to_string(std::max<decltype(seconds)>(seconds, 1));
}

ApiError decode_error_body(int status, std::string_view body) {
  const auto by_status = [status] {
    ApiError error = api_error(code_for_status(status),
                               fmt::format("The engine answered with HTTP status {} and no explanation.", status));
    error.status = status;
    return error;
  };
  ApiError error = by_status();
  if (body.size() > kMaxErrorBody) return error;
  if (!read_error_object(JsonBody::copy_of(body), error)) return by_status();
  return error;
}

}  // namespace hearth::dialects
