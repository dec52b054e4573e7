#include "src/message_event.h"

#include "src/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxBlocks = 100'000;

// What is no text says nothing.
Decoded<void> read_text(json::Value& value, std::string& to) {
  if (value.kind() != json::Kind::string) return value.check();
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  to = text;
  return {};
}

Decoded<void> read_count(json::Value& value, std::optional<std::uint64_t>& to) {
  constexpr double kMost = 1e12;
  if (value.kind() != json::Kind::number) return value.check();
  HEARTH_TRY_ASSIGN(const double number, value.number());
  if (number >= 0 && number <= kMost) to = static_cast<std::uint64_t>(number);
  return {};
}

// The one count among what an object holds.
Decoded<void> read_detail(json::Value& value, const std::array<std::string_view, 1>& name,
                          std::optional<std::uint64_t>& to) {
  if (value.kind() != json::Kind::object) return value.check();
  HEARTH_TRY(value.each_field(
      name, [&to](std::string_view, json::Value count) -> Decoded<void> { return read_count(count, to); }));
  return {};
}

Decoded<void> read_usage(json::Value& value, MessageCounts& counts) {
  static constexpr std::array<std::string_view, 6> kNames{
      "input_tokens",          "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
      "output_tokens_details", "cache_creation"};
  static constexpr std::array<std::string_view, 1> kThinking{"thinking_tokens"};
  static constexpr std::array<std::string_view, 1> kLong{"ephemeral_1h_input_tokens"};
  HEARTH_TRY(value.each_field(kNames, [&counts](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "input_tokens") return read_count(field, counts.input);
    if (name == "output_tokens") return read_count(field, counts.output);
    if (name == "cache_read_input_tokens") return read_count(field, counts.cache_read);
    if (name == "cache_creation_input_tokens") return read_count(field, counts.cache_creation);
    if (name == "output_tokens_details") return read_detail(field, kThinking, counts.thinking);
    return read_detail(field, kLong, counts.cache_creation_1h);
  }));
  return {};
}

Decoded<void> read_block(json::Value& value, MessageBlock& block) {
  static constexpr std::array<std::string_view, 8> kNames{"type", "text", "thinking", "signature",
                                                          "data", "id",   "name",     "input"};
  HEARTH_TRY(value.each_field(kNames, [&block](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "input") {
      HEARTH_TRY_ASSIGN(block.input, field.raw());
      return {};
    }
    if (name == "type") return read_text(field, block.type);
    if (name == "text") return read_text(field, block.text);
    if (name == "thinking") return read_text(field, block.thinking);
    if (name == "signature") return read_text(field, block.signature);
    if (name == "data") return read_text(field, block.data);
    return read_text(field, name == "id" ? block.id : block.name);
  }));
  return {};
}

Decoded<void> read_delta(json::Value& value, MessageEvent& event) {
  static constexpr std::array<std::string_view, 6> kNames{"type",      "text",         "thinking",
                                                          "signature", "partial_json", "stop_reason"};
  HEARTH_TRY(value.each_field(kNames, [&event](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "type") return read_text(field, event.delta_type);
    if (name == "stop_reason") return read_text(field, event.stop_reason);
    return read_text(field, event.text);
  }));
  return {};
}

Decoded<void> read_error(json::Value& value, MessageEvent& event) {
  static constexpr std::array<std::string_view, 2> kNames{"type", "message"};
  HEARTH_TRY(value.each_field(kNames, [&event](std::string_view name, json::Value field) -> Decoded<void> {
    return read_text(field, name == "type" ? event.error_type : event.error_message);
  }));
  return {};
}

constexpr std::array<std::string_view, 11> kNames{"type",  "index", "message", "content_block", "delta",      "usage",
                                                  "error", "id",    "model",   "content",       "stop_reason"};

Decoded<void> read_field(std::string_view name, json::Value& value, MessageEvent& event) {
  if (name == "index") {
    HEARTH_TRY_ASSIGN(event.index, value.integer(0, static_cast<std::int64_t>(kMaxBlocks)));
    return {};
  }
  if (name == "message") {
    HEARTH_TRY(value.each_field(kNames, [&event](std::string_view inner, json::Value field) -> Decoded<void> {
      // What else an event has is no part of a message.
      const bool known = inner == "id" || inner == "model" || inner == "usage" || inner == "stop_reason";
      return known ? read_field(inner, field, event) : field.check();
    }));
    return {};
  }
  if (name == "content_block") return read_block(value, event.block);
  if (name == "delta") return read_delta(value, event);
  if (name == "usage") return read_usage(value, event.counts);
  if (name == "error") return read_error(value, event);
  if (name == "content") {
    event.has_content = true;
    return value.each_item(kMaxBlocks, [&event](std::size_t, json::Value item) -> Decoded<void> {
      return read_block(item, event.content.emplace_back());
    });
  }
  if (name == "type") return read_text(value, event.type);
  if (name == "id") return read_text(value, event.id);
  return read_text(value, name == "model" ? event.model : event.stop_reason);
}

}  // namespace

Result<MessageEvent> decode_message_event(std::string_view text) {
  const JsonBody body = JsonBody::copy_of(text);
  MessageEvent event;
  json::Document document(body);
  const auto fields = document.each_field(
      kNames, [&event](std::string_view name, json::Value value) { return read_field(name, value, event); });
  if (!fields) return fail(json::engine_fault(fields.error(), "the model's answer"));
  if (event.type.empty()) return fail(Errc::protocol_error, "the model's answer does not say what it is");
  return event;
}

void merge(Usage& usage, const MessageCounts& counts) {
  std::uint64_t input = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens;
  input = counts.input.value_or(input);
  usage.cached_tokens = counts.cache_read.value_or(usage.cached_tokens);
  usage.cache_write_tokens = counts.cache_creation.value_or(usage.cache_write_tokens);
  usage.cache_write_1h_tokens =
      std::min(counts.cache_creation_1h.value_or(usage.cache_write_1h_tokens), usage.cache_write_tokens);
  usage.input_tokens = input + usage.cached_tokens + usage.cache_write_tokens;
  usage.output_tokens = counts.output.value_or(usage.output_tokens);
  usage.reasoning_tokens = std::min(counts.thinking.value_or(usage.reasoning_tokens), usage.output_tokens);
}

Error message_error(const MessageEvent& event) {
  const std::string& type = event.error_type;
  std::string message = event.error_message.empty() ? "the model's answer broke off" : event.error_message;
  Errc kind = Errc::unavailable;
  if (type == "invalid_request_error") kind = Errc::invalid_argument;
  if (type == "request_too_large") kind = Errc::too_large;
  if (type == "not_found_error") kind = Errc::not_found;
  if (type == "rate_limit_error") kind = Errc::resource_exhausted;
  if (type == "authentication_error" || type == "permission_error" || type == "billing_error")
    kind = Errc::failed_precondition;  // the box's key, not the client's
  return {kind, std::move(message)};
}

std::string_view finish_reason(std::string_view stop_reason) {
  if (stop_reason == "tool_use") return "tool_calls";
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") return "length";
  if (stop_reason == "refusal") return "content_filter";
  return "stop";
}

void write_thinking(json::Writer& w, const MessageBlock& block) {
  w.begin_object().key("type").string(block.type);
  if (block.type == "redacted_thinking") {
    w.key("data").string(block.data);
  } else {
    w.key("thinking").string(block.thinking).key("signature").string(block.signature);
  }
  w.end_object();
}

}  // namespace hearth::dialects
