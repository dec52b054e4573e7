#include "src/responses_answer.h"

#include <fmt/format.h>

#include <utility>

namespace hearth::dialects {

namespace {
enum class Open { none, reasoning, message, call };
}  // namespace

struct ResponseStream::State {
  ResponseHead head;
  SseParser parser;
  std::string out;
  std::int64_t sequence = 0;
  std::vector<std::string> items;  // finished ones
  Open open = Open::none;
  std::string item;   // the open one's id
  std::string text;   // of the open message or reasoning, so far
  ToolCallPart call;  // the open one, so far
  std::int64_t last_call = -1;
  std::string finish_reason;
  Usage usage;
  bool begun = false;
  bool finished = false;

  // `fields`: of the event, in JSON, without the braces.
  void emit(std::string_view type, std::string_view fields) {
    out += encode_sse(fmt::format(R"({{"type":"{}",{},"sequence_number":{}}})", type, fields, sequence++), type);
  }
  [[nodiscard]] std::string place() const {
    return fmt::format(R"("item_id":"{}","output_index":{})", item, items.size());
  }
  static std::string quoted(std::string_view words) {
    json::Writer w;
    w.string(words);
    return w.take();
  }
  void emit_item(std::string_view type, std::string_view json) {
    emit(type, fmt::format(R"("output_index":{},"item":{})", items.size(), json));
  }
  void emit_part(std::string_view type) {
    emit(type, fmt::format(R"({},"content_index":0,"part":{})", place(),
                           responses::text_part(open == Open::reasoning, text)));
  }
  [[nodiscard]] std::string open_item(responses::Status status) const {
    if (open == Open::reasoning) return responses::reasoning_item(item, text, status);
    if (open == Open::message) return responses::message_item(item, text, status);
    return responses::call_item(item, call, status);
  }

  void begin() {
    begun = true;
    const std::string response = responses::response(head, responses::Status::in_progress, {}, nullptr);
    emit("response.created", R"("response":)" + response);
    emit("response.in_progress", R"("response":)" + response);
  }
  void begin_item(Open kind) {
    close();
    open = kind;
    text.clear();
    const std::string_view prefix = kind == Open::reasoning ? "rs" : kind == Open::message ? "msg" : "fc";
    item = fmt::format("{}_{}_{}", prefix, head.id, items.size());
    emit_item("response.output_item.added", open_item(responses::Status::in_progress));
    if (kind != Open::call) emit_part("response.content_part.added");
  }
  void close() {
    if (open == Open::none) return;
    if (open == Open::call) {
      emit("response.function_call_arguments.done",
           fmt::format(R"({},"name":{},"arguments":{})", place(), quoted(call.name), quoted(call.arguments)));
    } else {
      const bool reasoning = open == Open::reasoning;
      emit(reasoning ? "response.reasoning_text.done" : "response.output_text.done",
           fmt::format(R"({},"content_index":0,"text":{}{})", place(), quoted(text),
                       reasoning ? "" : R"(,"logprobs":[])"));
      emit_part("response.content_part.done");
    }
    std::string whole = open_item(responses::status_of(finish_reason));
    emit_item("response.output_item.done", whole);
    items.push_back(std::move(whole));
    open = Open::none;
  }
  void add_text(Open kind, std::string_view more) {
    if (more.empty()) return;
    if (open != kind) begin_item(kind);
    text += more;
    const bool reasoning = kind == Open::reasoning;
    emit(reasoning ? "response.reasoning_text.delta" : "response.output_text.delta",
         fmt::format(R"({},"content_index":0,"delta":{}{})", place(), quoted(more),
                     reasoning ? "" : R"(,"logprobs":[])"));
  }
  Result<void> add_call(const ToolCallPart& part) {
    if (part.index > last_call) {
      close();
      last_call = part.index;
      call = {.index = part.index, .id = part.id, .name = part.name, .arguments = {}};
      begin_item(Open::call);
    } else if (part.index < last_call || open != Open::call) {
      return fail(Errc::protocol_error, "the model's answer goes back to a tool call that another has followed");
    }
    if (part.arguments.empty()) return {};
    call.arguments += part.arguments;
    emit("response.function_call_arguments.delta", fmt::format(R"({},"delta":{})", place(), quoted(part.arguments)));
    return {};
  }
  Result<void> take(std::string_view data) {
    if (data.starts_with("[DONE]")) {
      if (!begun) return fail(Errc::protocol_error, "the model's answer ended before it began");
      finish();
      return {};
    }
    HEARTH_TRY_ASSIGN(const ChatDelta delta, decode_chat_delta(data));
    if (delta.error) return fail(Errc::unavailable, *delta.error);
    if (!begun) begin();
    if (delta.has_usage) usage = delta.usage;
    add_text(Open::reasoning, delta.reasoning);
    add_text(Open::message, delta.content);
    add_text(Open::message, delta.refusal);
    for (const ToolCallPart& part : delta.tool_calls) {
      HEARTH_TRY(add_call(part));
    }
    if (!delta.finish_reason.empty()) finish_reason = delta.finish_reason;
    return {};
  }
  void finish() {
    finished = true;
    close();
    const responses::Status status = responses::status_of(finish_reason);
    emit(status == responses::Status::incomplete ? "response.incomplete" : "response.completed",
         R"("response":)" + responses::response(head, status, items, &usage));
  }
};

ResponseStream::ResponseStream(ResponseHead head) : state_(std::make_unique<State>()) {
  state_->head = std::move(head);
}
ResponseStream::~ResponseStream() = default;

Usage ResponseStream::usage() const noexcept {
  return state_->usage;
}

Result<std::string> ResponseStream::feed(std::string_view bytes) {
  state_->parser.feed(bytes);
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, state_->parser.next());
    if (!event) return std::exchange(state_->out, {});
    if (!state_->finished) {
      HEARTH_TRY(state_->take(event->data));
    }
  }
}

Result<void> ResponseStream::end() const {
  if (state_->finished) return {};
  return fail(Errc::unavailable, "the model's answer was cut off before its end; ask again");
}

}  // namespace hearth::dialects
