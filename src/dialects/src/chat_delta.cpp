#include "src/chat_delta.h"

#include "src/chat_usage.h"
#include "src/json_reader.h"

#include <algorithm>
#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxCalls = 10'000;

// Some servers send numbers or objects where others send texts: what is no text says nothing.
Decoded<void> add_text(json::Value& value, std::string& to) {
  if (value.kind() != json::Kind::string) return value.check();
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  to += text;
  return {};
}

Decoded<void> read_call(json::Value& value, std::size_t position, ChatDelta& delta) {
  static constexpr std::array<std::string_view, 3> kNames{"index", "id", "function"};
  static constexpr std::array<std::string_view, 2> kFunction{"name", "arguments"};
  ToolCallPart part;
  part.index = static_cast<std::int64_t>(position);
  HEARTH_TRY(value.each_field(kNames, [&part](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "index") {
      HEARTH_TRY_ASSIGN(part.index, field.integer(0, static_cast<std::int64_t>(kMaxCalls)));
      return {};
    }
    if (name == "id") return add_text(field, part.id);
    HEARTH_TRY(field.each_field(kFunction, [&part](std::string_view inner, json::Value text) -> Decoded<void> {
      if (inner == "name") return add_text(text, part.name);
      if (text.kind() != json::Kind::object) return add_text(text, part.arguments);
      HEARTH_TRY_ASSIGN(part.arguments, text.raw());  // a server that does not know that it is a text
      return {};
    }));
    return {};
  }));
  delta.tool_calls.push_back(std::move(part));
  return {};
}

Decoded<void> read_delta(json::Value& value, ChatDelta& delta) {
  static constexpr std::array<std::string_view, 5> kNames{"content", "reasoning_content", "reasoning", "refusal",
                                                          "tool_calls"};
  HEARTH_TRY(value.each_field(kNames, [&delta](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "content") return add_text(field, delta.content);
    if (name == "reasoning_content" || name == "reasoning") return add_text(field, delta.reasoning);
    if (name == "refusal") return add_text(field, delta.refusal);
    return field.each_item(
        kMaxCalls, [&delta](std::size_t i, json::Value call) -> Decoded<void> { return read_call(call, i, delta); });
  }));
  return {};
}

Decoded<void> read_choice(json::Value& value, ChatDelta& delta) {
  static constexpr std::array<std::string_view, 4> kNames{"delta", "message", "text", "finish_reason"};
  delta.has_choice = true;
  HEARTH_TRY(value.each_field(kNames, [&delta](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "finish_reason") return add_text(field, delta.finish_reason);
    if (name == "text") return add_text(field, delta.content);
    return read_delta(field, delta);
  }));
  return {};
}

Decoded<void> read_timings(json::Value& value, ChatDelta& delta) {
  static constexpr std::array<std::string_view, 2> kNames{"prompt_ms", "predicted_ms"};
  HEARTH_TRY(value.each_field(kNames, [&delta](std::string_view name, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const double ms, field.number());
    (name == "prompt_ms" ? delta.prompt_ms : delta.completion_ms) = std::clamp(ms, 0.0, 1e12);
    return {};
  }));
  return {};
}

Decoded<void> read_error(json::Value& value, ChatDelta& delta) {
  static constexpr std::array<std::string_view, 1> kNames{"message"};
  delta.error.emplace();
  if (value.kind() == json::Kind::string) return add_text(value, *delta.error);
  if (value.kind() != json::Kind::object) return value.check();
  HEARTH_TRY(value.each_field(kNames, [&delta](std::string_view, json::Value field) -> Decoded<void> {
    return add_text(field, *delta.error);
  }));
  return {};
}

}  // namespace

Result<ChatDelta> decode_chat_delta(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kNames{"model", "choices", "usage", "timings", "error"};
  constexpr std::size_t kMaxChoices = 128;
  const JsonBody body = JsonBody::copy_of(text);
  ChatDelta delta;
  json::Document document(body);
  const auto read = [&delta](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "model") return add_text(value, delta.model);
    if (name == "usage") {
      delta.has_usage = true;
      return read_chat_usage(value, delta.usage);
    }
    if (name == "timings") return read_timings(value, delta);
    if (name == "error") return read_error(value, delta);
    return value.each_item(kMaxChoices, [&delta](std::size_t i, json::Value choice) -> Decoded<void> {
      return i == 0 ? read_choice(choice, delta) : choice.check();
    });
  };
  const auto fields = document.each_field(kNames, read);
  if (!fields) return fail(json::engine_fault(fields.error(), "the model's answer"));
  if (!fields->has("choices") && !delta.error && !delta.has_usage)
    return fail(Errc::protocol_error, "the model's answer has no choices");
  return delta;
}

}  // namespace hearth::dialects
