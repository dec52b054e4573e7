#include "src/anthropic_answer.h"

#include <hearth/dialects/anthropic.h>

#include <utility>

namespace hearth::dialects {

Usage MessageStream::usage() const noexcept {
  return usage_;
}

Result<std::string> MessageStream::feed(std::string_view bytes) {
  parser_.feed(bytes);
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, parser_.next());
    if (!event) return std::exchange(out_, {});
    if (!finished_) {
      HEARTH_TRY(take(event->data));
    }
  }
}

Result<void> MessageStream::end() const {
  if (finished_) return {};
  return fail(Errc::unavailable, "the model's answer was cut off before its end; ask again");
}

void MessageStream::emit(std::string_view type, std::string_view json) {
  out_ += encode_sse(json, type);
}

Result<void> MessageStream::take(std::string_view data) {
  if (data.starts_with("[DONE]")) {
    // An upstream that forgot to say why it stopped has stopped all the same.
    if (!started_) return fail(Errc::protocol_error, "the model's answer ended before it began");
    finish();
    return {};
  }
  HEARTH_TRY_ASSIGN(const ChatDelta delta, decode_chat_delta(data));
  if (delta.error) return fail(Errc::unavailable, *delta.error);
  return take_delta(delta);
}

void MessageStream::start(std::string_view model) {
  started_ = true;
  json::Writer w;
  w.begin_object().key("type").plain_string("message_start").key("message").begin_object();
  w.key("id").string(id_).key("type").plain_string("message").key("role").plain_string("assistant");
  w.key("model").string(model).key("content").begin_array().end_array();
  w.key("stop_reason").null().key("stop_sequence").null().key("usage");
  anthropic::write_usage(w, usage_);
  w.end_object().end_object();
  emit("message_start", w.take());
}

Result<void> MessageStream::take_delta(const ChatDelta& delta) {
  if (delta.has_usage) usage_ = delta.usage;
  if (!started_) start(delta.model);
  if (!delta.reasoning.empty()) {
    if (open_ != Block::thinking) begin(Block::thinking, R"({"type":"thinking","thinking":"","signature":""})");
    add_delta("thinking_delta", "thinking", delta.reasoning);
  }
  for (const std::string* text : {&delta.content, &delta.refusal}) {
    if (text->empty()) continue;
    if (open_ != Block::text) begin(Block::text, R"({"type":"text","text":""})");
    add_delta("text_delta", "text", *text);
  }
  for (const ToolCallPart& call : delta.tool_calls) {
    if (call.index > tool_) {
      json::Writer w;
      w.begin_object().key("type").plain_string("tool_use").key("id").string(call.id).key("name").string(call.name);
      w.key("input").begin_object().end_object().end_object();
      begin(Block::tool, w.take());
      tool_ = call.index;
    } else if (call.index < tool_ || open_ != Block::tool) {
      return fail(Errc::protocol_error, "the model's answer goes back to a tool call that another has followed");
    }
    if (!call.arguments.empty()) add_delta("input_json_delta", "partial_json", call.arguments);
  }
  if (!delta.finish_reason.empty()) stop_reason_ = anthropic::stop_reason(delta.finish_reason);
  return {};
}

void MessageStream::begin(Block block, std::string_view content_block) {
  close();
  open_ = block;
  json::Writer w;
  w.begin_object().key("type").plain_string("content_block_start").key("index").number(index_);
  w.key("content_block").raw(content_block).end_object();
  emit("content_block_start", w.take());
}

void MessageStream::close() {
  if (open_ == Block::none) return;
  open_ = Block::none;
  json::Writer w;
  w.begin_object().key("type").plain_string("content_block_stop").key("index").number(index_++).end_object();
  emit("content_block_stop", w.take());
}

void MessageStream::add_delta(std::string_view type, std::string_view field, std::string_view text) {
  json::Writer w;
  w.begin_object().key("type").plain_string("content_block_delta").key("index").number(index_);
  w.key("delta").begin_object().key("type").plain_string(type).key(field).string(text).end_object().end_object();
  emit("content_block_delta", w.take());
}

void MessageStream::finish() {
  finished_ = true;
  close();
  json::Writer w;
  w.begin_object().key("type").plain_string("message_delta");
  w.key("delta").begin_object().key("stop_reason").plain_string(stop_reason_.empty() ? "end_turn" : stop_reason_);
  w.key("stop_sequence").null().end_object();
  w.key("usage");
  anthropic::write_usage(w, usage_);
  w.end_object();
  emit("message_delta", w.take());
  emit("message_stop", R"({"type":"message_stop"})");
}

}  // namespace hearth::dialects
