// Every error code that a client can meet, in one list: the OpenAPI document, the documentation and the tests are
// checked against it, and no code string is written anywhere else in the daemon.
#pragma once

#include <optional>
#include <span>
#include <string_view>

// X(code, HTTP status, OpenAI's error type, what it means)
#define HEARTH_API_CODES(X)                                                                                          \
  /* The body as bytes */                                                                                            \
  X(empty_body, 400, invalid_request_error, "The request has no body.")                                              \
  X(invalid_utf8, 400, invalid_request_error, "The body, or a text in it, is not valid UTF-8.")                      \
  X(invalid_json, 400, invalid_request_error, "The body is not one well-formed JSON object.")                        \
  X(nesting_too_deep, 400, invalid_request_error, "The JSON is nested deeper than the limit.")                       \
  X(invalid_multipart, 400, invalid_request_error, "The body is not well-formed multipart/form-data.")               \
  X(body_incomplete, 400, invalid_request_error, "The body ended before all of it had arrived.")                     \
  /* Fields */                                                                                                       \
  X(duplicate_field, 400, invalid_request_error, "A field that matters is there twice, so its meaning is unclear.")  \
  X(missing_required_parameter, 400, invalid_request_error, "A required field is absent.")                           \
  X(invalid_type, 400, invalid_request_error, "A field has the wrong JSON type.")                                    \
  X(invalid_value, 400, invalid_request_error, "A field has the right type but a value that is not allowed.")        \
  X(empty_string, 400, invalid_request_error, "A text that must not be empty is empty.")                             \
  X(empty_array, 400, invalid_request_error, "A list that must not be empty is empty.")                              \
  X(string_above_max_length, 400, invalid_request_error, "A text is longer than the limit.")                         \
  X(array_above_max_length, 400, invalid_request_error, "A list has more items than the limit.")                     \
  X(unsupported_value, 400, invalid_request_error, "The value is known, but nothing on this box can do it.")         \
  X(invalid_data_url, 400, invalid_request_error, "A data URL is not well-formed base64 data.")                      \
  X(remote_documents_disabled, 400, invalid_request_error, "The box fetches nothing from the net for a client.")     \
  X(context_length_exceeded, 400, invalid_request_error, "The prompt is longer than the model's context.")           \
  X(invalid_request, 400, invalid_request_error, "The input is wrong in a way that the message names.")              \
  X(unsupported, 400, invalid_request_error, "Well-formed, but nothing on this box can do it.")                      \
  /* Media */                                                                                                        \
  X(empty_file, 400, invalid_request_error, "The file has no bytes.")                                                \
  X(unsupported_media, 400, invalid_request_error, "The file is of no kind that the box can open.")                  \
  X(corrupt_media, 400, invalid_request_error, "The file is damaged or cut short.")                                  \
  X(no_audio, 400, invalid_request_error, "The file has no sound in it.")                                            \
  X(no_video, 400, invalid_request_error, "The file has no picture in it.")                                          \
  X(encrypted_pdf, 400, invalid_request_error, "The PDF needs a password.")                                          \
  X(page_out_of_range, 400, invalid_request_error, "The document has no such page.")                                 \
  X(audio_too_long, 413, invalid_request_error, "The sound is longer than the limit.")                               \
  X(image_too_large, 413, invalid_request_error, "The image has more pixels than the limit.")                        \
  X(too_many_pages, 413, invalid_request_error, "The document has more pages than the limit.")                       \
  X(unknown_label, 400, invalid_request_error, "The detector does not know this label.")                             \
  X(invalid_language, 400, invalid_request_error, "That is not the name of a language.")                             \
  X(language_not_installed, 400, invalid_request_error, "The model for this language is not on the box.")            \
  /* Who, and what */                                                                                                \
  X(missing_api_key, 401, authentication_error, "The request carries no API key.")                                   \
  X(invalid_api_key, 401, authentication_error, "The API key is not known to this box.")                             \
  X(permission_denied, 403, permission_error, "The key is known but may not do this.")                               \
  X(host_not_allowed, 403, permission_error, "The Host header names a host that this box does not answer to.")       \
  X(origin_not_allowed, 403, permission_error, "A web page of this origin may not call this box.")                   \
  X(data_class_denied, 403, permission_error, "The data are of a class that may not go to anyone who could answer.") \
  X(not_found, 404, not_found_error, "There is no such thing.")                                                      \
  X(model_not_found, 404, not_found_error, "No model of that name is on this box.")                                  \
  X(file_not_found, 404, not_found_error, "No file of that id is on this box for this key.")                         \
  X(unknown_url, 404, not_found_error, "No endpoint has that path.")                                                 \
  X(method_not_allowed, 405, invalid_request_error, "The endpoint does not know this method.")                       \
  X(request_timeout, 408, invalid_request_error, "The request did not arrive in time.")                              \
  X(already_exists, 409, invalid_request_error, "Something of that name is there already.")                          \
  X(not_ready, 409, invalid_request_error, "The deferred call has not ended: its answer is not there yet.")          \
  X(answer_lost, 409, invalid_request_error, "The request was sent before, and its answer is not there any more.")   \
  X(idempotency_key_reused, 422, invalid_request_error, "The Idempotency-Key was used for another request.")         \
  X(request_too_large, 413, invalid_request_error, "The body, or a part of it, is larger than the limit.")           \
  X(unsupported_content_type, 415, invalid_request_error, "The endpoint does not read this Content-Type.")           \
  X(headers_too_large, 431, invalid_request_error, "The request's header is larger than the limit.")                 \
  X(rate_limit_exceeded, 429, rate_limit_error, "A quota is used up for now.")                                       \
  X(queue_full, 429, rate_limit_error, "The model works at its limit and its queue is full.")                        \
  X(budget_exceeded, 429, rate_limit_error, "What may be spent is spent for now.")                                   \
  X(upstream_limited, 429, rate_limit_error, "The server behind the model is asked too much.")                       \
  X(request_cancelled, 499, invalid_request_error, "The client went away before the answer was ready.")              \
  /* The box */                                                                                                      \
  X(internal_error, 500, server_error, "A fault of the box.")                                                        \
  X(engine_error, 502, server_error, "An engine answered with something that cannot be understood.")                 \
  X(upstream_error, 502, server_error, "The server behind the model failed, or answered what cannot be read.")       \
  X(service_unavailable, 503, service_unavailable, "The box cannot do this now.")                                    \
  X(engine_unavailable, 503, service_unavailable, "The engine behind the model is not there now.")                   \
  X(upstream_unavailable, 503, service_unavailable, "The server behind the model cannot be asked now.")              \
  X(model_not_loaded, 503, service_unavailable, "No model for this task is on the box yet.")                         \
  X(shutting_down, 503, service_unavailable, "The box is stopping.")                                                 \
  X(deadline_exceeded, 504, server_error, "It took longer than the limit.")

namespace hearth::dialects {

enum class ApiCode {
#define HEARTH_API_CODE_ENUM(code, status, type, meaning) code,
  HEARTH_API_CODES(HEARTH_API_CODE_ENUM)
#undef HEARTH_API_CODE_ENUM
};

struct ApiCodeInfo {
  std::string_view code;  // as in `error.code`
  int status;             // HTTP status it is sent with
  std::string_view type;  // as in `error.type`
  std::string_view meaning;
};

// All codes, in the order of the list.
std::span<const ApiCodeInfo> api_codes() noexcept;
const ApiCodeInfo& info(ApiCode code) noexcept;
// nullopt for a string that is no code of ours.
std::optional<ApiCode> find_api_code(std::string_view code) noexcept;

}  // namespace hearth::dialects
