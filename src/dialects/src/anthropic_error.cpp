#include "src/json_writer.h"

#include <hearth/dialects/anthropic.h>

namespace hearth::dialects {
namespace {

// Their SDKs choose the exception by the status, and show the type.
std::string_view type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    case 408:
    case 504:
      return "timeout_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

}  // namespace

std::string encode_anthropic(const ApiError& error, std::string_view request_id) {
  json::Writer w;
  w.begin_object().key("type").plain_string("error");
  w.key("error").begin_object();
  w.key("type").plain_string(type_of(error.status));
  w.key("message").string(error.message);
  w.end_object();
  w.key("request_id").string(request_id);
  w.end_object();
  return w.take();
}

std::string encode_anthropic_event(const ApiError& error, std::string_view request_id) {
  return encode_sse(encode_anthropic(error, request_id), "error");
}

std::string encode_token_count(std::uint64_t tokens) {
  json::Writer w;
  w.begin_object().key("input_tokens").number(tokens).end_object();
  return w.take();
}

}  // namespace hearth::dialects
