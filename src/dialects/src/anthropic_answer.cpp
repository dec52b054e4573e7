#include "src/anthropic_answer.h"

#include "src/json_reader.h"

#include <fmt/format.h>

#include <array>

namespace hearth::dialects {

namespace anthropic {

std::string_view stop_reason(std::string_view finish_reason) {
  if (finish_reason == "length") return "max_tokens";
  if (finish_reason == "tool_calls" || finish_reason == "function_call") return "tool_use";
  if (finish_reason == "content_filter") return "refusal";
  return "end_turn";
}

void write_usage(json::Writer& w, const Usage& usage) {
  w.begin_object();
  w.key("input_tokens").number(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens);
  w.key("cache_creation_input_tokens").number(usage.cache_write_tokens);
  w.key("cache_read_input_tokens").number(usage.cached_tokens);
  w.key("output_tokens").number(usage.output_tokens);
  w.end_object();
}

}  // namespace anthropic

namespace {

Result<void> check_arguments(const ToolCallPart& call) {
  const JsonBody body = JsonBody::copy_of(call.arguments);
  json::Document document(body);
  if (document.each_field({}, [](std::string_view, json::Value) -> Decoded<void> { return {}; })) return {};
  return fail(Errc::protocol_error, fmt::format("the model called the tool '{}' with arguments that are no JSON object",
                                                call.name.substr(0, 100)));
}

}  // namespace

Result<TranslatedAnswer> translate_chat_answer(std::string_view answer, std::string_view id) {
  HEARTH_TRY_ASSIGN(ChatDelta delta, decode_chat_delta(answer));
  if (delta.error || !delta.has_choice) return fail(Errc::protocol_error, "the model's answer has no choices");
  json::Writer w;
  w.begin_object();
  w.key("id").string(id).key("type").plain_string("message").key("role").plain_string("assistant");
  w.key("model").string(delta.model);
  w.key("content").begin_array();
  if (!delta.reasoning.empty()) {
    w.begin_object().key("type").plain_string("thinking").key("thinking").string(delta.reasoning);
    w.key("signature").plain_string("").end_object();
  }
  const std::string& text = delta.content.empty() ? delta.refusal : delta.content;
  if (!text.empty()) w.begin_object().key("type").plain_string("text").key("text").string(text).end_object();
  for (ToolCallPart& call : delta.tool_calls) {
    if (call.arguments.empty()) call.arguments = "{}";
    // Cut off by the limit of tokens, it cannot be whole.
    if (const auto whole = check_arguments(call); !whole) {
      if (delta.finish_reason != "length") return fail(whole.error());
      call.arguments = "{}";
    }
    w.begin_object().key("type").plain_string("tool_use").key("id").string(call.id).key("name").string(call.name);
    w.key("input").raw(call.arguments).end_object();
  }
  w.end_array();
  w.key("stop_reason").plain_string(anthropic::stop_reason(delta.finish_reason));
  w.key("stop_sequence").null();
  w.key("usage");
  anthropic::write_usage(w, delta.usage);
  w.end_object();
  return TranslatedAnswer{w.take(), delta.usage};
}

Result<std::uint64_t> decode_token_count(std::string_view answer) {
  static constexpr std::array<std::string_view, 1> kNames{"input_tokens"};
  const JsonBody body = JsonBody::copy_of(answer);
  std::uint64_t tokens = 0;
  json::Document document(body);
  const auto fields = document.each_field(kNames, [&tokens](std::string_view, json::Value value) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::int64_t count, value.integer(0, std::numeric_limits<std::int64_t>::max()));
    tokens = static_cast<std::uint64_t>(count);
    return {};
  });
  if (!fields) return fail(json::engine_fault(fields.error(), "the count of tokens"));
  if (!fields->has("input_tokens")) return fail(Errc::protocol_error, "the count of tokens has no count");
  return tokens;
}

}  // namespace hearth::dialects
