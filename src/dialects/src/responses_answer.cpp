#include "src/responses_answer.h"

#include "src/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {

namespace responses {
namespace {

std::string_view name_of(Status status) {
  switch (status) {
    case Status::in_progress:
      return "in_progress";
    case Status::incomplete:
      return "incomplete";
    case Status::completed:
      break;
  }
  return "completed";
}

json::Writer& begin_item(json::Writer& w, std::string_view type, std::string_view id, Status status) {
  w.begin_object().key("type").plain_string(type).key("id").string(id);
  return w.key("status").plain_string(name_of(status));
}

// An item that has begun has no content yet.
void write_content(json::Writer& w, bool reasoning, std::string_view text, Status status) {
  w.key("content").begin_array();
  if (status != Status::in_progress) w.raw(text_part(reasoning, text));
  w.end_array();
}

void write_usage(json::Writer& w, const Usage& usage) {
  w.begin_object();
  w.key("input_tokens").number(usage.input_tokens);
  w.key("input_tokens_details").begin_object().key("cached_tokens").number(usage.cached_tokens).end_object();
  w.key("output_tokens").number(usage.output_tokens);
  w.key("output_tokens_details").begin_object();
  w.key("reasoning_tokens").number(usage.reasoning_tokens).end_object();
  w.key("total_tokens").number(usage.input_tokens + usage.output_tokens);
  w.end_object();
}

}  // namespace

std::string text_part(bool reasoning, std::string_view text) {
  json::Writer w;
  w.begin_object().key("type").plain_string(reasoning ? "reasoning_text" : "output_text").key("text").string(text);
  if (!reasoning) {
    w.key("annotations").begin_array().end_array();
    w.key("logprobs").begin_array().end_array();
  }
  w.end_object();
  return w.take();
}

std::string reasoning_item(std::string_view id, std::string_view text, Status status) {
  json::Writer w;
  begin_item(w, "reasoning", id, status).key("summary").begin_array().end_array();
  write_content(w, true, text, status);
  w.end_object();
  return w.take();
}

std::string message_item(std::string_view id, std::string_view text, Status status) {
  json::Writer w;
  begin_item(w, "message", id, status).key("role").plain_string("assistant");
  write_content(w, false, text, status);
  w.end_object();
  return w.take();
}

std::string call_item(std::string_view id, const ToolCallPart& call, Status status) {
  json::Writer w;
  begin_item(w, "function_call", id, status).key("call_id").string(call.id).key("name").string(call.name);
  w.key("arguments").string(status == Status::in_progress ? std::string_view() : call.arguments).end_object();
  return w.take();
}

std::string response(const ResponseHead& head, Status status, const std::vector<std::string>& items,
                     const Usage* usage) {
  struct Default {
    std::string_view name;
    std::string_view json;
  };
  static constexpr std::array kDefaults{Default{"instructions", "null"}, Default{"max_output_tokens", "null"},
                                        Default{"metadata", "{}"},       Default{"parallel_tool_calls", "true"},
                                        Default{"temperature", "null"},  Default{"tool_choice", "\"auto\""},
                                        Default{"tools", "[]"},          Default{"top_p", "null"},
                                        Default{"user", "null"}};
  json::Writer w;
  w.begin_object().key("id").string(head.id).key("object").plain_string("response");
  w.key("created_at").number(head.created_at).key("status").plain_string(name_of(status)).key("error").null();
  w.key("incomplete_details");
  if (status == Status::incomplete) {
    w.begin_object().key("reason").plain_string("max_output_tokens").end_object();
  } else {
    w.null();
  }
  w.key("model").string(head.model).key("previous_response_id").null().key("store").boolean(false);
  for (const Default& field : kDefaults) {
    const auto said = std::ranges::find(head.echo, field.name, &ResponseEcho::value_type::first);
    w.key(field.name).raw(said == head.echo.end() ? field.json : std::string_view(said->second));
  }
  w.key("output").begin_array();
  for (const std::string& item : items) w.raw(item);
  w.end_array();
  w.key("usage");
  usage == nullptr ? static_cast<void>(w.null()) : write_usage(w, *usage);
  w.end_object();
  return w.take();
}

Status status_of(std::string_view finish_reason) {
  return finish_reason == "length" ? Status::incomplete : Status::completed;
}

}  // namespace responses

Result<ResponseAnswer> translate_response(std::string_view answer, const ResponseHead& head) {
  HEARTH_TRY_ASSIGN(const ChatDelta delta, decode_chat_delta(answer));
  if (delta.error || !delta.has_choice) return fail(Errc::protocol_error, "the model's answer has no choices");
  const responses::Status status = responses::status_of(delta.finish_reason);
  std::vector<std::string> items;
  const auto id = [&](std::string_view kind) { return fmt::format("{}_{}_{}", kind, head.id, items.size()); };
  if (!delta.reasoning.empty()) items.push_back(responses::reasoning_item(id("rs"), delta.reasoning, status));
  const std::string& text = delta.content.empty() ? delta.refusal : delta.content;
  if (!text.empty() || (delta.tool_calls.empty() && items.empty()))
    items.push_back(responses::message_item(id("msg"), text, status));
  for (const ToolCallPart& call : delta.tool_calls) items.push_back(responses::call_item(id("fc"), call, status));
  return ResponseAnswer{responses::response(head, status, items, &delta.usage), delta.usage};
}

std::string encode_response_error(const ApiError& error) {
  json::Writer w;
  w.begin_object()
      .key("type")
      .plain_string("error")
      .key("code")
      .string(error.code)
      .key("message")
      .string(error.message);
  w.key("param");
  error.param ? w.string(*error.param) : w.null();
  w.key("sequence_number").number(0).end_object();
  return encode_sse(w.take(), "error");
}

}  // namespace hearth::dialects
