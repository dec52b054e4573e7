#include "src/chat_usage.h"
#include "src/message_event.h"

#include <hearth/dialects/anthropic_upstream.h>

#include <algorithm>

namespace hearth::dialects {
namespace {

ApiCode code_of(std::string_view type, int status) {
  if (type == "overloaded_error" || status == 529) return ApiCode::service_unavailable;
  if (type == "rate_limit_error") return ApiCode::rate_limit_exceeded;
  if (type == "invalid_request_error") return ApiCode::invalid_request;
  if (type == "authentication_error") return ApiCode::invalid_api_key;
  if (type == "permission_error" || type == "billing_error") return ApiCode::permission_denied;
  if (type == "not_found_error") return ApiCode::model_not_found;
  if (type == "request_too_large") return ApiCode::request_too_large;
  if (type == "timeout_error") return ApiCode::deadline_exceeded;
  return status >= 500 ? ApiCode::engine_error : ApiCode::invalid_request;
}

// A whole answer.
Result<MessageEvent> read_message(std::string_view answer) {
  HEARTH_TRY_ASSIGN(MessageEvent message, decode_message_event(answer));
  if (message.type == "error") return fail(message_error(message));
  if (message.type != "message" || !message.has_content)
    return fail(Errc::protocol_error, "the model's answer is no message");
  return message;
}

}  // namespace

Result<TranslatedAnswer> translate_message_answer(std::string_view answer, std::int64_t created) {
  HEARTH_TRY_ASSIGN(const MessageEvent message, read_message(answer));
  TranslatedAnswer translated;
  merge(translated.usage, message.counts);

  std::string text;
  std::string reasoning;
  bool said = false;
  for (const MessageBlock& block : message.content) {
    said = said || block.type == "text";
    text += block.text;
    reasoning += block.thinking;
  }
  const auto is_thinking = [](const MessageBlock& block) {
    return (block.type == "thinking" && !block.signature.empty()) || block.type == "redacted_thinking";
  };
  const auto is_call = [](const MessageBlock& block) { return block.type == "tool_use"; };
  json::Writer w;
  w.begin_object();
  w.key("id").string(message.id).key("object").plain_string("chat.completion").key("created").number(created);
  w.key("model").string(message.model);
  w.key("choices").begin_array().begin_object().key("index").number(0);
  w.key("message").begin_object().key("role").plain_string("assistant").key("content");
  said ? w.string(text) : w.null();
  w.key("refusal").null();
  if (!reasoning.empty()) w.key("reasoning_content").string(reasoning);
  if (std::ranges::any_of(message.content, is_thinking)) {
    w.key("thinking_blocks").begin_array();
    for (const MessageBlock& block : message.content)
      if (is_thinking(block)) write_thinking(w, block);
    w.end_array();
  }
  if (std::ranges::any_of(message.content, is_call)) {
    w.key("tool_calls").begin_array();
    for (const MessageBlock& block : message.content) {
      if (!is_call(block)) continue;
      w.begin_object().key("id").string(block.id).key("type").plain_string("function");
      w.key("function").begin_object().key("name").string(block.name);
      w.key("arguments").string(block.input.empty() ? "{}" : block.input).end_object().end_object();
    }
    w.end_array();
  }
  w.end_object();
  w.key("logprobs").null().key("finish_reason").plain_string(finish_reason(message.stop_reason));
  w.end_object().end_array();
  w.key("usage");
  write_chat_usage(w, translated.usage);
  w.end_object();
  translated.body = w.take();
  return translated;
}

Result<Usage> check_message_answer(std::string_view answer) {
  HEARTH_TRY_ASSIGN(const MessageEvent message, read_message(answer));
  Usage usage;
  merge(usage, message.counts);
  return usage;
}

ApiError decode_message_error(int status, std::string_view body) {
  const ApiError told = decode_error_body(status, body);
  ApiError error = api_error(code_of(told.type, status), told.message);
  // 402 and the like are no code of ours, and a status that the upstream did not send would say more than it did.
  if (status < 500) error.status = status;
  return error;
}

Result<std::string> CheckedMessageStream::feed(std::string_view bytes) {
  parser_.feed(bytes);
  std::string out;
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> next, parser_.next());
    if (!next) return out;
    if (finished_) continue;  // what comes after the end is for nobody
    HEARTH_TRY_ASSIGN(const MessageEvent event, decode_message_event(next->data));
    if (event.type == "error") return fail(message_error(event));
    started_ = started_ || event.type == "message_start";
    finished_ = event.type == "message_stop";
    merge(usage_, event.counts);
    if (started_) {
      out += encode_sse(next->data, event.type);
    } else if (event.type != "ping") {
      return fail(Errc::protocol_error, "the model's answer goes on before it began");
    }
  }
}

Result<void> CheckedMessageStream::end() const {
  if (finished_) return {};
  return fail(Errc::unavailable, "the model's answer was cut off before its end; ask again");
}

}  // namespace hearth::dialects
